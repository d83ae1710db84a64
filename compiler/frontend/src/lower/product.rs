//! What a flow produces: looked for before its body and behind it, and told when it is there. And what it begins after:
//! looked for until it is there.

use super::{flow::Lowering, states::Label};
use crate::check::tree::{Look, Produces, Required};
use flowmesh_ir::{
    Name, Value,
    expr::{Binary, Expr, Raise},
    flow::{Arm, Call, Emit, End, Instruction, On, PRODUCED, Wait},
    program::BUILTIN_ERRORS,
};
use jiff::SignedDuration;

/// The tag of a run that had nothing to do, and the target that was there.
const ALREADY: &str = "already";
/// So often it is looked for what nobody told of.
const LOOKS: SignedDuration = SignedDuration::from_mins(10);

impl Lowering<'_> {
    /// A flow whose target is there is done; otherwise what follows is its body.
    pub(super) fn before(&mut self, produces: &Produces) {
        self.states.at(produces.span);
        let missing = self.look((&produces.look, &produces.shown), false, |lowering| {
            let (states, shown) = (&mut lowering.states, &produces.shown);
            states.push(Instruction::Tag(Name::new_static(ALREADY), shown.clone()));
            let words = between("done already: ", shown, " exists");
            states.push(Instruction::Log(words));
            states.end(End::Return(Expr::Constant(Value::None)));
        });
        self.states.begin(missing);
    }

    /// What a flow begins after is there when its body begins. Who tells of it wakes the run that waits; what was made
    /// by somebody who tells nobody is found when it is looked for again.
    pub(super) fn gather(&mut self, required: &Required) {
        self.states.at(required.span);
        let (again, next) = (self.states.label(), self.states.label());
        self.states.end(End::Jump(again));
        self.states.begin(again);
        let missing = self.look((&required.look, &required.shown), false, |lowering| {
            lowering.states.end(End::Jump(next));
        });
        self.states.begin(missing);
        self.states.step("await event produced");
        let told = Expr::Field(Box::new(Expr::Slot(required.told)), Name::new_static("target"));
        let same = Expr::Binary(Binary::Equal, Box::new(told), Box::new(required.shown.clone()));
        let event = On::Event {
            event: required.event,
            slot: required.told,
            condition: Some(same),
        };
        let after = On::After(Expr::Constant(Value::Duration(LOOKS)));
        let arm = |on| Arm {
            on,
            bind: None,
            next: again,
        };
        self.states.end(End::Wait(Wait {
            arms: vec![arm(event), arm(after)],
            catch: Vec::new(),
        }));
        self.states.begin(next);
    }

    /// The ends of the body. Who falls off it while something goes on beside waits for that when the target was seen.
    pub(super) fn ends(&mut self, produces: &Produces) {
        match self.fall_off() {
            End::Join => self.after(produces, End::Join),
            _ => self.make(produces, &Expr::Constant(Value::None)),
        }
        if let Some(label) = self.made {
            self.states.begin(label);
            let result = produces.result.map_or(Expr::Constant(Value::None), Expr::Slot);
            self.after(produces, End::Return(result));
        }
    }

    /// What comes when the body has come to an end. A flow that has not made what it ought to fails; otherwise it is
    /// told, and the run ends so.
    fn after(&mut self, produces: &Produces, end: End) {
        self.states.at(produces.span);
        let missing = self.look((&produces.look, &produces.shown), true, |lowering| {
            let next = lowering.states.label();
            lowering.states.step(&format!("emit {PRODUCED}"));
            lowering.states.end(End::Emit(Emit {
                event: produces.event,
                value: told(produces),
                next,
            }));
            lowering.states.begin(next);
            lowering.states.end(end);
        });
        self.states.begin(missing);
        self.states.end(End::Fail(lacking(produces)));
    }

    /// Looks for the target and goes on with `found` where it is there; gives where it leads if it is not.
    fn look(&mut self, (look, shown): (&Look, &Expr), after: bool, found: impl FnOnce(&mut Self)) -> Label {
        let (there, missing) = (self.states.label(), self.states.label());
        match look {
            Look::Place => {
                self.states.step("produces");
                self.states.end(End::Probe {
                    target: shown.clone(),
                    after,
                    found: there,
                    missing,
                });
            }
            Look::Operation {
                title,
                target,
                there: answer,
            } => {
                let next = self.states.label();
                self.states.step(title);
                self.states.end(End::Call(Box::new(Call {
                    target: target.clone(),
                    cache: None,
                    bind: Some(*answer),
                    undo: None,
                    catch: Vec::new(),
                    next,
                })));
                self.states.begin(next);
                self.states.end(End::Branch {
                    condition: Expr::Slot(*answer),
                    yes: there,
                    no: missing,
                });
            }
        }
        self.states.begin(there);
        found(self);
        missing
    }

    /// Leaves the body with a result, which is the run's if what it produces is there.
    pub(super) fn make(&mut self, produces: &Produces, value: &Expr) {
        if let Some(result) = produces.result {
            self.states.push(Instruction::Set(result, value.clone()));
        }
        let known = self.made;
        let label = known.unwrap_or_else(|| self.states.label());
        self.made = Some(label);
        self.leave_for((label, 0));
    }
}

fn told(produces: &Produces) -> Expr {
    let form = Expr::Constant(Value::string(&produces.product.form));
    Expr::Record(vec![
        (Name::new_static("target"), produces.shown.clone()),
        (Name::new_static("form"), form),
        (Name::new_static("values"), Expr::List(produces.values.clone())),
    ])
}

fn lacking(produces: &Produces) -> Raise {
    let at = BUILTIN_ERRORS.iter().position(|(name, _)| *name == "Unavailable");
    let at = at.and_then(|at| u32::try_from(at).ok());
    let reason = between(
        "the flow has come to its end, and ",
        &produces.shown,
        ", which it produces, is not there",
    );
    Raise {
        error: flowmesh_ir::ErrorId(at.unwrap_or_default()),
        fields: vec![(Name::new_static("reason"), reason)],
    }
}

/// The target with words around it.
fn between(before: &str, shown: &Expr, after: &str) -> Expr {
    let text = |words: &str| Expr::Constant(Value::string(words));
    let parts = match shown {
        Expr::Text(parts) => parts.clone(),
        other => vec![other.clone()],
    };
    let all = std::iter::once(text(before)).chain(parts);
    Expr::Text(all.chain([text(after)]).collect())
}
