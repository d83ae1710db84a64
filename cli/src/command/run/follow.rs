//! Following a run to its end, and telling how it ended.

use super::start::Begun;
use crate::{
    draw::{self, pretty::pretty, progress::Progress},
    error::Error,
    exit::Exit,
    house::{House, unfollowed},
};
use flowmesh_host::{
    RunId,
    engine::view::{Ending, State},
    follow::Item,
};
use flowmesh_ir::flow::Flow;
use serde_json::{json, value::RawValue};
use std::path::Path;

/// Shows what happens to a run until it ends; of one that had ended before, nothing.
pub(crate) async fn to_its_end(house: &House, flow: &Flow, run: Begun, dir: &Path) -> Result<Ending, Error> {
    let Begun { id, ended, .. } = run;
    let dir = dir.display();
    let signal =
        |name: &str, payload: &str| format!("flowmesh runs signal {id} {name} '{payload}' --dir {dir}");
    let decide = |choice: &str| {
        let result = if choice == "done" { " --result ..." } else { "" };
        format!("flowmesh runs decide {id} {choice}{result} --dir {dir}")
    };
    let mut progress = Progress::new(flow, signal, decide);
    let mut next = 0;
    loop {
        let mut follow = house
            .host
            .follow(id, next)
            .await
            .map_err(|why| unfollowed(&why))?;
        while let Some(item) = follow.next().await {
            if !ended {
                progress.item(&item);
            }
            let Item::Event(happening) = &item else { continue };
            next = happening.sequence + 1;
            if let Some(ending) = &happening.ending {
                return Ok(ending.clone());
            }
        }
    }
}

/// Prints the result, or tells why there is none.
pub(crate) fn show(flow: &str, id: RunId, ending: &Ending, json: bool) -> Exit {
    if json {
        draw::answer(pretty(&whole(id, ending)));
    }
    match ending {
        Ending::Result(value) if !json => draw::answer(pretty(value.get())),
        Ending::Result(_) => {}
        Ending::Error(error) => draw::say(format!("{flow} failed: {}", draw::progress::error(error))),
        Ending::Cancelled(why) => draw::say(format!("{flow} was cancelled: {why}")),
        Ending::Terminated(why) => draw::say(format!("{flow} was terminated: {why}")),
    }
    if ending.state() == State::Done {
        Exit::Ok
    } else {
        Exit::Failed
    }
}

/// The run, its state and how it ended, as JSON.
fn whole(id: RunId, ending: &Ending) -> String {
    let head = json!({ "id": id, "state": ending.state() }).to_string();
    let ending = serde_json::value::to_raw_value(ending);
    let ending = ending.as_deref().map_or("{}", RawValue::get);
    // Both are objects: the one is continued by the other, so that results keep the order of their fields.
    let head = head.strip_suffix('}').unwrap_or_default();
    format!("{head},{}", ending.strip_prefix('{').unwrap_or_default())
}
