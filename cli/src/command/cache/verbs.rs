//! What each verb asks and shows.

use super::{Cache, Verb, Which, show};
use crate::{
    client::{Client, encode},
    draw,
    error::Error,
    exit::Exit,
    keys::below,
    reach::Reached,
    runtime,
};
use flowmesh_host::{
    disk::Disk,
    engine::{ResultFilter, ResultPlace},
    upkeep,
};
use flowmesh_ir::Name;
use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;

/// How many results of a preview are shown.
const SHOWN: u16 = 20;

/// Does it.
pub(super) fn run(of: &Cache) -> Result<Exit, Error> {
    if let Verb::Forget {
        which: Which { of: None, key: None },
        all: false,
        ..
    } = &of.verb
    {
        return Err(Error::BadSetting {
            text: "cache forget".to_owned(),
            why: "nothing says which results".to_owned(),
            help: "say which, such as `reports.build --key 2026-01-31`; `--all` is every result there is"
                .to_owned(),
        });
    }
    let answer = match of.server.reach(&of.keys)? {
        Reached::Server(client) => runtime::block_on(ask(&client, &of.verb))?,
        Reached::Store(disk) => look(&disk, &of.server.namespace()?, &of.verb)?,
    };
    if of.json {
        draw::answer_json(&answer);
        return Ok(Exit::Ok);
    }
    let now = Timestamp::now();
    match &of.verb {
        Verb::List { .. } => show::page(&answer, now),
        Verb::Forget { yes: false, .. } => show::preview(&answer, now),
        Verb::Forget { yes: true, .. } => show::forgotten(&answer),
    }
    Ok(Exit::Ok)
}

async fn ask(client: &Client, verb: &Verb) -> Result<Value, Error> {
    let word = |name: &str, value: &Option<String>| {
        let value = value.as_ref().map(|value| format!("&{name}={}", encode(value)));
        value.unwrap_or_default()
    };
    let words = |which: &Which| word("of", &which.of) + &word("key", &which.key);
    match verb {
        Verb::List { which, limit, cursor } => {
            let path = format!(
                "/v1/cache?limit={limit}{}{}",
                words(which),
                word("cursor", cursor)
            );
            client.send(Method::GET, &path, None).await
        }
        Verb::Forget { which, all, yes } => {
            let path = format!("/v1/cache/forget?preview={}&all={all}{}", !yes, words(which));
            client.send(Method::POST, &path, None).await
        }
    }
}

fn look(disk: &Arc<dyn Disk>, namespace: &Name, verb: &Verb) -> Result<Value, Error> {
    let now = Timestamp::now();
    let filter = |which: &Which| ResultFilter::new(which.of.clone(), which.key.clone());
    let page = |which: &Which, behind, limit| {
        let page = upkeep::results(
            disk,
            (namespace, &filter(which)),
            (behind, usize::from(limit)),
            now,
        );
        page.map(|page| json!(page)).map_err(|error| below(&error))
    };
    match verb {
        Verb::List { which, limit, cursor } => {
            let behind = cursor.as_deref().map(ResultPlace::read).transpose();
            let behind = behind.map_err(|why| Error::BadSetting {
                text: "--cursor".to_owned(),
                why,
                help: "give what the page before said".to_owned(),
            })?;
            page(which, behind, *limit)
        }
        Verb::Forget {
            which, yes: false, ..
        } => page(which, None, SHOWN),
        Verb::Forget { which, .. } => {
            let forgotten = upkeep::forget_results(disk, (namespace, &filter(which)), now);
            let forgotten = forgotten.map_err(|error| below(&error))?;
            Ok(json!({ "forgotten": forgotten }))
        }
    }
}
