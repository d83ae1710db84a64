//! `flowmesh explain REQUEST`: why a visit of a server's gateway went as it did.

use crate::{command::runs::server::Server, draw, error::Error, exit::Exit, program, runtime};
use http::Method;
use serde_json::Value;
use std::path::Path;

/// Whether a text is the identifier of a request: 32 digits, as `x-request-id` has them.
pub(super) fn is_request(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Asks the server, and says it. With the program, rules have their lines.
pub(super) fn explain(
    request: &str,
    server: &Server,
    file: Option<&Path>,
    as_json: bool,
) -> Result<Exit, Error> {
    let client = server.client()?;
    let path = format!("/v1/visits/{request}");
    let found = runtime::block_on(client.send(Method::GET, &path, None))?;
    if as_json {
        draw::answer_json(&found);
        return Ok(Exit::Ok);
    }
    let visits = found
        .get("visits")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    if visits.is_empty() {
        draw::say("nothing is kept of this request; `flowmesh serve --keep-visits` says how many are");
        return Ok(Exit::Usage);
    }
    let known = file
        .map(|file| program::load_with_sources(file, as_json))
        .transpose()?;
    let place = |rule: u64| {
        let (program, sources) = known.as_ref()?;
        let span = program.origins.span(&format!("access/{rule}"))?;
        let words = sources.get(span.source)?.slice(span);
        Some(format!(
            "{}: `{}`",
            sources.place(span),
            words.split_whitespace().collect::<Vec<_>>().join(" ")
        ))
    };
    for visit in visits {
        draw::raw(&draw::visit::why(visit, &place));
    }
    Ok(Exit::Ok)
}
