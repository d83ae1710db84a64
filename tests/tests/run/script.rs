//! The script of a case: the lines that begin with `// > `.

use flowmesh_machine::{Answer, Decision, Ended, Recorded};

/// One line, as it stands and as it is meant.
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) order: Order,
}

/// What happens next.
pub(crate) enum Order {
    Set {
        name: String,
        value: String,
    },
    Start {
        flow: String,
        input: String,
    },
    Reply {
        operation: String,
        status: u16,
        body: String,
    },
    Fail {
        operation: String,
        error: String,
        reason: String,
    },
    Signal {
        name: String,
        payload: String,
    },
    Advance(jiff::SignedDuration),
    Cancel(String),
    Pause(String),
    Resume,
    Edit {
        name: String,
        value: String,
    },
    Variables,
    Decide {
        call: u32,
        decision: Decision,
    },
    Terminate(String),
    /// Answers what was asked for by this number.
    Answer {
        call: u32,
        answer: Answer,
    },
    Hear {
        event: String,
        payload: String,
    },
    Item {
        call: u32,
        item: String,
    },
    /// Sends a signal and waits for its answer.
    Ask {
        name: String,
        payload: String,
    },
    View(String),
}

/// The lines of a case.
pub(crate) fn parse(case: &str) -> Result<Vec<Line>, String> {
    case.lines()
        .filter_map(|line| line.strip_prefix("// > "))
        .map(line)
        .collect()
}

fn line(text: &str) -> Result<Line, String> {
    let order = order(text).ok_or_else(|| format!("cannot read the line `{text}`"))?;
    Ok(Line {
        text: text.to_owned(),
        order,
    })
}

fn decision(text: &str) -> Option<Decision> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    Some(match word {
        "retry" => Decision::Retry,
        "done" => Decision::Done(rest.as_bytes().into()),
        "fail" => Decision::Fail,
        "skip" => Decision::Skip,
        _ => return None,
    })
}

/// How something that was asked for came out.
fn answer(text: &str) -> Option<Answer> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let quoted = rest.trim_matches('"').to_owned();
    Some(match word {
        "done" => Answer::Done(Vec::new()),
        "granted" => Answer::Granted(rest.parse().ok()?),
        "run" => Answer::Run(quoted),
        "found" => Answer::Found(rest.parse().ok()?),
        "recalled" => {
            let (run, rest) = rest.split_once(' ')?;
            let (at, result) = rest.split_once(' ')?;
            Answer::Recalled(Recorded {
                run: run.to_owned(),
                at: at.parse().ok()?,
                result: result.as_bytes().into(),
            })
        }
        "refused" => Answer::Refused(quoted),
        "ended" => Answer::Ended(Ended::Done(rest.as_bytes().into())),
        "cancelled" => Answer::Ended(Ended::Cancelled(quoted)),
        "terminated" => Answer::Ended(Ended::Terminated(quoted)),
        "failed" => {
            let (error, fields) = rest.split_once(' ').unwrap_or((rest, "{}"));
            Answer::Ended(Ended::Failed(error.into(), fields.as_bytes().into()))
        }
        _ => return None,
    })
}

fn order(text: &str) -> Option<Order> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let (first, after) = match rest.split_once(' ') {
        Some((first, after)) => (first.to_owned(), after.to_owned()),
        None => (rest.to_owned(), String::new()),
    };
    Some(match word {
        "set" => Order::Set {
            name: first,
            value: after,
        },
        "start" => Order::Start {
            flow: first,
            input: after,
        },
        "signal" => Order::Signal {
            name: first,
            payload: after,
        },
        "ask" => Order::Ask {
            name: first,
            payload: after,
        },
        "hear" => Order::Hear {
            event: first,
            payload: after,
        },
        "item" => Order::Item {
            call: first.parse().ok()?,
            item: after,
        },
        "answer" => Order::Answer {
            call: first.parse().ok()?,
            answer: answer(&after)?,
        },
        "view" => Order::View(rest.to_owned()),
        "advance" => Order::Advance(flowmesh_stdlib::read_duration(rest)?),
        "cancel" => Order::Cancel(rest.trim_matches('"').to_owned()),
        "pause" => Order::Pause(rest.to_owned()),
        "resume" => Order::Resume,
        "edit" => Order::Edit {
            name: first,
            value: after,
        },
        "variables" => Order::Variables,
        "decide" => Order::Decide {
            call: first.parse().ok()?,
            decision: decision(&after)?,
        },
        "terminate" => Order::Terminate(rest.to_owned()),
        "reply" | "fail" => {
            let (second, last) = after.split_once(' ').unwrap_or((&after, ""));
            let last = last.to_owned();
            match word {
                "reply" => Order::Reply {
                    operation: first,
                    status: second.parse().ok()?,
                    body: last,
                },
                _ => Order::Fail {
                    operation: first,
                    error: second.to_owned(),
                    reason: last,
                },
            }
        }
        _ => return None,
    })
}
