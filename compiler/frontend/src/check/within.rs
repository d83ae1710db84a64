//! What is known where a word is missing in a function or a flow, of a program that was checked without the word. Whatever the
//! word may change elsewhere, what it could be is asked in that declaration alone: no other is looked at again.

use super::{Checked, Checker, Probe};
use crate::{
    ast::{self, ItemKind},
    resolve::{Declared, ModuleId, Resolved},
};
use flowmesh_diagnostics::{Diagnostics, Sources, Span};
use flowmesh_ir::FlowId;

/// What is known in a declaration of the root, of which `item` is the tree with the word in it at `at`; nothing where it is
/// neither a function nor a flow, or where more than what is declared matters to it.
pub(crate) fn probe_within(
    (resolved, sources): (&Resolved, &Sources),
    checked: &Checked,
    number: usize,
    item: &ast::Item,
    at: u32,
) -> Option<Option<Probe>> {
    // What a template is given is looked up in what was made of services.
    if !checked.globals.templates.is_empty() {
        return None;
    }
    let mut found = Diagnostics::default();
    let mut checker = Checker::new(resolved, sources, &mut found);
    checker.globals = checked.globals.shared();
    let root = ModuleId::default();
    let number_in = |table: &[Declared]| {
        let is_it = |declared: &Declared| declared.module == root && declared.item == number;
        table.iter().position(is_it)
    };
    let begins = |body: Span| body.start <= at;
    match &item.kind {
        ItemKind::Function { body, .. } if begins(body.span) => {
            let number = number_in(&resolved.tables.functions)?;
            checker.function(number, root, item)?;
        }
        ItemKind::Function { params, result, .. } => {
            checker.frame.module = root;
            checker.fields(params);
            checker.ty(result);
        }
        ItemKind::Flow(flow) => {
            if !begins(flow.body.span) {
                checker.frame.module = root;
                checker.params(root, &flow.params);
                flow.result.iter().for_each(|result| drop(checker.ty(result)));
                checker.fails(&flow.fails);
            }
            // What is said of it besides does not change what it is from outside.
            if checker.probes.is_empty() {
                let number = number_in(&resolved.tables.flows)?;
                let id = FlowId(u32::try_from(number).ok()?);
                let signature = checker.globals.flow(id).cloned()?;
                checker.flow(root, flow, item.doc.clone(), signature);
            }
        }
        _ => return None,
    }
    Some(checker.probes.pop())
}
