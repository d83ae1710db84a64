//! What each verb asks and shows.

use super::{
    Again, Schedules, Verb,
    range::{moment, range},
};
use crate::{
    client::{Client, encode},
    draw,
    error::Error,
    exit::Exit,
    house, program, runtime,
};
use flowmesh_host::engine::{Refusal, schedules::ScheduleView};
use flowmesh_ir::{Name, Program, nearest, schedule::Schedule};
use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::path::Path;

/// Does it.
pub(super) fn run(of: &Schedules) -> Result<Exit, Error> {
    match &of.verb {
        Verb::List { file: Some(file) } => {
            let program = program::load(file, of.json)?;
            let now = Timestamp::now();
            let all = program.schedules.iter();
            let all = all.map(|schedule| ScheduleView::of_program(&program, schedule, now, 1));
            show_all(&json!({ "schedules": all.collect::<Vec<_>>() }), of.json);
        }
        Verb::Next {
            name,
            file: Some(file),
            count,
            from,
        } => {
            let view = next_of(file, (name, usize::from(*count)), from.as_deref(), of.json)?;
            show_next(&json!(view), of.json);
        }
        _ => {
            let client = of.server.client()?;
            runtime::block_on(ask(&client, &of.verb, of.json))?;
        }
    }
    Ok(Exit::Ok)
}

fn next_of(
    file: &Path,
    (name, count): (&str, usize),
    from: Option<&str>,
    json: bool,
) -> Result<ScheduleView, Error> {
    let program = program::load(file, json)?;
    let from = from.map_or_else(|| Ok(Timestamp::now()), |text| moment("--from", text))?;
    let schedule = find(&program, name)?;
    Ok(ScheduleView::of_program(&program, schedule, from, count))
}

fn find<'a>(program: &'a Program, name: &str) -> Result<&'a Schedule, Error> {
    let mut all = program.schedules.iter();
    all.find(|schedule| schedule.name == name).ok_or_else(|| {
        let names = program.schedules.iter().map(|schedule| schedule.name.as_str());
        house::refused(&Refusal::UnknownSchedule {
            schedule: name.into(),
            nearest: nearest(name, names).map(Name::new),
        })
    })
}

async fn ask(client: &Client, verb: &Verb, json: bool) -> Result<(), Error> {
    match verb {
        Verb::List { .. } => show_all(&client.send(Method::GET, "/v1/schedules", None).await?, json),
        Verb::Next { name, count, .. } => {
            let path = format!("{}?next={count}", path(name));
            show_next(&client.send(Method::GET, &path, None).await?, json);
        }
        Verb::Pause { name, note } => {
            let body = json!({ "note": note }).to_string();
            let view = tell(client, name, "pause", Some(&body)).await?;
            said(&view, &format!("`{name}` is paused"), json);
        }
        Verb::Resume { name } => {
            let view = tell(client, name, "resume", None).await?;
            said(&view, &format!("`{name}` begins what is due from now on"), json);
        }
        Verb::Backfill { name, stop: true, .. } => {
            let view = tell(client, name, "backfill/stop", None).await?;
            said(&view, &format!("no more of `{name}` is made up for"), json);
        }
        Verb::Backfill { name, .. } => backfill(client, name, verb, json).await?,
    }
    Ok(())
}

async fn backfill(client: &Client, name: &str, verb: &Verb, json: bool) -> Result<(), Error> {
    let Verb::Backfill {
        range: Some(text),
        again,
        newest_first,
        concurrency,
        dry_run,
        ..
    } = verb
    else {
        return Ok(());
    };
    let view = client
        .send(Method::GET, &format!("{}?next=0", path(name)), None)
        .await?;
    let zone = view.get("zone").and_then(Value::as_str).unwrap_or("UTC");
    let (from, to) = range(text, zone)?;
    let body = json!({
        "from": from,
        "to": to,
        "again": match again {
            Again::None => "none",
            Again::Failed => "failed",
            Again::Completed => "completed",
        },
        "newest_first": newest_first,
        "concurrency": concurrency,
        "dry_run": dry_run,
    });
    let plan = tell(client, name, "backfill", Some(&body.to_string())).await?;
    if json {
        draw::answer_json(&plan);
    } else {
        draw::raw(&draw::schedules::plan(&plan, zone));
    }
    Ok(())
}

async fn tell(client: &Client, name: &str, what: &str, body: Option<&str>) -> Result<Value, Error> {
    client
        .send(Method::POST, &format!("{}/{what}", path(name)), body)
        .await
}

fn path(name: &str) -> String {
    format!("/v1/schedules/{}", encode(name))
}

fn said(view: &Value, words: &str, json: bool) {
    if json {
        draw::answer_json(view);
    } else {
        draw::say(words);
    }
}

fn show_all(all: &Value, json: bool) {
    if json {
        return draw::answer_json(all);
    }
    match all.get("schedules").and_then(Value::as_array) {
        Some(schedules) if !schedules.is_empty() => draw::raw(&draw::schedules::all(schedules)),
        _ => draw::say("no schedules"),
    }
}

fn show_next(view: &Value, json: bool) {
    if json {
        draw::answer_json(view);
    } else {
        draw::raw(&draw::schedules::next(view));
    }
}
