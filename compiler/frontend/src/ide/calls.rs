//! Who calls whom: gateways and schedules flows, flows each other and operations.

use super::{
    names::{NameKind, Occurrence, Role},
    snapshot::Snapshot,
    symbols::name_of,
};
use crate::ast::{Item, ItemKind};
use flowmesh_diagnostics::{SourceId, Span};

/// Somebody who calls or is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Party {
    /// Its name; of an operation with that of its service.
    pub name: String,
    /// What it is.
    pub kind: NameKind,
    /// Its name in the text.
    pub span: Span,
    /// All of it.
    pub whole: Span,
}

/// Calls between two, and where they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calls {
    /// The other one.
    pub party: Party,
    /// The calls.
    pub places: Vec<Span>,
}

/// Who stands at an offset: a gateway, a schedule, a flow, an operation.
#[must_use]
pub fn call_party(snapshot: &Snapshot, source: SourceId, offset: u32) -> Option<Party> {
    let names = snapshot.names().at(source, offset);
    let name = names.iter().find(|name| takes_part(name.kind))?;
    party(snapshot, name.declared, name.kind)
}

/// Who calls it. In the snapshot of a project, from all modules.
#[must_use]
pub fn incoming_calls(snapshot: &Snapshot, of: &Party) -> Vec<Calls> {
    let places = snapshot
        .names()
        .of_name(of.span)
        .filter(|place| place.role == Role::Used);
    let calls = places.filter_map(|place| {
        let item = item_at(snapshot, place.span)?;
        let name = name_of(item)?;
        let kind = match &item.kind {
            ItemKind::Flow(_) => NameKind::Flow,
            ItemKind::Gateway(_) => NameKind::Gateway,
            ItemKind::Schedule(_) => NameKind::Schedule,
            _ => return None,
        };
        Some((party(snapshot, name.span, kind)?, place.span))
    });
    grouped(calls)
}

/// Whom it calls.
#[must_use]
pub fn outgoing_calls(snapshot: &Snapshot, of: &Party) -> Vec<Calls> {
    let within = |place: &&Occurrence| of.whole.start <= place.span.start && place.span.end <= of.whole.end;
    let names = snapshot.names().of_text(of.span.source).filter(within);
    let called = names
        .filter(|name| name.role == Role::Used && matches!(name.kind, NameKind::Flow | NameKind::Operation));
    let calls = called.filter_map(|name| Some((party(snapshot, name.declared, name.kind)?, name.span)));
    grouped(calls)
}

fn takes_part(kind: NameKind) -> bool {
    matches!(
        kind,
        NameKind::Flow | NameKind::Operation | NameKind::Gateway | NameKind::Schedule
    )
}

fn grouped(calls: impl Iterator<Item = (Party, Span)>) -> Vec<Calls> {
    let mut found: Vec<Calls> = Vec::new();
    for (party, place) in calls {
        match found.iter_mut().find(|calls| calls.party == party) {
            Some(calls) => calls.places.push(place),
            None => found.push(Calls {
                party,
                places: vec![place],
            }),
        }
    }
    found
}

fn item_at(snapshot: &Snapshot, place: Span) -> Option<&Item> {
    let mut items = snapshot.ast(place.source)?.items.iter();
    items.find(|item| item.span.start <= place.start && place.end <= item.span.end)
}

fn party(snapshot: &Snapshot, name: Span, kind: NameKind) -> Option<Party> {
    let own = snapshot.slice(name).to_owned();
    let item = item_at(snapshot, name);
    let (label, whole) = match item.map(|item| &item.kind) {
        Some(ItemKind::Service(service)) => {
            let operation = service
                .operations
                .iter()
                .find(|operation| operation.name.span == name);
            let whole = operation.map_or(name, |operation| operation.span);
            (format!("{}.{own}", service.name.text), whole)
        }
        _ if kind == NameKind::Operation => (described(snapshot, name)?, name),
        _ => (own, item.map_or(name, |item| item.span)),
    };
    Some(Party {
        name: label,
        kind,
        span: name,
        whole,
    })
}

/// The name of an operation that a document declares.
fn described(snapshot: &Snapshot, declared: Span) -> Option<String> {
    let services = snapshot.analysis.checked.globals.services.iter();
    services
        .flat_map(|service| {
            service
                .operations
                .iter()
                .map(move |operation| (service, operation))
        })
        .find(|(_, operation)| operation.signature.span == declared)
        .map(|(service, operation)| format!("{}.{}", service.name, operation.signature.name))
}
