//! The quick way: where the word stands in a function or a flow, the program that is known is the same but for that one.

use super::place::Site;
use crate::{
    ast::Item,
    check::{Probe, probe_within},
    ide::snapshot::Snapshot,
    parse,
    syntax::SyntaxNode,
};
use flowmesh_diagnostics::SourceId;

/// What is known of the place, and the declaration around it with the word in it.
pub(super) type Inside = (Option<Probe>, Item);

/// What is known of the place, and the declaration around it with the word in it. Nothing where the program may be another
/// one with the word.
pub(super) fn within(program: &Snapshot, source: SourceId, (site, text): (&Site, &str)) -> Option<Inside> {
    if program.sources.get(source)?.text != text {
        return None;
    }
    let nodes: Vec<SyntaxNode> = site
        .tree
        .children()
        .filter(|node| !node.kind().is_bad())
        .collect();
    let items = &program.ast(source)?.items;
    let number = nodes
        .iter()
        .position(|node| node.text_range().contains(site.start.into()))?;
    let longer = u32::try_from(site.text.len().checked_sub(text.len())?).ok()?;
    let stays = |(at, (node, item)): (usize, (&SyntaxNode, &Item))| {
        let (start, end) = (node.text_range().start().into(), node.text_range().end().into());
        let moved = |place: u32, is_behind: bool| place.saturating_add(if is_behind { longer } else { 0 });
        let expected = (
            moved(item.span.start, at > number),
            moved(item.span.end, at >= number),
        );
        (start, end) == expected
    };
    if nodes.len() != items.len() || !nodes.iter().zip(items).enumerate().all(stays) {
        return None;
    }
    let item = parse::item_of(source, nodes.get(number)?)?;
    let analysis = &program.analysis;
    let known = (&analysis.resolved, &program.sources);
    let probe = probe_within(known, &analysis.checked, number, &item, site.start)?;
    Some((probe, item))
}
