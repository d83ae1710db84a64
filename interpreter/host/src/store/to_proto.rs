//! Records to messages; the way back is `from_proto.rs`.

use super::{
    act,
    blob::{self, Blob},
    deployed, proto,
    record::{EventRecord, History, Origin, Record, Shared, Traffic, payload},
    result::VoidedMessage,
    schedule,
};
use crate::RunId;
use bytes::Bytes;
use flowmesh_ir::{
    Hash,
    call::{Failure, Reply},
};
use flowmesh_machine::{Answer, Change, Decision, Ended, Event, EventKind};
use jiff::SignedDuration;
use std::sync::Arc;

/// The message of a record; payloads are shared, not copied. Long ones are put into `apart`, to be kept in files of
/// their own.
pub(super) fn record(record: &Record, apart: &mut Vec<Blob>) -> proto::Record {
    let kind = match record {
        Record::Program { hash, json } => proto::Kind::Program(blob(*hash, json)),
        Record::Settings { hash, bytes } => proto::Kind::Settings(blob(*hash, bytes)),
        Record::Event(event) => proto::Kind::Event(event_record(event, apart)),
        Record::History(history) => proto::Kind::History(self::history(history, apart)),
        Record::Forgotten { run } => {
            let (run_high, run_low) = run.halves();
            proto::Kind::Forgotten(proto::Forgotten { run_high, run_low })
        }
        Record::Traffic(it) => proto::Kind::Traffic(traffic(it)),
        Record::Freed { segment } => proto::Kind::Freed(*segment),
        Record::Between(it) => proto::Kind::Between(proto::Between {
            order: it.order.0,
            traffic: it.traffic.iter().map(traffic).collect(),
            schedules: it.schedules.iter().map(schedule::Message::of).collect(),
            deployed: it.deployed.iter().map(deployed::Message::of).collect(),
            voided: it.voided.iter().map(VoidedMessage::of).collect(),
        }),
        Record::Schedule(it) => proto::Kind::Schedule(schedule::Message::of(it)),
        Record::Deployed(it) => proto::Kind::Deployed(deployed::Message::of(it)),
        Record::Act(it) => proto::Kind::Act(act::Message::of(it)),
        Record::Voided(it) => proto::Kind::Voided(VoidedMessage::of(it)),
    };
    proto::Record { kind: Some(kind) }
}

fn blob(hash: Hash, bytes: &Arc<[u8]>) -> proto::Blob {
    proto::Blob {
        hash: self::hash(hash),
        bytes: shared(bytes),
    }
}

fn event_record(record: &EventRecord, apart: &mut Vec<Blob>) -> proto::Event {
    let (run_high, run_low) = record.run.halves();
    proto::Event {
        run_high,
        run_low,
        sequence: record.sequence,
        ..event(record.origin.as_ref(), &record.event, apart)
    }
}

fn shares(shared: Shared) -> Box<proto::Shared> {
    let bytes = |run: RunId| Bytes::copy_from_slice(&run.0.to_be_bytes());
    Box::new(proto::Shared {
        run: bytes(shared.run),
        root: bytes(shared.root),
        events: shared.events,
    })
}

fn history(history: &History, apart: &mut Vec<Blob>) -> proto::History {
    let (run_high, run_low) = history.run.halves();
    let mut origin = history.origin.as_ref();
    let events = history.events.iter();
    proto::History {
        run_high,
        run_low,
        first: history.first,
        events: events.map(|it| event(origin.take(), it, apart)).collect(),
        order: history.order.iter().map(|order| order.0).collect(),
    }
}

/// An event of nobody; whoever asked says of whom.
fn event(origin: Option<&Origin>, event: &Event, apart: &mut Vec<Blob>) -> proto::Event {
    let mut happened = happened(origin, &event.kind);
    let long = payload(&event.kind).filter(|bytes| blob::is_apart(bytes));
    let place = long.map(|bytes| blob::set_apart(bytes, apart));
    if let (Some(_), Some(bytes)) = (&place, proto::payload(&mut happened)) {
        *bytes = Bytes::new();
    }
    proto::Event {
        run_high: 0,
        run_low: 0,
        sequence: 0,
        at_us: event.at.as_microsecond(),
        happened: Some(happened),
        apart: place.map(|(hash, length)| proto::Apart {
            hash: self::hash(hash),
            length,
        }),
    }
}

fn traffic(traffic: &Traffic) -> proto::Traffic {
    proto::Traffic {
        service: traffic.service.to_string(),
        subset: traffic.weights.iter().map(|(name, _)| name.to_string()).collect(),
        weight: traffic.weights.iter().map(|(_, weight)| *weight).collect(),
        at_us: traffic.at.as_microsecond(),
    }
}

