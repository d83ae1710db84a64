//! What is asked of a name at a prompt.

use super::{Session, make::Making};
use crate::{Analysis, World, ide};

impl Session {
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
