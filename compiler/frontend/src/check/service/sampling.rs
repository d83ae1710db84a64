//! `trace: { sample, tags, propagate }`: what is kept of traces, and who is told of them.

use super::setting::Setting as Known;
use crate::{
    ast::{self, ExprKind},
    check::Checker,
};
use flowmesh_ir::traffic::{Propagation, Trace};

impl<'a> Checker<'a> {
    pub(crate) fn sampling(&mut self, known: &'static Known, value: &'a ast::Expr) -> Option<Trace> {
        let (mut sample, mut tags, mut propagate) = (10_000, Vec::new(), Vec::new());
        for (name, part) in self.parts(known, value) {
            match name {
                "sample" => sample = self.hundredths(name, part)?,
                "tags" => tags = self.config_texts(known, part),
                _ => propagate = self.forms(name, part)?,
            }
        }
        Some(Trace {
            sample,
            tags,
            propagate,
        })
    }

    /// `[w3c, b3]`
    fn forms(&mut self, name: &'static str, value: &'a ast::Expr) -> Option<Vec<Propagation>> {
        let ExprKind::List(items) = &value.kind else {
            self.wrong_form(name, "a list such as `[w3c, b3]`", value.span);
            return None;
        };
        let words = Propagation::ALL.map(Propagation::as_str);
        let mut forms = Vec::new();
        for item in items {
            let word = self.word(name, item, &words)?;
            let form = Propagation::ALL.into_iter().find(|form| form.as_str() == word)?;
            match forms.contains(&form) {
                true => self.said_twice(item),
                false => forms.push(form),
            }
        }
        Some(forms)
    }
}
