//! Goes over all statements and expressions of a tree, however deep.

use crate::ast::{Block, Flow, ItemKind, Module, Part, Statement};

/// Takes each statement and each expression.
pub(super) type Take<'t, 'a> = &'t mut dyn FnMut(Part<'a>);

/// All parts of a block, itself not included.
pub(super) fn block<'a>(block: &'a Block, take: Take<'_, 'a>) {
    for statement in &block.statements {
        part(Part::Statement(statement), take);
    }
}

/// A part, and all parts of it.
pub(super) fn part<'a>(part: Part<'a>, take: Take<'_, 'a>) {
    take(part);
    match part {
        Part::Statement(statement) => statement.each_part(&mut |inner, _| self::part(inner, take)),
        Part::Expr(expr) => expr.each_part(&mut |inner, _| self::part(inner, take)),
        Part::Block(block) => self::block(block, take),
    }
}

/// All statements of a block.
pub(super) fn statements<'a>(within: &'a Block, take: &mut dyn FnMut(&'a Statement)) {
    block(within, &mut |part| {
        if let Part::Statement(statement) = part {
            take(statement);
        }
    });
}

/// The flows of a module.
pub(super) fn flows(module: &Module) -> impl Iterator<Item = &Flow> {
    module.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Flow(flow) => Some(&**flow),
        _ => None,
    })
}
