//! What stands under the cursor, in Markdown: how it is written, what it means, and what holds for it.

use super::holds::policy_text;
use crate::{
    Analysis,
    ast::Item,
    check::{Fact, FactKind, FieldInfo, Globals, Signature, Ty},
    resolve::Def,
};
use flowmesh_diagnostics::{SourceId, Span};
use flowmesh_ir::{FlowId, PolicyId, ServiceId, service::EffectKind, worst};

/// What stands at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// The place.
    pub span: Span,
    /// What it is.
    pub markdown: String,
}

/// What stands at an offset of a text.
#[must_use]
pub fn hover(analysis: &Analysis, source: SourceId, offset: u32) -> Option<Hover> {
    let Some(fact) = analysis.checked.facts.at(source, offset) else {
        return declared(analysis, source, offset);
    };
    Some(Hover {
        span: fact.span,
        markdown: markdown(analysis, fact)?,
    })
}

/// The declaration whose name stands at an offset.
fn declared(analysis: &Analysis, source: SourceId, offset: u32) -> Option<Hover> {
    let mut modules = analysis.resolved.modules.iter();
    let module = modules.find(|module| module.source == source)?;
    let mut entries = module.scope.values();
    let own = entries.find(|entry| {
        entry.import.is_none()
            && entry.span.source == source
            && entry.span != Span::default()
            && entry.span.touches(offset)
    })?;
    Some(Hover {
        span: own.span,
        markdown: def_text(analysis, own.def)?,
    })
}

fn markdown(analysis: &Analysis, fact: &Fact) -> Option<String> {
    let globals = &analysis.checked.globals;
    let typed = |name: &str, ty: &Ty| code(&format!("{name}: {}", globals.show(ty)));
    Some(match &fact.kind {
        FactKind::Local(name, ty) => typed(name, ty),
        FactKind::Field(name, ty) => with_doc(&typed(name, ty), field_doc(globals, fact.declared)),
        FactKind::Case(ty, name) => code(&format!("{}.{name}", globals.show(ty))),
        FactKind::Builtin(name, ty, doc) => with_doc(&typed(name, ty), Some(*doc)),
        FactKind::Native(native) => with_doc(
            &code(&native.to_string()),
            Some(&format!("{}\n\n`{}`", native.doc, native.example)),
        ),
        FactKind::Setting(setting) => with_doc(
            &code(&format!("{}: {}", setting.name, setting.form)),
            Some(setting.doc),
        ),
        FactKind::Operation(service, operation, policy) => {
            operation_text(analysis, *service, *operation, *policy)?
        }
        FactKind::Def(def) => def_text(analysis, *def)?,
    })
}

pub(super) fn field_doc(globals: &Globals, declared: Option<Span>) -> Option<&str> {
    let declared = declared?;
    let fields = globals.types.iter().flat_map(|info| info.fields());
    let params = globals.errors.iter().flat_map(|error| &error.params);
    let field = fields.chain(params).find(|field| field.span == declared)?;
    field.doc.as_deref()
}

fn operation_text(
    analysis: &Analysis,
    service: ServiceId,
    operation: u32,
    policy: PolicyId,
) -> Option<String> {
    let globals = &analysis.checked.globals;
    let text = operation_words(globals, service, operation)?;
    let policy = analysis.checked.policies.get(policy.index())?;
    Some(format!("{text}; {}", policy_text(globals, policy)))
}

/// How an operation is written, what it means and what a call of it does, whatever holds for calls.
pub(super) fn operation_words(globals: &Globals, service: ServiceId, operation: u32) -> Option<String> {
    let info = globals.operation(service.0, operation)?;
    let owner = globals.services.get(service.index())?;
    let effect = match info.effect {
        EffectKind::Read => "changes nothing",
        EffectKind::Idempotent => "can be repeated",
        EffectKind::Keyed => "has a key, and can be repeated",
        EffectKind::Once => "runs at most once",
    };
    let head = code(&format!(
        "op {}.{}",
        owner.name,
        signature(globals, &info.signature)
    ));
    let text = with_doc(&head, info.signature.doc.as_deref());
    Some(format!("{text}\n\n{effect}"))
}

