//! `flowmesh audit`: who did what on a server.

use super::runs::server::Server;
use crate::{client::encode, draw, error::Error, exit::Exit, runtime};
use clap::Args;
use http::Method;
use serde_json::Value;

/// Show who did what on a server
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh audit --token-file admin.token
  flowmesh audit --who ci --limit 20
  flowmesh audit --run 01979b2e-... --json

It takes the role `admin`. What is shown is of one namespace; `flowmesh serve` keeps all of it in
`audit.jsonl` of its directory.")]
pub(crate) struct Audit {
    /// Only what was done by whoever is called so
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    /// Only what was done about this run
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// How many, the newest first
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
    #[command(flatten)]
    server: Server,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Audit {
    /// Asks the server.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let client = self.server.client()?;
        let mut path = format!("/v1/audit?limit={}", self.limit);
        for (name, value) in [("who", &self.who), ("run", &self.run)] {
            if let Some(value) = value {
                path += &format!("&{name}={}", encode(value));
            }
        }
        let page = runtime::block_on(client.send(Method::GET, &path, None))?;
        if self.json {
            draw::answer_json(&page);
            return Ok(Exit::Ok);
        }
        let head = ["AT", "WHO", "ROLE", "FROM", "DID", "RUN", "STATUS"];
        let entries = page
            .get("entries")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        draw::raw(&draw::table::lay(&head, entries.map(row)));
        Ok(Exit::Ok)
    }
}

fn row(entry: &Value) -> Vec<String> {
    let text = |name: &str| {
        entry
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let status = entry.get("status").map(Value::to_string).unwrap_or_default();
    let code = text("code");
    let at: String = text("at").chars().take(19).collect();
    vec![
        at.replace('T', " "),
        text("who"),
        text("role"),
        text("from"),
        text("did"),
        text("run"),
        format!("{status} {code}").trim_end().to_owned(),
    ]
}
