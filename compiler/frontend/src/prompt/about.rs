//! What the editor of a prompt asks: what stands behind a dot, and what is known of a name.

use super::{Session, make::Making};
use crate::{
    Analysis, World,
    check::{Member, members},
    ide,
};

impl Session {
    /// What can stand behind an expression and a dot.
    #[must_use]
    pub fn members(&self, world: &dyn World, of: &str) -> Vec<Member> {
        let mut making = Making::new(world, self);
        let spoken = making.spoken(self, Some(of));
        let root = making.resolved.modules.first();
        let entry = root.and_then(|root| root.scope.get(of.trim()));
        let def = entry.map(|entry| entry.def).filter(|_| spoken.asked.is_none());
        members(&spoken.checked.globals, def, &spoken.ty, &spoken.views)
    }

    /// What is known of the last name of an expression, in Markdown.
    #[must_use]
    pub fn doc(&self, world: &dyn World, of: &str) -> Option<String> {
        let mut making = Making::new(world, self);
        let spoken = making.spoken(self, Some(of));
        let end = of.trim_end_matches([')', '(', ' ']).len();
        let analysis = Analysis {
            resolved: making.resolved,
            checked: spoken.checked,
            ..Analysis::default()
        };
        let hover = ide::hover(&analysis, making.last?, u32::try_from(end).ok()?)?;
        Some(hover.markdown)
    }
}