/// A length of time as it is kept: a longer one is as good as for ever.
fn micros(time: SignedDuration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// What happened, with its payload.
pub(super) fn happened(origin: Option<&Origin>, kind: &EventKind) -> proto::Happened {
    match kind {
        EventKind::Started {
            input,
            seed,
            key,
            terms,
        } => proto::Happened::Started(proto::Started {
            flow: origin.map(|origin| origin.flow.to_string()).unwrap_or_default(),
            program: origin.map(|origin| hash(origin.program)).unwrap_or_default(),
            settings: origin.map(|origin| hash(origin.settings)).unwrap_or_default(),
            input: shared(input),
            seed: *seed,
            key: key.clone(),
            priority: terms.priority,
            delay_us: terms.delay.map(micros),
            shared: origin.and_then(|origin| origin.shared).map(shares),
            namespace: origin
                .map(|origin| origin.namespace.to_string())
                .unwrap_or_default(),
            lineage: origin
                .and_then(|origin| origin.lineage.as_deref())
                .map(|lineage| Box::new(proto::Lineage::new(lineage))),
        }),
        EventKind::Replied { call, reply } => proto::Happened::Replied(proto::Replied {
            call: call.0,
            reply: Some(self::reply(reply)),
        }),
        EventKind::Fired { timer } => proto::Happened::Fired(proto::Fired { timer: timer.0 }),
        EventKind::Signalled {
            name,
            payload,
            answer,
        } => proto::Happened::Signalled(proto::Signalled {
            answer: *answer,
            name: name.to_string(),
            payload: shared(payload),
        }),
        EventKind::Answered { call, answer } => proto::Happened::Answered(proto::Answered {
            call: call.0,
            outcome: Some(outcome(answer)),
        }),
        EventKind::Heard { event, payload } => proto::Happened::Heard(proto::Heard {
            event: event.to_string(),
            payload: shared(payload),
        }),
        EventKind::Streamed { call, item } => proto::Happened::Streamed(proto::Streamed {
            call: call.0,
            item: shared(item),
        }),
        EventKind::Cancelled { reason } => proto::Happened::Cancelled(proto::Cancelled {
            reason: reason.clone(),
        }),
        EventKind::Paused { reason } => proto::Happened::Paused(proto::Paused {
            reason: reason.clone(),
        }),
        EventKind::Continued { again } => {
            proto::Happened::Continued(proto::Continued { again: again.clone() })
        }
        EventKind::Moved {
            program,
            settings,
            mapping,
        } => proto::Happened::Moved(proto::Moved {
            program: hash(*program),
            settings: hash(*settings),
            from_state: mapping.states.iter().map(|(was, _)| was.0).collect(),
            to_state: mapping.states.iter().map(|(_, is)| is.0).collect(),
            from_slot: mapping.slots.iter().map(|(was, _)| was.0).collect(),
            to_slot: mapping.slots.iter().map(|(_, is)| is.0).collect(),
        }),
        EventKind::Resumed => proto::Happened::Resumed(proto::Resumed {}),
        EventKind::Decided { call, decision } => proto::Happened::Decided(decided(call.0, decision)),
        EventKind::Edited { changes } => proto::Happened::Edited(proto::Edited {
            changes: self::changes(changes),
        }),
        EventKind::Terminated { reason } => proto::Happened::Terminated(proto::Terminated {
            reason: reason.clone(),
        }),
    }
}

fn changes(changes: &[Change]) -> Vec<proto::Change> {
    let change = |change: &Change| proto::Change {
        slot: change.slot.0,
        value: shared(&change.value),
    };
    changes.iter().map(change).collect()
}

fn decided(call: u32, decision: &Decision) -> proto::Decided {
    let (choice, result) = match decision {
        Decision::Retry => (proto::Choice::Retry, Bytes::new()),
        Decision::Done(result) => (proto::Choice::Done, shared(result)),
        Decision::Fail => (proto::Choice::Fail, Bytes::new()),
        Decision::Skip => (proto::Choice::Skip, Bytes::new()),
    };
    proto::Decided {
        call,
        choice: choice as i32,
        result,
    }
}

fn outcome(answer: &Answer) -> proto::Outcome {
    match answer {
        Answer::Done(weights) => proto::Outcome::Done(proto::Weights {
            subset: weights.iter().map(|(subset, _)| subset.0).collect(),
            weight: weights.iter().map(|(_, weight)| *weight).collect(),
        }),
        Answer::Granted(token) => proto::Outcome::Granted(*token),
        Answer::Run(id) => proto::Outcome::Run(id.clone()),
        Answer::Ended(Ended::Done(result)) => proto::Outcome::ChildDone(shared(result)),
        Answer::Ended(Ended::Failed(error, fields)) => proto::Outcome::ChildFailed(proto::ChildFailed {
            error: error.to_string(),
            fields: shared(fields),
        }),
        Answer::Ended(Ended::Cancelled(reason)) => proto::Outcome::ChildCancelled(reason.clone()),
        Answer::Ended(Ended::Terminated(reason)) => proto::Outcome::ChildTerminated(reason.clone()),
        Answer::Found(found) => proto::Outcome::Found(*found),
        Answer::Recalled(recorded) => proto::Outcome::Recalled(proto::Recalled {
            run: recorded.run.clone(),
            at_us: recorded.at.as_microsecond(),
            result: shared(&recorded.result),
        }),
        Answer::Refused(reason) => proto::Outcome::Refused(reason.clone()),
    }
}

fn reply(reply: &Reply) -> proto::Reply {
    match reply {
        Reply::Answer { status, body } => proto::Reply::Answer(proto::Answer {
            status: u32::from(*status),
            body: shared(body),
        }),
        Reply::Failed(failure) => proto::Reply::Failure(proto::Failure {
            kind: failure_kind(failure) as i32,
            reason: failure.reason().to_owned(),
        }),
    }
}

fn failure_kind(failure: &Failure) -> proto::FailureKind {
    match failure {
        Failure::Timeout(_) => proto::FailureKind::Timeout,
        Failure::Unavailable(_) => proto::FailureKind::Unavailable,
        Failure::Overloaded(_) => proto::FailureKind::Overloaded,
        Failure::Unknown(_) => proto::FailureKind::Unknown,
        Failure::BadReply(_) => proto::FailureKind::BadReply,
    }
}

fn hash(hash: Hash) -> Bytes {
    Bytes::copy_from_slice(&hash.0)
}

fn shared(bytes: &Arc<[u8]>) -> Bytes {
    if bytes.is_empty() {
        Bytes::new()
    } else {
        Bytes::from_owner(Arc::clone(bytes))
    }
}
