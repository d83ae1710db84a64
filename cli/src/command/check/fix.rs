//! `flowmesh check --fix`: makes the changes that diagnostics offer.

use crate::{draw, error::Error, output, project::Project};
use flowmesh_frontend::{Mending, mend};
use serde_json::{Value, json};
use similar::TextDiff;
use std::{collections::BTreeMap, path::Path};

/// What was changed, or would be.
pub(super) struct Fixed {
    mending: Mending,
    /// The difference of each text.
    differences: BTreeMap<String, String>,
}

/// Mends the program of a file. A compiled program has nothing to mend.
pub(super) fn fix(file: &Path, dry_run: bool) -> Result<Fixed, Error> {
    if file.extension().is_some_and(|extension| extension == "json") {
        let (mending, differences) = (Mending::default(), BTreeMap::new());
        return Ok(Fixed { mending, differences });
    }
    let (project, root) = Project::of(file)?;
    let mending = mend(&project, &root);
    let mut differences = BTreeMap::new();
    for (path, text) in &mending.texts {
        let difference = TextDiff::from_lines(&text.before, &text.after);
        let (old, new) = (format!("a/{path}"), format!("b/{path}"));
        let shown = difference.unified_diff().header(&old, &new).to_string();
        differences.insert(path.clone(), shown);
        if !dry_run {
            output::write(&project.path(path), &text.after)?;
        }
    }
    Ok(Fixed { mending, differences })
}

impl Fixed {
    /// For people: a line for each change, or what the texts would look like.
    pub(super) fn tell(&self, dry_run: bool) {
        if dry_run {
            return self.differences.values().for_each(|shown| draw::raw(shown));
        }
        for made in &self.mending.made {
            draw::say(format!("fixed {} {}: {}", made.place, made.code, made.title));
        }
    }

    /// For programs.
    pub(super) fn data(&self) -> Value {
        let made = self.mending.made.iter();
        let made = made.map(|made| json!({ "code": made.code, "place": made.place, "title": made.title }));
        json!({ "made": made.collect::<Vec<_>>(), "diff": self.differences })
    }
}
