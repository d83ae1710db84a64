//! What a call takes, while its arguments are written.

use super::snapshot::Snapshot;
use crate::{
    check::{FactKind, Globals, Signature, Ty},
    resolve::Def,
    syntax::SyntaxKind as K,
};
use flowmesh_diagnostics::{SourceId, Span};
use flowmesh_ir::{EventId, TypeId};

/// What a call takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignatureHelp {
    /// The whole of it, as it is declared.
    pub label: String,
    /// The bytes of each parameter in the label.
    pub params: Vec<(usize, usize)>,
    /// The parameter at the cursor, if there is one.
    pub active: Option<usize>,
    /// What it does.
    pub doc: String,
}

/// What the call around an offset takes. It is found in a text in which the call is not finished, too.
#[must_use]
pub fn signature_help(snapshot: &Snapshot, source: SourceId, offset: u32) -> Option<SignatureHelp> {
    let open = open_bracket(snapshot, source, offset)?;
    let (names, at) = (
        given(snapshot, open, offset),
        callee(snapshot, source, open.start)?,
    );
    let (mut help, params) = help(snapshot, at)?;
    let last = names.last().cloned().unwrap_or_default();
    help.active = match &last {
        Some(name) => params.iter().position(|param| param == name),
        None => Some(names.len().saturating_sub(1)).filter(|at| *at < params.len()),
    };
    Some(help)
}

/// The bracket of a call that is open at an offset, up to there.
fn open_bracket(snapshot: &Snapshot, source: SourceId, offset: u32) -> Option<Span> {
    let (mut token, _) = snapshot.tokens_at(source, offset);
    let mut depth = 0usize;
    while let Some(at) = token {
        let kind = at.kind();
        let behind = u32::from(at.text_range().start()) >= offset;
        if !behind && kind.closes() && u32::from(at.text_range().end()) <= offset {
            depth += 1;
        } else if !behind && kind.opens() {
            if depth == 0 {
                let begins = u32::from(at.text_range().start());
                let touched = at.prev_token().is_some_and(|before| before.kind() == K::Word);
                return (kind == K::RoundOpen && touched).then(|| Span::new(source, begins, offset));
            }
            depth -= 1;
        }
        token = at.prev_token();
    }
    None
}

/// For each argument up to the cursor the name that is before it.
fn given(snapshot: &Snapshot, open: Span, offset: u32) -> Vec<Option<String>> {
    let inner = Span {
        start: open.start + 1,
        end: offset,
        ..open
    };
    let mut parts: Vec<String> = vec![String::new()];
    let mut depth = 0i32;
    for letter in snapshot.slice(inner).chars() {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = parts.last_mut() {
            last.push(letter);
        }
    }
    let name = |part: &String| {
        let (name, _) = part.split_once(':')?;
        let name = name.trim();
        name.chars()
            .all(|c| c.is_alphanumeric() || c == '_')
            .then(|| name.to_owned())
    };
    parts.iter().map(name).collect()
}

/// The word before the bracket.
fn callee(snapshot: &Snapshot, source: SourceId, open: u32) -> Option<Span> {
    let word = snapshot.tokens_at(source, open).0?;
    Some(Span::new(
        source,
        word.text_range().start().into(),
        word.text_range().end().into(),
    ))
}

