//! A run with its events, and effects as short lines.

use super::build::FLOW;
use crate::{
    CallId, Effect, Event, EventKind, Note, Outcome, Run, Settings, TimerId, apply, border, pending, replay,
};
use flowmesh_ir::{
    Program, Value,
    call::{Failure, Reply},
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

pub(super) struct Bench {
    pub(super) program: Program,
    pub(super) run: Run,
    pub(super) events: Vec<Event>,
    now: Timestamp,
}

impl Bench {
    /// A run that has not begun.
    pub(super) fn new(program: Program) -> Self {
        let run = Run::new(Uuid::from_u128(1), FLOW);
        Self {
            program,
            run,
            events: Vec::new(),
            now: Timestamp::UNIX_EPOCH,
        }
    }

    /// A run with the id `o1`, and the effects of its start.
    pub(super) fn start(program: Program) -> (Self, Vec<String>) {
        let mut bench = Self::new(program);
        let effects = bench.event(EventKind::Started {
            input: b(r#"{"id":"o1"}"#),
            seed: 7,
            key: Some("o1".into()),
            terms: crate::Terms::default(),
        });
        (bench, effects)
    }

    pub(super) fn event(&mut self, kind: EventKind) -> Vec<String> {
        let event = Event { at: self.now, kind };
        let mut effects = Vec::new();
        apply(
            &self.program,
            &Settings::default(),
            &mut self.run,
            &event,
            &mut effects,
        );
        self.events.push(event);
        assert_survives(&self.run);
        effects.iter().filter_map(|effect| self.line(effect)).collect()
    }

    pub(super) fn reply(&mut self, call: u32, status: u16, body: &str) -> Vec<String> {
        let reply = Reply::Answer {
            status,
            body: b(body),
        };
        self.event(EventKind::Replied {
            call: CallId(call),
            reply,
        })
    }

    pub(super) fn lose(&mut self, call: u32) -> Vec<String> {
        let reply = Reply::Failed(Failure::Unknown("nobody heard".to_owned()));
        self.event(EventKind::Replied {
            call: CallId(call),
            reply,
        })
    }

    pub(super) fn fire(&mut self, timer: u32) -> Vec<String> {
        self.event(EventKind::Fired {
            timer: TimerId(timer),
        })
    }

    pub(super) fn signal(&mut self, by: &str) -> Vec<String> {
        let payload = b(&format!(r#"{{"by":"{by}"}}"#));
        self.event(EventKind::Signalled {
            answer: None,
            name: "approve".into(),
            payload,
        })
    }

    pub(super) fn cancel(&mut self) -> Vec<String> {
        self.event(EventKind::Cancelled {
            reason: "enough".to_owned(),
        })
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    pub(super) fn advance(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    /// What is outstanding now, and what a run that is made anew from the events waits for.
    pub(super) fn pending(&self) -> (Vec<Effect>, Vec<Effect>) {
        let again = replay(
            &self.program,
            &Settings::default(),
            self.run.id(),
            FLOW,
            &self.events,
        );
        assert_eq!(again.status(), self.run.status());
        assert_eq!(again.outcome(), self.run.outcome());
        (pending(&self.program, &self.run), pending(&self.program, &again))
    }

    fn line(&self, effect: &Effect) -> Option<String> {
        Some(match effect {
            Effect::Call {
                call, request, undo, ..
            } => {
                let undo = if *undo { "undo " } else { "" };
                let body = String::from_utf8_lossy(&request.body);
                format!(
                    "{undo}call {} {} {} {body}",
                    call.0,
                    request.method.as_str(),
                    request.path
                )
                .trim_end()
                .to_owned()
            }
            Effect::Timer { timer, at } => format!("timer {} at {}", timer.0, at.as_second()),
            Effect::Disarm { timer } => format!("disarm {}", timer.0),
            Effect::Note(Note::Log { text }) => format!("log {text}"),
            Effect::Note(Note::Undoing { .. }) => "undoing".to_owned(),
            Effect::Note(_) => return None,
            Effect::Finished(Outcome::Done(value)) => format!("done {}", border::encode_untyped(value)),
            Effect::Finished(Outcome::Failed(error)) => {
                format!(
                    "failed {}",
                    border::encode_untyped(&Value::Variant(error.clone()))
                )
            }
            Effect::Finished(Outcome::Cancelled(reason)) => format!("cancelled {reason}"),
            Effect::Finished(Outcome::Terminated(reason)) => format!("terminated {reason}"),
            Effect::Ask { call, ask, .. } => format!("ask {} {ask:?}", call.0),
            Effect::Withdraw { call } => format!("withdraw {}", call.0),
            Effect::Release { call } => format!("release {}", call.0),
            Effect::Record { recall, result } => {
                format!("record {recall:?} {}", String::from_utf8_lossy(result))
            }
            Effect::More { call } => format!("more {}", call.0),
            Effect::Answer { signal, answer } => match answer {
                Ok(json) => format!("answer {signal} {json}"),
                Err(why) => format!("answer {signal} refused: {why}"),
            },
        })
    }
}

/// What is written down of a run is the run.
pub(super) fn assert_survives(run: &Run) {
    let bytes = rmp_serde::to_vec_named(run).unwrap();
    let again: Run = rmp_serde::from_slice(&bytes).unwrap();
    assert!(again == *run, "{run:#?} came back as {again:#?}");
}

fn b(text: &str) -> std::sync::Arc<[u8]> {
    text.as_bytes().into()
}
