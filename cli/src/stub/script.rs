//! What stubs are told to answer: by a file, or by quick forms on the command line.

use crate::error::Error;
use flowmesh_diagnostics::nearest;
use flowmesh_ir::Program;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{collections::BTreeMap, time::Duration};

/// Answers by `service.operation`, in order; the last of each repeats.
#[derive(Debug, Default)]
pub(crate) struct Script {
    answers: BTreeMap<String, Vec<Answer>>,
}

/// One scripted answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    /// The status; 200 where nothing is said.
    pub(crate) status: Option<u16>,
    /// The body; an example of the operation's type where nothing is said and the status is 2xx.
    pub(crate) body: Option<Box<RawValue>>,
    /// How long to wait before.
    pub(super) delay: Option<SignedDuration>,
    /// What to do instead of answering.
    pub(crate) fail: Option<Fail>,
    /// How often, before the next one's turn; 1 where nothing is said.
    pub(super) times: Option<u64>,
}

/// What a stub does instead of answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Fail {
    /// Closes the connection; nothing was done.
    Close,
    /// Never answers; nothing was done.
    Hang,
    /// Does what was asked and closes the connection before the answer.
    Lose,
}

impl Answer {
    /// How long to wait before it.
    pub(crate) fn delay(&self) -> Duration {
        self.delay
            .and_then(|delay| delay.try_into().ok())
            .unwrap_or_default()
    }
}

impl Script {
    /// Reads a file's text and checks its names against the program.
    pub(crate) fn read(text: &str, program: &Program) -> Result<Self, Error> {
        let unfit = |why: serde_json::Error| {
            bad(
                format!("the script does not fit: {why}"),
                "it maps `service.operation` to answers: { \"status\", \"body\", \"delay\", \"fail\", \"times\" }",
            )
        };
        let entries: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).map_err(unfit)?;
        let mut answers = BTreeMap::new();
        for (name, entry) in entries {
            known(&name, program)?;
            // One answer, or a list of them.
            let entry = entry.get();
            let read = match entry.starts_with('[') {
                true => serde_json::from_str(entry),
                false => serde_json::from_str(entry).map(|one| vec![one]),
            };
            answers.insert(name, read.map_err(unfit)?);
        }
        Ok(Self { answers })
    }

    /// `payments.charge=402:{"reason":"no"}`, `payments.charge=503`, `payments.charge={"id":"1"}`
    pub(crate) fn answer(&mut self, form: &str, program: &Program) -> Result<(), Error> {
        let example = "write `service.operation=STATUS`, `=STATUS:JSON` or `=JSON`";
        let (name, what) = form
            .split_once('=')
            .ok_or_else(|| bad(format!("no answer in `{form}`"), example))?;
        let (status, body) = match what.split_once(':') {
            Some((status, body)) if status.parse::<u16>().is_ok() => (status.parse().ok(), Some(body)),
            _ if what.parse::<u16>().is_ok() => (what.parse().ok(), None),
            _ => (None, Some(what)),
        };
        let body = body.map(serde_json::from_str).transpose();
        let body = body.map_err(|why| bad(format!("the answer in `{form}` is no JSON: {why}"), example))?;
        let last = self.last(name, program)?;
        (last.status, last.body) = (status, body);
        Ok(())
    }

    /// `payments.charge=250ms`
    pub(crate) fn delay(&mut self, form: &str, program: &Program) -> Result<(), Error> {
        let example = "write `service.operation=250ms`";
        let (name, text) = form
            .split_once('=')
            .ok_or_else(|| bad(format!("no delay in `{form}`"), example))?;
        let delay = text
            .parse()
            .map_err(|_| bad(format!("`{text}` is no duration"), example))?;
        self.last(name, program)?.delay = Some(delay);
        Ok(())
    }

    /// `payments.charge`, `payments.charge=hang`
    pub(crate) fn fail(&mut self, form: &str, program: &Program) -> Result<(), Error> {
        let (name, how) = form.split_once('=').unwrap_or((form, "close"));
        let fail = match how {
            "close" => Fail::Close,
            "hang" => Fail::Hang,
            "lose" => Fail::Lose,
            _ => {
                return Err(bad(
                    format!("unknown way to fail `{how}`"),
                    "there is `close`, `hang`, `lose`",
                ));
            }
        };
        self.last(name, program)?.fail = Some(fail);
        Ok(())
    }

    /// The answer to the `turn`th request (from 0) of an operation.
    pub(crate) fn at(&self, name: &str, turn: u64) -> Answer {
        let answers = self.answers.get(name).map_or(&[][..], Vec::as_slice);
        let mut left = turn;
        for answer in answers {
            let times = answer.times.unwrap_or(1).max(1);
            if left < times {
                return answer.clone();
            }
            left -= times;
        }
        answers.last().cloned().unwrap_or_default()
    }

    fn last(&mut self, name: &str, program: &Program) -> Result<&mut Answer, Error> {
        known(name, program)?;
        let answers = self.answers.entry(name.to_owned()).or_default();
        if answers.is_empty() {
            answers.push(Answer::default());
        }
        answers
            .last_mut()
            .ok_or_else(|| bad(format!("no answer for `{name}`"), ""))
    }
}

/// Refuses names of operations that the program does not declare.
fn known(name: &str, program: &Program) -> Result<(), Error> {
    let all: Vec<String> = operations(program).collect();
    if all.iter().any(|known| known == name) {
        return Ok(());
    }
    let help = match nearest(name, all.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there is {}", crate::error::ticked(&all)),
    };
    Err(bad(format!("unknown operation `{name}`"), help))
}

/// `service.operation` of all operations.
fn operations(program: &Program) -> impl Iterator<Item = String> {
    program.services.iter().flat_map(|service| {
        service
            .operations
            .iter()
            .map(move |operation| format!("{}.{}", service.name, operation.name))
    })
}

fn bad(why: impl Into<String>, help: impl Into<String>) -> Error {
    Error::BadScript {
        why: why.into(),
        help: help.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::Script;
    use crate::stub::tests::program_with_charge;

    #[test]
    fn numbers_of_an_answer_never_pass_through_a_float() {
        let program = program_with_charge();
        let body = r#"{"total": 0.10, "exact": 12345678901234567890.123456789012345678}"#;
        let file = format!(r#"{{ "payments.charge": [{{ "status": 500 }}, {{ "body": {body} }}] }}"#);
        let script = Script::read(&file, &program).expect("the script fits");
        let answer = script.at("payments.charge", 1);
        assert_eq!(
            answer.body.map(|body| body.get().to_owned()).as_deref(),
            Some(body)
        );

        let mut script = Script::default();
        let form = format!("payments.charge={body}");
        script.answer(&form, &program).expect("the form fits");
        let answer = script.at("payments.charge", 0);
        assert_eq!(
            answer.body.map(|body| body.get().to_owned()).as_deref(),
            Some(body)
        );
    }
}