fn help(snapshot: &Snapshot, at: Span) -> Option<(SignatureHelp, Vec<String>)> {
    let checked = &snapshot.analysis.checked;
    let globals = &checked.globals;
    let fact = checked.facts.iter().find(|fact| fact.span == at);
    match fact.map(|fact| &fact.kind) {
        Some(FactKind::Operation(service, operation, _)) => {
            let operation = globals.operation(service.0, *operation)?;
            Some(of_signature(globals, &operation.signature))
        }
        Some(FactKind::Def(def)) => of_def(globals, *def),
        Some(FactKind::Case(ty, name)) => {
            let (_, cases) = globals.cases(ty)?;
            let case = cases.iter().find(|case| case.name == *name)?;
            let params = case
                .fields
                .iter()
                .map(|field| (field.name.to_string(), globals.show(&field.ty)));
            Some(shown(name, &params.collect::<Vec<_>>(), "", None))
        }
        Some(FactKind::Native(native)) => {
            let params = native.params.iter();
            let text = native.to_string();
            let mut help = SignatureHelp {
                doc: format!("{}\n\n`{}`", native.doc, native.example),
                ..SignatureHelp::default()
            };
            let mut from = text.find('(').unwrap_or(0);
            for param in params.clone() {
                let start = text.get(from..)?.find(param.name).map(|start| start + from)?;
                let rest = text.get(start..)?;
                let end = start + end_of_param(rest);
                help.params.push((start, end));
                from = end;
            }
            help.label = text;
            Some((help, params.map(|param| param.name.to_owned()).collect()))
        }
        _ => of_name(snapshot, at),
    }
}

/// Where a parameter ends in a signature.
fn end_of_param(text: &str) -> usize {
    let mut depth = 0i32;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => return at,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

fn of_def(globals: &Globals, def: Def) -> Option<(SignatureHelp, Vec<String>)> {
    match def {
        Def::Type(id) => of_record(globals, TypeId(id)),
        Def::Event(id) => of_record(globals, globals.event(EventId(id))?),
        _ => Some(of_signature(globals, globals.called(def)?)),
    }
}

fn of_record(globals: &Globals, id: TypeId) -> Option<(SignatureHelp, Vec<String>)> {
    let (_, fields) = globals.record(&Ty::Named(id))?;
    let info = globals.types.get(id.index())?;
    let params: Vec<(String, String)> = fields
        .iter()
        .map(|field| (field.name.to_string(), globals.show(&field.ty)))
        .collect();
    Some(shown(&info.name, &params, "", info.doc.as_deref()))
}

fn of_signature(globals: &Globals, signature: &Signature) -> (SignatureHelp, Vec<String>) {
    let params: Vec<(String, String)> = signature
        .params
        .iter()
        .map(|param| (param.name.to_string(), globals.show(&param.ty)))
        .collect();
    let result = match &signature.result {
        Ty::Unit => String::new(),
        ty => format!(" -> {}", globals.show(ty)),
    };
    shown(&signature.name, &params, &result, signature.doc.as_deref())
}

fn shown(
    name: &str,
    params: &[(String, String)],
    result: &str,
    doc: Option<&str>,
) -> (SignatureHelp, Vec<String>) {
    let mut label = format!("{name}(");
    let mut places = Vec::with_capacity(params.len());
    for (at, (name, ty)) in params.iter().enumerate() {
        if at > 0 {
            label += ", ";
        }
        let start = label.len();
        label += &format!("{name}: {ty}");
        places.push((start, label.len()));
    }
    label += &format!("){result}");
    let help = SignatureHelp {
        label,
        params: places,
        active: None,
        doc: doc.unwrap_or_default().to_owned(),
    };
    (help, params.iter().map(|(name, _)| name.clone()).collect())
}

/// Where the text around is broken, whatever has the name in the module: an operation, a flow, a function, a type.
fn of_name(snapshot: &Snapshot, at: Span) -> Option<(SignatureHelp, Vec<String>)> {
    let globals = &snapshot.analysis.checked.globals;
    let name = snapshot.slice(at);
    let module = snapshot.module(at.source)?;
    let dotted = snapshot
        .slice(Span {
            start: 0,
            end: at.start,
            ..at
        })
        .ends_with('.');
    if dotted {
        let operations = globals.services.iter().flat_map(|service| &service.operations);
        let mut known = operations.filter(|operation| operation.signature.name == name);
        return known
            .next()
            .map(|operation| of_signature(globals, &operation.signature));
    }
    of_def(globals, module.scope.get(name)?.def)
}
