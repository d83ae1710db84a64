//! In which zones the addresses of a service stand.

use super::{Error, value::plain};
use crate::{
    ast::{self, Ident},
    check::Checker,
};
use flowmesh_diagnostics::{Code, Diagnostic};
use flowmesh_ir::locality::Zone;
use std::iter::repeat_n;

impl<'a> Checker<'a> {
    /// The zone of each address; nothing where none is written.
    pub(super) fn zones(&mut self, at: &'a ast::At) -> Vec<Zone> {
        let mut zones: Vec<Zone> = Vec::new();
        for written in &at.zones {
            let span = written.name.span;
            let Some(zone) = plain(&written.name).and_then(|text| text.parse().ok()) else {
                let found = self.slice(span);
                self.report(Error::NoZone { found, span }.diagnostic());
                continue;
            };
            if zones.contains(&zone) {
                let name = format!("\"{zone}\"").into();
                self.report(Error::SettingTwice { name, span }.diagnostic());
            }
            zones.extend(repeat_n(zone, written.addresses));
        }
        zones
    }
}

impl Error {
    pub(super) fn of_zones(self) -> Diagnostic {
        match self {
            Self::NoZone { found, span } => Diagnostic::error(
                Code(558),
                span,
                format!("{found} is not a zone"),
            )
            .help(
                "write one to three names of letters, digits, `-`, `_` and `.`, parted by `/`: `\"eu/eu-a\"`",
            ),
            Self::ZoneNames(names) => names_as_texts(&names),
            other => other.of_operations(),
        }
    }
}

/// All of them at once: one that is a text beside one that is not could not be read.
fn names_as_texts(names: &[Ident]) -> Diagnostic {
    let first = names.first().map(|name| name.span).unwrap_or_default();
    let diagnostic = Diagnostic::error(Code(558), first, "expected a zone as a text, found a name")
        .help("addresses by zone are written `at: { \"eu/eu-a\": \"http://10.1.0.1:8080\" }`");
    let text = |name: &Ident| format!("\"{}\"", name.text);
    let mut names = names.iter();
    match names.next() {
        None => diagnostic,
        Some(name) => {
            let title = format!("write `{}`", text(name));
            let diagnostic = diagnostic.fix(title, name.span, text(name));
            names.fold(diagnostic, |all, name| all.and_edit(name.span, text(name)))
        }
    }
}
