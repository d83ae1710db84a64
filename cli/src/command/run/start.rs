//! Beginning a run, or finding the one that was begun.

use crate::{
    error::Error,
    exit::Exit,
    house::{House, refused, unfollowed},
    settings::Set,
};
use flowmesh_host::{
    RunId,
    follow::{Item, What},
    store::Filter,
};
use flowmesh_ir::{Code, FlowId, Program};
use flowmesh_machine::border::check_input;
use serde_json::Value;
use std::path::Path;

/// How many runs are looked at on one page.
const PAGE: usize = 200;

/// The run that is followed.
#[derive(Clone, Copy)]
pub(crate) struct Begun {
    pub(crate) id: RunId,
    /// Whether it was there before.
    pub(crate) existing: bool,
    /// Whether it had ended before.
    pub(crate) ended: bool,
}

/// Says what does not fit before anything is opened.
pub(crate) fn check(
    program: &Program,
    set: &Set,
    flow: FlowId,
    input: &str,
) -> Result<Option<String>, Error> {
    let (settings, _) = set.values(program)?;
    check_input(program, &settings, flow, input.as_bytes()).map_err(|misfit| {
        let name = program.flow(flow).map_or("", |flow| flow.name.as_str());
        Error::Below {
            code: Code(1051),
            message: format!("the input of `{name}` does not fit: {misfit}"),
            help: misfit.hint,
            exit: Exit::Usage,
        }
    })
}

/// Starts a run; or with `resume` finds the newest one of this flow and input, those that have not ended first.
pub(crate) async fn begin(
    house: &House,
    flow: &str,
    input: &str,
    key: Option<&str>,
    resume: bool,
    dir: &Path,
) -> Result<Begun, Error> {
    if resume {
        let found = find(house, flow, input, key).await?;
        let id = found.ok_or_else(|| Error::NothingToResume {
            flow: flow.to_owned(),
            dir: dir.to_owned(),
        })?;
        let ended = has_ended(house, id).await?;
        return Ok(Begun {
            id,
            existing: true,
            ended,
        });
    }
    let started = house
        .host
        .start(flow, input.as_bytes(), key.map(str::to_owned))
        .await;
    let started = started.map_err(|why| refused(&why))?;
    Ok(Begun {
        id: started.id,
        existing: started.existing,
        ended: started.existing && has_ended(house, started.id).await?,
    })
}

async fn has_ended(house: &House, id: RunId) -> Result<bool, Error> {
    let run = house.host.get(id).await.map_err(|why| refused(&why))?;
    Ok(run.state.is_end())
}

async fn find(house: &House, flow: &str, input: &str, key: Option<&str>) -> Result<Option<RunId>, Error> {
    let wanted: Value = serde_json::from_str(input).unwrap_or_default();
    let mut ended = None;
    let mut filter = Filter {
        flow: Some(flow.into()),
        ..Filter::default()
    };
    loop {
        let page = house
            .host
            .list(filter.clone(), PAGE)
            .await
            .map_err(|why| refused(&why))?;
        for run in page.runs {
            let same_key = key.is_none_or(|key| run.key.as_deref() == Some(key));
            if (ended.is_some() && run.state.is_end())
                || !same_key
                || began_with(house, run.id).await? != wanted
            {
                continue;
            }
            if !run.state.is_end() {
                return Ok(Some(run.id));
            }
            ended = Some(run.id);
        }
        match page.cursor {
            Some(cursor) => filter.before = Some(cursor),
            None => return Ok(ended),
        }
    }
}

/// What a run was started with.
async fn began_with(house: &House, id: RunId) -> Result<Value, Error> {
    let mut follow = house.host.follow(id, 0).await.map_err(|why| unfollowed(&why))?;
    let Some(Item::Event(first)) = follow.next().await else {
        return Ok(Value::Null);
    };
    let What::Started { input, .. } = &first.what else {
        return Ok(Value::Null);
    };
    Ok(serde_json::from_str(input.get()).unwrap_or_default())
}
