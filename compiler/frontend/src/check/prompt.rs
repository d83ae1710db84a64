//! The statements of a prompt beside a program: a test without an end, and what is asked behind it.

use super::{
    Checked, Checker,
    frame::{Kind, Local, Role},
    ty::Ty,
};
use crate::{
    ast::{self, Ident},
    resolve::{ModuleId, Resolved},
};
use flowmesh_diagnostics::{Diagnostics, Sources, Span};
use flowmesh_ir::{
    Name, SlotId,
    test::{Step, StepKind, Test},
    ty::Type,
};

/// What was said at a prompt.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    /// A statement as tests have them.
    Test(ast::TestStatement),
    /// A run goes on from what had happened to another one.
    Fork { name: Ident, of: ast::Expr, events: u64 },
    /// Mocks of a call hold no more: what is called, with arguments that do not matter.
    Unmock(ast::Expr),
}

/// A name that can be used behind what was said.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// The name.
    pub name: Name,
    /// Where its value is.
    pub slot: SlotId,
    /// Its type, as an author would write it.
    pub type_text: String,
    /// Its type at a border; a run has none.
    pub ty: Option<Type>,
    /// The flow, if it is a run.
    pub run: Option<Name>,
}

/// What a prompt made of a program.
#[derive(Debug)]
pub(crate) struct Spoken {
    pub(crate) checked: Checked,
    pub(crate) test: Test,
    /// The names that hold now.
    pub(crate) bound: Vec<Bound>,
    /// What was asked, if it has a value.
    pub(crate) asked: Option<Bound>,
}

/// Checks a program, what was said and what is asked behind it.
pub(crate) fn session<'a>(
    resolved: &'a Resolved,
    sources: &'a Sources,
    found: &'a mut Diagnostics,
    said: &'a [Said],
    asked: Option<&'a ast::Expr>,
) -> Spoken {
    let mut checker = Checker::new(resolved, sources, found);
    super::all(&mut checker);
    checker.test = super::test::State::default();
    let ((mut steps, asked), frame) = checker.within(ModuleId::default(), Kind::Test, |checker| {
        let steps: Vec<Step> = said.iter().filter_map(|said| checker.step_of(said)).collect();
        let asked = asked.map(|asked| checker.question(asked));
        (steps, asked)
    });
    checker.copies();
    let all = (0u32..).map(SlotId).zip(&frame.locals);
    let visible = all.filter(|(slot, local)| frame.find(&local.name) == Some(*slot));
    let named = visible.filter(|(_, local)| matches!(local.role, Role::Let));
    let bound = named.map(|(slot, local)| checker.bound_to(slot, local)).collect();
    let asked = asked.and_then(|(step, slot)| {
        steps.push(step);
        let local = frame.locals.get(slot.index())?;
        (!local.ty.is_bad()).then(|| checker.bound_to(slot, local))
    });
    let test = Test {
        title: "session".to_owned(),
        span: Span::default(),
        slots: frame.slots(),
        steps,
    };
    Spoken {
        checked: checker.finish(),
        test,
        bound,
        asked,
    }
}

impl<'a> Checker<'a> {
    fn step_of(&mut self, said: &'a Said) -> Option<Step> {
        let (span, kind) = match said {
            Said::Test(statement) => return self.test_statement(statement),
            Said::Fork { name, of, events } => {
                let (of, flow) = self.run_of(of)?;
                let run = self.test_bind(name, Ty::Run(flow));
                self.test.began(run, flow);
                let events = *events;
                (name.span, StepKind::Fork { of, events, run })
            }
            Said::Unmock(call) => (call.span, StepKind::Unmock(self.call_meant(call)?.target)),
        };
        Some(Step { span, kind })
    }

    /// What is asked, and the slot that it goes to.
    fn question(&mut self, asked: &'a ast::Expr) -> (Step, SlotId) {
        let (value, ty) = self.test_value(asked);
        let slot = self.frame.hidden("it", ty);
        let kind = StepKind::Let { slot, value };
        let step = Step {
            span: asked.span,
            kind,
        };
        (step, slot)
    }

    fn bound_to(&mut self, slot: SlotId, local: &Local) -> Bound {
        let run = match &local.ty {
            Ty::Run(flow) => self
                .globals
                .flows
                .get(*flow as usize)
                .map(|flow| flow.name.clone()),
            _ => None,
        };
        let ty = match &local.ty {
            Ty::Run(_) => None,
            ty => Some(self.border(ty, &local.name).unwrap_or(Type::Json)),
        };
        let type_text = match &run {
            Some(flow) => format!("a run of {flow}"),
            None => self.globals.show(&local.ty),
        };
        Bound {
            name: local.name.clone(),
            slot,
            type_text,
            ty,
            run,
        }
    }
}
