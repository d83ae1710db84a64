//! What was sent and heard, and what the journal says of it.

use super::{
    super::{calls::is_unknown, world::World},
    AllAsked, Asked, Journal, own,
};
use crate::RunId;
use flowmesh_ir::{
    call::{Reply, Request},
    service::EffectKind,
};
use flowmesh_machine::{CallId, EventKind};
use std::collections::{BTreeMap, BTreeSet};

/// Nothing was sent that the journal does not lead to, and nothing twice that must not be.
pub(super) fn is_journaled(world: &World<'_>, asked: &AllAsked) -> Result<(), String> {
    let mut once = BTreeSet::new();
    for sent in &world.sent {
        let (run, call) = (sent.run, sent.call);
        let journaled = asked.get(&run).and_then(|calls| calls.get(&call));
        if journaled.is_none_or(|asked| asked.request != sent.request) {
            return Err(format!(
                "call {} of run {run} was sent (attempt {}) and does not follow from the journal",
                call.0, sent.attempt
            ));
        }
        if sent.request.effect == EffectKind::Once && !once.insert((run, call)) {
            return Err(format!(
                "call {} of run {run} must not be sent twice, and was",
                call.0
            ));
        }
    }
    let known = |(run, calls): (&RunId, &BTreeMap<CallId, Asked>)| {
        let open = |asked: &Asked| asked.request.effect == EffectKind::Once;
        let unknown = calls
            .iter()
            .find(|(_, asked)| !open(asked) && asked.reply.as_ref().is_some_and(is_unknown));
        unknown.map(|(call, _)| format!("call {} of run {run} can be repeated and ended unknown", call.0))
    };
    asked.iter().find_map(known).map_or(Ok(()), Err)
}

/// Nothing was heard that nobody was asked: what a run has as the answer of a service came from one. A run that goes on
/// in place of another may have the answer that came to that one.
pub(super) fn heard_was_sent(world: &World<'_>, journal: &Journal) -> Result<(), String> {
    let root = |run: RunId| {
        let events = journal.get(&run);
        let origin = events.and_then(|events| events.first()?.origin.as_ref());
        origin.map_or(run, |origin| origin.root(run))
    };
    let sent: BTreeSet<(RunId, CallId)> = world
        .sent
        .iter()
        .map(|sent| (root(sent.run), sent.call))
        .collect();
    for (run, events) in journal {
        let root = root(*run);
        let unasked = own(events).find_map(|record| match &record.event.kind {
            EventKind::Replied {
                call,
                reply: Reply::Answer { .. },
            } if !sent.contains(&(root, *call)) => Some(*call),
            _ => None,
        });
        if let Some(call) = unasked {
            return Err(format!(
                "call {} of run {run} was answered, and was never sent",
                call.0
            ));
        }
    }
    Ok(())
}

/// One key is one request, however often it is sent, and is carried out once.
pub(super) fn keys_stay_the_same(world: &World<'_>) -> Result<(), String> {
    let mut requests = BTreeMap::new();
    for sent in &world.sent {
        let Some(key) = &sent.request.key else { continue };
        let of = (sent.request.service, sent.request.operation, key);
        let bare = untraced(&sent.request);
        let first = requests.entry(of).or_insert_with(|| bare.clone());
        if *first != bare {
            return Err(format!("the key `{key}` was sent with two different requests"));
        }
    }
    match world.services.carried_out.iter().find(|(_, times)| **times > 1) {
        Some((key, times)) => Err(format!("what has the key `{key}` was carried out {times} times")),
        None => Ok(()),
    }
}

/// A request without what only says of which trace it is part: two runs that ask for the same lie in two.
fn untraced(request: &Request) -> Request {
    let mut bare = request.clone();
    bare.headers
        .retain(|(name, _)| !matches!(name.as_str(), "tracestate" | "baggage"));
    bare
}
