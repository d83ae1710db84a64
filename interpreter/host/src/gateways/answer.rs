//! What a visitor is told of a run or of a call.

use crate::engine::{Refusal, view::Ending};
use flowmesh_ir::call::{Failure, Reply};
use flowmesh_mesh::gateway::Answered;
use serde_json::{Value, json};

/// A problem as RFC 9457 has it.
pub(super) fn problem(status: u16, detail: &str) -> Answered {
    with(
        status,
        &json!({ "type": "about:blank", "status": status, "detail": detail }),
    )
}

fn with(status: u16, problem: &Value) -> Answered {
    Answered {
        status,
        run: None,
        location: None,
        retry_after: None,
        problem: true,
        body: problem.to_string().into(),
    }
}

fn plain(status: u16, body: impl Into<bytes::Bytes>) -> Answered {
    Answered {
        status,
        run: None,
        location: None,
        retry_after: None,
        problem: false,
        body: body.into(),
    }
}

/// A run was started: where to look for it.
pub(super) fn started(run: &str, api: &str) -> Answered {
    let location = format!("{api}/v1/runs/{run}");
    let body = json!({ "run": run, "location": location });
    Answered {
        run: Some(run.to_string()),
        location: Some(location),
        ..plain(202, body.to_string())
    }
}

/// A run that somebody waits for: its result, its error, or where to look for it.
pub(super) fn ended(run: &str, ending: Option<&Ending>, api: &str) -> Answered {
    let answered = match ending {
        Some(Ending::Result(result)) => plain(200, result.get().to_owned()),
        Some(Ending::Error(error)) => {
            let error: Value = serde_json::from_str(error.get()).unwrap_or_default();
            with(
                422,
                &json!({
                    "type": "about:blank",
                    "title": error.get("name"),
                    "status": 422,
                    "detail": "what was asked for could not be done",
                    "error": error,
                }),
            )
        }
        Some(Ending::Cancelled(_) | Ending::Terminated(_)) => problem(409, "it was stopped"),
        None => started(run, api),
    };
    Answered {
        run: Some(run.to_owned()),
        ..answered
    }
}

/// Who starts runs does not let us, or is not there.
pub(super) fn unserved() -> Answered {
    Answered {
        retry_after: Some(5),
        ..problem(503, "it cannot be done at present")
    }
}

/// What the host refuses. A stranger is told what is wrong with what they sent, and nothing of the host.
pub(super) fn refused(refusal: &Refusal) -> Answered {
    match refusal {
        Refusal::Input { misfit, .. } => problem(422, &format!("the input does not fit: {misfit}")),
        Refusal::Key { .. } => problem(422, "the key of what was asked for is empty or too long"),
        Refusal::Full | Refusal::Stopped { .. } => unserved(),
        other => {
            tracing::error!(error = %other, "a gateway could not start a run");
            problem(500, "it cannot be done")
        }
    }
}

/// What a service said to an operation.
pub(super) fn replied(reply: Reply) -> Answered {
    match reply {
        Reply::Answer { status, body } if (200..500).contains(&status) => plain(status, body.to_vec()),
        Reply::Answer { .. } => problem(502, "the service could not do it"),
        Reply::Failed(failure) => {
            let (status, detail) = match &failure {
                Failure::Timeout(_) | Failure::Unknown(_) => (504, "the service did not answer in time"),
                Failure::Unavailable(_) => (503, "the service cannot be reached at present"),
                Failure::Overloaded(_) => (503, "there are too many requests"),
                Failure::BadReply(_) => (502, "the service gave an answer that cannot be handed on"),
            };
            tracing::warn!(%failure, "a gateway called a service in vain");
            problem(status, detail)
        }
    }
}
