//! Messages to records; the way back is `to_proto.rs`.

use super::{
    StoreError, proto,
    record::{Between, EventRecord, History, Order, Origin, Record, Shared, Traffic},
};
use crate::RunId;
use bytes::Bytes;
use flowmesh_ir::{
    Hash, Name, SlotId, StateId, SubsetId,
    call::{Failure, Reply},
    trace::Lineage,
};
use flowmesh_machine::{
    Answer, CallId, Change, Decision, Ended, Event, EventKind, Recorded, Terms, TimerId, upgrade::Mapping,
};
use jiff::{SignedDuration, Timestamp};
use std::{fmt, sync::Arc};

/// Why a message is no record.
#[derive(Debug)]
pub(super) enum Unreadable {
    /// It was written by a later version, or by nobody.
    Message(&'static str),
    /// What belongs to it and lies elsewhere cannot be had.
    Elsewhere(StoreError),
}

/// Where payloads are found that lie apart.
pub(super) type Fetch<'a> = &'a dyn Fn(Hash, u64) -> Result<Arc<[u8]>, StoreError>;

/// The record of a message.
pub(super) fn record(message: proto::Record, fetch: Fetch<'_>) -> Result<Record, Unreadable> {
    let kind = message
        .kind
        .ok_or(Unreadable::Message("a record of an unknown kind"))?;
    match kind {
        proto::Kind::Program(blob) => Ok(Record::Program {
            hash: hash(&blob.hash)?,
            json: blob.bytes.as_ref().into(),
        }),
        proto::Kind::Settings(blob) => Ok(Record::Settings {
            hash: hash(&blob.hash)?,
            bytes: blob.bytes.as_ref().into(),
        }),
        proto::Kind::Event(event) => Ok(Record::Event(event_record(event, fetch)?)),
        proto::Kind::History(history) => Ok(Record::History(self::history(history, fetch)?)),
        proto::Kind::Forgotten(it) => Ok(Record::Forgotten {
            run: RunId::of_halves(it.run_high, it.run_low),
        }),
        proto::Kind::Traffic(traffic) => Ok(Record::Traffic(self::traffic(traffic)?)),
        proto::Kind::Freed(segment) => Ok(Record::Freed { segment }),
        proto::Kind::Between(it) => Ok(Record::Between(Box::new(between(it)?))),
        proto::Kind::Deployed(it) => Ok(Record::Deployed(it.read()?)),
        proto::Kind::Voided(it) => Ok(Record::Voided(it.read()?)),
        proto::Kind::Act(it) => Ok(Record::Act(Box::new(it.read()?))),
        proto::Kind::Schedule(it) => Ok(Record::Schedule(Box::new(it.read()?))),
    }
}

fn between(message: proto::Between) -> Result<Between, Unreadable> {
    let schedules = message.schedules.into_iter().map(super::schedule::Message::read);
    let deployed = message.deployed.into_iter().map(super::deployed::Message::read);
    let voided = message.voided.into_iter().map(super::result::VoidedMessage::read);
    Ok(Between {
        order: Order(message.order),
        traffic: message
            .traffic
            .into_iter()
            .map(traffic)
            .collect::<Result<_, _>>()?,
        schedules: schedules.collect::<Result<_, _>>()?,
        deployed: deployed.collect::<Result<_, _>>()?,
        voided: voided.collect::<Result<_, _>>()?,
    })
}

fn event_record(message: proto::Event, fetch: Fetch<'_>) -> Result<EventRecord, Unreadable> {
    let (run, sequence) = (
        RunId::of_halves(message.run_high, message.run_low),
        message.sequence,
    );
    let (origin, event) = event(message, fetch)?;
    Ok(EventRecord {
        run,
        sequence,
        origin,
        event,
    })
}

fn history(message: proto::History, fetch: Fetch<'_>) -> Result<History, Unreadable> {
    if !message.order.is_empty() && message.order.len() != message.events.len() {
        return Err(Unreadable::Message("events without their order"));
    }
    let mut origin = None;
    let mut events = Vec::with_capacity(message.events.len());
    for message in message.events {
        let (of, event) = event(message, fetch)?;
        origin = origin.or(of);
        events.push(event);
    }
    Ok(History {
        run: RunId::of_halves(message.run_high, message.run_low),
        first: message.first,
        origin,
        events,
        order: message.order.into_iter().map(Order).collect(),
    })
}

fn event(message: proto::Event, fetch: Fetch<'_>) -> Result<(Option<Origin>, Event), Unreadable> {
    let mut happened = message
        .happened
        .ok_or(Unreadable::Message("an event of an unknown kind"))?;
    if let Some(apart) = message.apart {
        let place = proto::payload(&mut happened).ok_or(Unreadable::Message("a payload of nothing"))?;
        let bytes = fetch(hash(&apart.hash)?, apart.length).map_err(Unreadable::Elsewhere)?;
        *place = Bytes::from_owner(bytes);
    }
    let at = time(message.at_us)?;
    let (origin, kind) = self::happened(happened)?;
    Ok((origin, Event { at, kind }))
}

/// What happened; with what it is a run of, if it is the first event.
pub(super) fn happened(happened: proto::Happened) -> Result<(Option<Origin>, EventKind), Unreadable> {
    let origin = match &happened {
        proto::Happened::Started(started) => Some(self::origin(started)?),
        _ => None,
    };
    Ok((origin, kind(happened)?))
}

pub(super) fn time(at_us: i64) -> Result<Timestamp, Unreadable> {
    Timestamp::from_microsecond(at_us).map_err(|_| Unreadable::Message("an event without a time"))
}

fn traffic(message: proto::Traffic) -> Result<Traffic, Unreadable> {
    if message.subset.len() != message.weight.len() {
        return Err(Unreadable::Message("weights without their subsets"));
    }
    let names = message.subset.into_iter().map(Name::from);
    Ok(Traffic {
        service: message.service.into(),
        weights: names.zip(message.weight).collect(),
        at: time(message.at_us)?,
    })
}

fn origin(started: &proto::Started) -> Result<Origin, Unreadable> {
    Ok(Origin {
        flow: Name::from(started.flow.as_str()),
        program: hash(&started.program)?,
        settings: hash(&started.settings)?,
        shared: started.shared.as_deref().map(shared).transpose()?,
        namespace: Name::from(started.namespace.as_str()),
        lineage: started.lineage.as_deref().map(lineage).transpose()?,
    })
}

fn lineage(message: &proto::Lineage) -> Result<Arc<Lineage>, Unreadable> {
    let lineage = message.lineage().map(Arc::new);
    lineage.ok_or(Unreadable::Message("a trace without an identifier"))
}

fn shared(message: &proto::Shared) -> Result<Shared, Unreadable> {
    Ok(Shared {
        run: run_id(&message.run)?,
        root: run_id(&message.root)?,
        events: message.events,
    })
}

fn run_id(bytes: &[u8]) -> Result<RunId, Unreadable> {
    let bytes =
        <[u8; 16]>::try_from(bytes).map_err(|_| Unreadable::Message("a run without an identifier"))?;
    Ok(RunId(u128::from_be_bytes(bytes)))
}

fn kind(happened: proto::Happened) -> Result<EventKind, Unreadable> {
    Ok(match happened {
        proto::Happened::Started(it) => EventKind::Started {
            input: it.input.as_ref().into(),
            seed: it.seed,
            key: it.key,
            terms: Terms {
                priority: it.priority,
                delay: it.delay_us.map(SignedDuration::from_micros),
            },
        },
        proto::Happened::Replied(it) => {
            let reply = it
                .reply
                .ok_or(Unreadable::Message("a reply of an unknown kind"))?;
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
            answer: answer(
                it.outcome
                    .ok_or(Unreadable::Message("an answer of an unknown kind"))?,
            )?,
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
        proto::Happened::Paused(it) => EventKind::Paused { reason: it.reason },
        proto::Happened::Continued(it) => EventKind::Continued { again: it.again },
        proto::Happened::Moved(it) => EventKind::Moved {
            program: hash(&it.program)?,
            settings: hash(&it.settings)?,
            mapping: mapping(&it)?,
        },
        proto::Happened::Resumed(_) => EventKind::Resumed,
        proto::Happened::Terminated(it) => EventKind::Terminated { reason: it.reason },
        proto::Happened::Edited(it) => EventKind::Edited {
            changes: changes(&it.changes),
        },
        proto::Happened::Decided(it) => EventKind::Decided {
            call: CallId(it.call),
            decision: decision(&it)?,
        },
    })
}

fn mapping(moved: &proto::Moved) -> Result<Mapping, Unreadable> {
    if moved.from_state.len() != moved.to_state.len() || moved.from_slot.len() != moved.to_slot.len() {
        return Err(Unreadable::Message("a move of which half is missing"));
    }
    let states = moved.from_state.iter().zip(&moved.to_state);
    let slots = moved.from_slot.iter().zip(&moved.to_slot);
    Ok(Mapping {
        states: states.map(|(was, is)| (StateId(*was), StateId(*is))).collect(),
        slots: slots.map(|(was, is)| (SlotId(*was), SlotId(*is))).collect(),
    })
}

fn changes(changes: &[proto::Change]) -> Vec<Change> {
    let change = |change: &proto::Change| Change {
        slot: SlotId(change.slot),
        value: change.value.as_ref().into(),
    };
    changes.iter().map(change).collect()
}

fn decision(decided: &proto::Decided) -> Result<Decision, Unreadable> {
    match decided.choice() {
        proto::Choice::Retry => Ok(Decision::Retry),
        proto::Choice::Done => Ok(Decision::Done(decided.result.as_ref().into())),
        proto::Choice::Fail => Ok(Decision::Fail),
        proto::Choice::Skip => Ok(Decision::Skip),
        proto::Choice::Unspecified => Err(Unreadable::Message("a decision of an unknown kind")),
    }
}

fn answer(outcome: proto::Outcome) -> Result<Answer, Unreadable> {
    Ok(match outcome {
        proto::Outcome::Done(weights) => {
            if weights.subset.len() != weights.weight.len() {
                return Err(Unreadable::Message("weights without their subsets"));
            }
            let subsets = weights.subset.into_iter().map(SubsetId);
            Answer::Done(subsets.zip(weights.weight).collect())
        }
        proto::Outcome::Granted(token) => Answer::Granted(token),
        proto::Outcome::Run(id) => Answer::Run(id),
        proto::Outcome::ChildDone(result) => Answer::Ended(Ended::Done(result.as_ref().into())),
        proto::Outcome::ChildFailed(it) => {
            Answer::Ended(Ended::Failed(it.error.into(), it.fields.as_ref().into()))
        }
        proto::Outcome::ChildCancelled(reason) => Answer::Ended(Ended::Cancelled(reason)),
        proto::Outcome::ChildTerminated(reason) => Answer::Ended(Ended::Terminated(reason)),
        proto::Outcome::Found(found) => Answer::Found(found),
        proto::Outcome::Recalled(it) => Answer::Recalled(Recorded {
            run: it.run,
            at: Timestamp::from_microsecond(it.at_us)
                .map_err(|_| Unreadable::Message("a result of no time"))?,
            result: it.result.as_ref().into(),
        }),
        proto::Outcome::Refused(reason) => Answer::Refused(reason),
    })
}

fn reply(message: proto::Reply) -> Result<Reply, Unreadable> {
    match message {
        proto::Reply::Answer(answer) => {
            let status =
                u16::try_from(answer.status).map_err(|_| Unreadable::Message("a reply without a status"))?;
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
        Kind::Unspecified => Err(Unreadable::Message("a failure of an unknown kind")),
    }
}

pub(super) fn hash(bytes: &[u8]) -> Result<Hash, Unreadable> {
    bytes
        .try_into()
        .map(Hash)
        .map_err(|_| Unreadable::Message("a hash that is not 32 bytes long"))
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(reason) => f.write_str(reason),
            Self::Elsewhere(error) => error.fmt(f),
        }
    }
}

impl Unreadable {
    /// As an error of the store, with the place that is known of it.
    pub(super) fn at(self, damaged: impl FnOnce(&str) -> StoreError) -> StoreError {
        match self {
            Self::Message(reason) => damaged(reason),
            Self::Elsewhere(error) => error,
        }
    }
}
