//! Doubles of the services: they answer by type, and know what they carried out.

use super::{Chance, Faults};
use flowmesh_ir::flow::End;
use flowmesh_ir::{
    OperationId, Program, ServiceId,
    call::Request,
    service::{EffectKind, Operation},
    ty::{Field, Shape, Type},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// How deep an example goes.
const DEPTH_MAX: u32 = 16;

/// An answer: a status and a body.
pub(super) type Answer = (u16, Arc<[u8]>);

/// All services of a program.
pub(super) struct Services {
    /// What was answered to each key, so that a repetition hears the same.
    known: BTreeMap<String, Answer>,
    /// How often something was carried out under each key.
    pub(super) carried_out: BTreeMap<String, u32>,
    /// Operations that undo others: they are never declined, but may be refused.
    undoing: BTreeSet<(ServiceId, OperationId)>,
}

impl Services {
    pub(super) fn new(program: &Program) -> Self {
        let states = program.flows.iter().flat_map(|flow| &flow.states);
        let undos = states.filter_map(|state| match &state.end {
            End::Call(call) => call.undo.as_ref(),
            _ => None,
        });
        let undoing = undos
            .map(|undo| (undo.target.service, undo.target.operation))
            .collect();
        Self {
            known: BTreeMap::new(),
            carried_out: BTreeMap::new(),
            undoing,
        }
    }

    /// What a request is answered with. A key that was seen before changes nothing.
    pub(super) fn answer(
        &mut self,
        program: &Program,
        request: &Request,
        chance: &mut Chance,
        faults: Faults,
    ) -> Answer {
        // A key means something to one operation only: two operations may well have the same.
        let key = request
            .key
            .as_ref()
            .filter(|_| request.effect == EffectKind::Keyed);
        let key = key.map(|key| format!("{}.{}: {key}", request.service, request.operation));
        if let Some(answer) = key.as_ref().and_then(|key| self.known.get(key)) {
            return answer.clone();
        }
        let answer = self.fresh(program, request, chance, faults);
        if let Some(key) = key {
            if answer.0 < 300 {
                let count = self.carried_out.entry(key.clone()).or_default();
                *count = count.saturating_add(1);
            }
            self.known.insert(key, answer.clone());
        }
        answer
    }

    fn fresh(&self, program: &Program, request: &Request, chance: &mut Chance, faults: Faults) -> Answer {
        let Some(operation) = operation(program, request) else {
            return (404, Arc::from(*b""));
        };
        let undoes = self.undoing.contains(&(request.service, request.operation));
        if undoes && chance.happens(faults.not_undone) {
            return (409, Arc::from(*br#"{"reason":"simulated"}"#));
        }
        let on = operation.on.get(chance.index(operation.on.len()));
        match on.filter(|_| !undoes && chance.happens(faults.declined)) {
            Some(on) => (on.status, Arc::from(*br#"{"reason":"simulated"}"#)),
            None => (
                200,
                example(program, &operation.result, DEPTH_MAX).into_bytes().into(),
            ),
        }
    }
}

/// The operation of a request.
pub(super) fn operation<'p>(program: &'p Program, request: &Request) -> Option<&'p Operation> {
    program
        .service(request.service)?
        .operations
        .get(request.operation.index())
}

/// Some value of a type, as JSON.
fn example(program: &Program, ty: &Type, depth: u32) -> String {
    let Some(depth) = depth.checked_sub(1) else {
        return "null".to_owned();
    };
    match ty {
        Type::Unit => String::new(),
        Type::Bool => "true".to_owned(),
        Type::Int | Type::Float => "1".to_owned(),
        Type::Decimal => "\"1\"".to_owned(),
        Type::String => "\"text\"".to_owned(),
        Type::Bytes => "\"\"".to_owned(),
        Type::Time => "\"2026-01-01T00:00:00Z\"".to_owned(),
        Type::Date => "\"2026-01-01\"".to_owned(),
        Type::Duration => "\"1s\"".to_owned(),
        Type::Url => "\"http://127.0.0.1:1\"".to_owned(),
        Type::Optional(_) => "null".to_owned(),
        Type::List(_) => "[]".to_owned(),
        Type::Json | Type::Map(_) => "{}".to_owned(),
        Type::Named(id) => match program.ty(*id).map(|ty| (&ty.shape, &ty.tag)) {
            Some((Shape::Record(fields), _)) => record(program, fields, depth),
            Some((Shape::Alias { ty, .. }, _)) => example(program, ty, depth),
            Some((Shape::Enum(cases), Some(tag))) => match cases.first() {
                Some(case) => {
                    let fields = record(program, &case.fields, depth);
                    let (wire, rest) = (case.wire(), fields.trim_start_matches('{'));
                    let between = if case.fields.is_empty() { "" } else { "," };
                    format!("{{\"{tag}\":\"{wire}\"{between}{rest}")
                }
                None => "null".to_owned(),
            },
            Some((Shape::Enum(cases), None)) => match cases.first() {
                Some(case) if case.fields.is_empty() => format!("\"{}\"", case.name),
                Some(case) => format!("{{\"{}\":{}}}", case.name, record(program, &case.fields, depth)),
                None => "null".to_owned(),
            },
            None => "null".to_owned(),
        },
    }
}

fn record(program: &Program, fields: &[Field], depth: u32) -> String {
    let fields: Vec<String> = fields
        .iter()
        .map(|field| format!("\"{}\":{}", field.name, example(program, &field.ty, depth)))
        .collect();
    format!("{{{}}}", fields.join(","))
}
