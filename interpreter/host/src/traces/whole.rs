//! All spans of a run, from its journal: those that have ended, and those that have not.

use super::tree::Tree;
use crate::{RunId, engine::Happened, trails::SpanView};

/// The spans of a run, and the runs that it waits for or waited for.
pub(crate) fn whole(past: &[Happened]) -> (Vec<SpanView>, Vec<RunId>) {
    let Some(first) = past.first() else {
        return (Vec::new(), Vec::new());
    };
    let mut tree = Tree::new(first);
    let (mut spans, mut children) = (Vec::new(), Vec::new());
    let mut last = first;
    for happened in past {
        let ended = tree.happened(happened).into_iter();
        spans.extend(ended.map(|span| SpanView::new(span, false)));
        let begun = happened.children.iter();
        children.extend(begun.map(|call| happened.run.derived(*call, "").0));
        last = happened;
    }
    if last.ending.is_none() {
        let open = tree.open(last.event.at).into_iter();
        spans.extend(open.map(|span| SpanView::new(span, true)));
    }
    (spans, children)
}
