//! Messages to records; the way back is `to_proto.rs`.

use super::{
    proto,
    record::{EventRecord, Origin, Record},
};
use crate::RunId;
use flowmesh_ir::{
    Hash, Name, SubsetId,
    call::{Failure, Reply},
};
use flowmesh_machine::{Answer, CallId, Ended, Event, EventKind, TimerId};
use jiff::Timestamp;

/// A message that was written by a later version, or by nobody.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable(pub(super) &'static str);

/// The record of a message.
pub(super) fn record(message: proto::Record) -> Result<Record, Unreadable> {
    match message.kind.ok_or(Unreadable("a record of an unknown kind"))? {
        proto::Kind::Program(blob) => Ok(Record::Program {
            hash: hash(&blob.hash)?,
            json: blob.bytes.as_ref().into(),
        }),
        proto::Kind::Settings(blob) => Ok(Record::Settings {
            hash: hash(&blob.hash)?,
            bytes: blob.bytes.as_ref().into(),
        }),
        proto::Kind::Event(event) => Ok(Record::Event(self::event(event)?)),
    }
}

fn event(message: proto::Event) -> Result<EventRecord, Unreadable> {
    let happened = message
        .happened
        .ok_or(Unreadable("an event of an unknown kind"))?;
    let origin = match &happened {
        proto::Happened::Started(started) => Some(self::origin(started)?),
        _ => None,
    };
    let at = Timestamp::from_microsecond(message.at_us).map_err(|_| Unreadable("an event without a time"))?;
    Ok(EventRecord {
        run: RunId((u128::from(message.run_high) << 64) | u128::from(message.run_low)),
        sequence: message.sequence,
        origin,
        event: Event {
            at,
            kind: kind(happened)?,
        },
    })
}

fn origin(started: &proto::Started) -> Result<Origin, Unreadable> {
    Ok(Origin {
        flow: Name::from(started.flow.as_str()),
        program: hash(&started.program)?,
        settings: hash(&started.settings)?,
    })
}

fn kind(happened: proto::Happened) -> Result<EventKind, Unreadable> {
    Ok(match happened {
        proto::Happened::Started(it) => EventKind::Started {
            input: it.input.as_ref().into(),
            seed: it.seed,
            key: it.key,
        },
        proto::Happened::Replied(it) => {
            let reply = it.reply.ok_or(Unreadable("a reply of an unknown kind"))?;
            EventKind::Replied {
                call: CallId(it.call),
                reply: self::reply(reply)?,
            }
        }
        proto::Happened::Fired(it) => EventKind::Fired {
            timer: TimerId(it.timer),
        },
        proto::Happened::Signalled(it) => EventKind::Signalled {
            answer: it.answer,
            name: it.name.into(),
            payload: it.payload.as_ref().into(),
        },
        proto::Happened::Answered(it) => EventKind::Answered {
            call: CallId(it.call),
            answer: answer(it.outcome.ok_or(Unreadable("an answer of an unknown kind"))?)?,
        },
        proto::Happened::Heard(it) => EventKind::Heard {
            event: it.event.into(),
            payload: it.payload.as_ref().into(),
        },
        proto::Happened::Streamed(it) => EventKind::Streamed {
            call: CallId(it.call),
            item: it.item.as_ref().into(),
        },
        proto::Happened::Cancelled(it) => EventKind::Cancelled { reason: it.reason },
    })
}

fn answer(outcome: proto::Outcome) -> Result<Answer, Unreadable> {
    Ok(match outcome {
        proto::Outcome::Done(weights) => {
            if weights.subset.len() != weights.weight.len() {
                return Err(Unreadable("weights without their subsets"));
            }
            let subsets = weights.subset.into_iter().map(SubsetId);
            Answer::Done(subsets.zip(weights.weight).collect())
        }
        proto::Outcome::Run(id) => Answer::Run(id),
        proto::Outcome::ChildDone(result) => Answer::Ended(Ended::Done(result.as_ref().into())),
        proto::Outcome::ChildFailed(it) => {
            Answer::Ended(Ended::Failed(it.error.into(), it.fields.as_ref().into()))
        }
        proto::Outcome::ChildCancelled(reason) => Answer::Ended(Ended::Cancelled(reason)),
        proto::Outcome::Found(found) => Answer::Found(found),
        proto::Outcome::Refused(reason) => Answer::Refused(reason),
    })
}

fn reply(message: proto::Reply) -> Result<Reply, Unreadable> {
    match message {
        proto::Reply::Answer(answer) => {
            let status = u16::try_from(answer.status).map_err(|_| Unreadable("a reply without a status"))?;
            Ok(Reply::Answer {
                status,
                body: answer.body.as_ref().into(),
            })
        }
        proto::Reply::Failure(failure) => Ok(Reply::Failed(self::failure(failure)?)),
    }
}

fn failure(message: proto::Failure) -> Result<Failure, Unreadable> {
    use proto::FailureKind as Kind;
    match message.kind() {
        Kind::Timeout => Ok(Failure::Timeout(message.reason)),
        Kind::Unavailable => Ok(Failure::Unavailable(message.reason)),
        Kind::Overloaded => Ok(Failure::Overloaded(message.reason)),
        Kind::Unknown => Ok(Failure::Unknown(message.reason)),
        Kind::BadReply => Ok(Failure::BadReply(message.reason)),
        Kind::Unspecified => Err(Unreadable("a failure of an unknown kind")),
    }
}

fn hash(bytes: &[u8]) -> Result<Hash, Unreadable> {
    bytes
        .try_into()
        .map(Hash)
        .map_err(|_| Unreadable("a hash that is not 32 bytes long"))
}
