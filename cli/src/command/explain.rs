//! `flowmesh explain CODE`, `FUNCTION` or `MODULE`: the page of a code, what the library has, or the list of all codes; and
//! `flowmesh explain GET URL`: what a gateway would do, and `flowmesh explain REQUEST`: what one did, and why.

mod library;
mod module;
mod request;
mod visit;

use super::runs::server::Server;
use crate::{draw, error::Error, exit::Exit};
use clap::Args;
use flowmesh_diagnostics::{Code, Page, page, pages};
use request::RequestArgs;
pub(crate) use request::{Asked, route};
use serde_json::json;

/// Explain a code such as F0203, a function such as string.split, or what a gateway did or would do with a request
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh explain F0203
  flowmesh explain string.split
  flowmesh explain time         the functions on times
  flowmesh explain functions    all functions
  flowmesh explain std.policy   a module of the library, and what is in it
  flowmesh explain              all codes
  flowmesh explain GET /orders/7 --program shop.flow --as ann --claims '{\"scope\": \"order:read\"}'
  flowmesh explain 4bf92f3577b34da6a3ce929d0e0e4736 --server http://127.0.0.1:7700 --program shop.flow
  flowmesh explain POST https://shop.example.com/orders --program shop.flow -H 'x-beta: yes'

Of a request that was made, by its identifier (`x-request-id` of its answer), a server says why it went as it did.
Of one that nobody made nothing is sent and nobody is asked: the routes that it would meet are shown, and the rules, each with its
place in the program.")]
pub(crate) struct Explain {
    /// A code, a function, a type, `functions`, or a module; all codes are listed without it. Or the method of a request
    #[arg(value_name = "WHAT")]
    what: Option<String>,
    #[command(flatten)]
    request: RequestArgs,
    #[command(flatten)]
    server: Server,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What is known of a code, of a function or of a module, for whoever asks at a prompt.
pub(crate) fn about(text: &str) -> Option<String> {
    let module = module::find(text).map(|found| module::text(&found));
    let library = || library::find(text).map(|found| library::text(&found));
    let code = || text.parse().ok().and_then(page).map(words);
    module.or_else(library).or_else(code)
}

impl Explain {
    /// Prints the page, or the list.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        match &self.what {
            Some(method) if self.request.is_asked() => return self.request.explain(method, self.json),
            Some(request) if visit::is_request(request) => {
                return visit::explain(request, &self.server, self.request.program(), self.json);
            }
            Some(text) => match (module::find(text), library::find(text)) {
                (Some(found), _) => module::show(&found, self.json)?,
                (None, Some(found)) => library::show(&found, self.json)?,
                (None, None) => self.one(find(text)?),
            },
            None => self.all(),
        }
        Ok(Exit::Ok)
    }

    fn one(&self, page: &Page) {
        if self.json {
            draw::answer_json(&json!({ "code": page.code, "title": title(page), "text": page.text }));
        } else {
            draw::raw(&words(page));
        }
    }

    fn all(&self) {
        let list = |page: &Page| json!({ "code": page.code, "title": title(page) });
        if self.json {
            return draw::answer_json(&pages().iter().map(list).collect::<Vec<_>>());
        }
        for page in pages() {
            draw::answer(format!("{}  {}", page.code, title(page)));
        }
    }
}

/// The page of a code; of a warning also how it is ignored.
fn words(page: &Page) -> String {
    let code = page.code;
    match flowmesh_frontend::can_be_ignored(code) {
        true => format!(
            "{}\nA warning that is meant is ignored by a comment above the line: `// ignore {code}: why`.\n",
            page.text
        ),
        false => page.text.to_owned(),
    }
}

/// The page of a code, or the codes that look like it.
fn find(text: &str) -> Result<&'static Page, Error> {
    let digits = text.trim_start_matches(['F', 'f']);
    let code = text.parse().ok().or_else(|| digits.parse().ok().map(Code));
    code.and_then(page).ok_or_else(|| Error::UnknownCode {
        text: text.to_owned(),
        near: near(text, code),
    })
}

/// The two codes nearest by number, or the nearest name of the library.
fn near(text: &str, code: Option<Code>) -> Vec<String> {
    if !text.contains(|c: char| c.is_ascii_digit()) {
        let modules = module::names();
        let mut known: Vec<&str> = library::names().collect();
        known.extend(modules.iter().map(String::as_str));
        let near = flowmesh_diagnostics::nearest(text, known);
        return near.map(str::to_owned).into_iter().collect();
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let Some(number) = code.map(|code| code.0).or_else(|| digits.parse().ok()) else {
        return Vec::new();
    };
    let mut codes: Vec<u16> = pages().iter().map(|page| page.code.0).collect();
    codes.sort_by_key(|code| (code.abs_diff(number), *code));
    codes
        .into_iter()
        .take(2)
        .map(|code| Code(code).to_string())
        .collect()
}

/// What stands behind the code in the heading.
fn title(page: &Page) -> &str {
    let heading = page.text.lines().next().unwrap_or_default();
    heading.split_once(": ").map_or(heading, |(_, title)| title)
}