pub(super) fn def_text(analysis: &Analysis, def: Def) -> Option<String> {
    let globals = &analysis.checked.globals;
    let item = || analysis.resolved.item(analysis.resolved.declared(def)?);
    let doc = |item: Option<&Item>| item.and_then(|item| item.doc.clone());
    let name = || {
        analysis
            .resolved
            .declared(def)
            .map(|declared| declared.name.text.clone())
    };
    let (head, doc) = match def {
        Def::Config(id) => {
            let ty = globals.configs.get(id as usize)?;
            (format!("config {}: {}", name()?, globals.show(ty)), doc(item()))
        }
        Def::Type(id) => {
            let info = globals.types.get(id as usize)?;
            (info.describe(globals), info.doc.clone())
        }
        Def::Error(id) => {
            let error = globals.errors.get(id as usize)?;
            (
                format!("error {}({})", error.name, params(globals, &error.params)),
                error.doc.clone(),
            )
        }
        Def::Event(id) => {
            let event = globals.ty(globals.event(flowmesh_ir::EventId(id))?)?;
            (
                event.describe(globals).replacen("type", "event", 1),
                event.doc.clone(),
            )
        }
        Def::Function(id) => {
            let function = globals.functions.get(id as usize)?;
            (
                format!("fn {}", signature(globals, function)),
                function.doc.clone(),
            )
        }
        Def::Template(id) => {
            let flow = globals.templates.get(id as usize)?;
            (format!("flow {}", signature(globals, flow)), flow.doc.clone())
        }
        Def::Flow(id) => {
            let flow = globals.flows.get(id as usize)?;
            let text = with_doc(
                &code(&format!("flow {}", signature(globals, flow))),
                flow.doc.as_deref(),
            );
            let time = analysis
                .program
                .as_ref()
                .map(|program| worst::flow(program, FlowId(id)));
            return Some(match time {
                Some(time) if time.open => format!(
                    "{text}\n\ntakes as long as what it waits for; its calls up to {}",
                    crate::check::time(time.ms)
                ),
                Some(time) => format!("{text}\n\ntakes {} at the most", crate::check::time(time.ms)),
                None => text,
            });
        }
        Def::Policy(id) => {
            let policy = globals.policies.get(id as usize)?.policy();
            let text = with_doc(&code(&format!("policy {}", name()?)), doc(item()).as_deref());
            return Some(format!("{text}\n\n{}", policy_text(globals, &policy)));
        }
        Def::Service(id) => {
            let service = globals.services.get(id as usize)?;
            let text = with_doc(
                &code(&format!("service {}", service.name)),
                doc(item()).as_deref(),
            );
            return Some(format!(
                "{text}\n\n{}",
                policy_text(globals, &service.overrides.policy())
            ));
        }
        Def::Secret(_) | Def::Gateway(_) | Def::Schedule(_) => {
            (format!("{} {}", def.kind(), name()?), doc(item()))
        }
        Def::Module(id) => {
            let module = analysis.resolved.module(id)?;
            (format!("module {}", module.name), module.ast.doc.clone())
        }
    };
    Some(with_doc(&code(&head), doc.as_deref()))
}

fn signature(globals: &Globals, signature: &Signature) -> String {
    let result = match &signature.result {
        Ty::Unit => String::new(),
        ty => format!(" -> {}", globals.show(ty)),
    };
    let names = signature
        .fails
        .iter()
        .filter_map(|(id, _)| globals.error(*id))
        .map(|error| error.name.as_str());
    let names: Vec<&str> = names.collect();
    let fails = if names.is_empty() {
        String::new()
    } else {
        format!(" fails {}", names.join(", "))
    };
    format!(
        "{}({}){result}{fails}",
        signature.name,
        params(globals, &signature.params)
    )
}

fn params(globals: &Globals, params: &[FieldInfo]) -> String {
    let param = |param: &FieldInfo| format!("{}: {}", param.name, globals.show(&param.ty));
    params.iter().map(param).collect::<Vec<_>>().join(", ")
}

fn code(text: &str) -> String {
    format!("```flow\n{text}\n```")
}

fn with_doc(head: &str, doc: Option<&str>) -> String {
    match doc {
        Some(doc) if !doc.is_empty() => format!("{head}\n\n{doc}"),
        _ => head.to_owned(),
    }
}
