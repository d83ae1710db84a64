//! Expressions: indices, depth, and slots that are written before they are read.

use super::{At as _, Invalid, MAX_DEPTH, MAX_FRAME, ensure, in_range, slots::Slots, types::ty};
use crate::{
    FunctionId, Program, SecretId, SlotId, Value,
    expr::{Argument, Arm, Context, Expr, Pattern, Raise},
    json,
};

/// What an expression may ask of its surroundings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Surroundings {
    /// Nothing: a rule, a function, an address, the key of a flow.
    Nothing,
    /// A run: its identity, the time, chance.
    Run,
    /// What a run asked for, and secrets: where a request is sent.
    Sent,
    /// The reply of a call, in `on STATUS`.
    Reply,
    /// The request, in the condition of a route.
    Request,
    /// The request and who made it: at a gateway and in access rules.
    Visitor,
    /// The time at which a schedule was due.
    Schedule,
}

/// What an expression may use, and which slots are written where it stands.
#[derive(Clone)]
pub(super) struct Scope<'a> {
    program: &'a Program,
    heights: &'a [usize],
    surroundings: Surroundings,
    slots: usize,
    written: Slots,
}

impl<'a> Scope<'a> {
    /// Over a frame that begins with parameters and has some room behind them for patterns and lambdas.
    pub(super) fn of_params(
        program: &'a Program,
        heights: &'a [usize],
        surroundings: Surroundings,
        params: usize,
    ) -> Self {
        let slots = params + MAX_FRAME as usize;
        Self {
            program,
            heights,
            surroundings,
            slots,
            written: Slots::first(params),
        }
    }

    /// Over the frame of a function that may call the functions before it.
    pub(super) fn of_function(
        program: &'a Program,
        heights: &'a [usize],
        params: usize,
        slots: usize,
    ) -> Self {
        let written = Slots::first(params);
        Self {
            program,
            heights,
            surroundings: Surroundings::Nothing,
            slots,
            written,
        }
    }

    /// Over the frame of a flow, at a place where these slots are written.
    pub(super) fn of_flow(program: &'a Program, heights: &'a [usize], slots: usize, written: Slots) -> Self {
        Self {
            program,
            heights,
            surroundings: Surroundings::Run,
            slots,
            written,
        }
    }

    /// From here on this slot is written.
    pub(super) fn write(&mut self, slot: SlotId) {
        self.written.insert(slot);
    }

    /// Checks an expression.
    pub(super) fn check(&mut self, expr: &Expr) -> Result<(), Invalid> {
        self.height(expr).map(|_| ())
    }

    /// Checks an error to fail with: all of its fields, in the order of their declaration.
    pub(super) fn raise(&mut self, raise: &Raise) -> Result<(), Invalid> {
        in_range("error", raise.error.index(), self.program.errors.len())?;
        let declared = self
            .program
            .error(raise.error)
            .into_iter()
            .flat_map(|def| &def.fields);
        let fits = declared
            .map(|field| &field.name)
            .eq(raise.fields.iter().map(|(name, _)| name));
        ensure(fits, || {
            format!(
                "the fields given to error {} are not those it declares",
                raise.error
            )
        })?;
        raise.fields.iter().try_for_each(|(_, expr)| self.check(expr))
    }

    /// Checks an expression, and says how deep its evaluation goes, called functions included.
    pub(super) fn height(&mut self, expr: &Expr) -> Result<usize, Invalid> {
        let height = self.walk(expr, MAX_DEPTH)?;
        ensure(height <= MAX_DEPTH, || {
            format!("an expression and the functions it calls are deeper than {MAX_DEPTH} levels")
        })?;
        Ok(height)
    }

    fn walk(&mut self, expr: &Expr, left: usize) -> Result<usize, Invalid> {
        let Some(left) = left.checked_sub(1) else {
            return Err(Invalid(format!(
                "an expression is deeper than {MAX_DEPTH} levels"
            )));
        };
        let below = match expr {
            Expr::Constant(constant) => value(constant).map(|()| 0)?,
            Expr::Slot(slot) => self.read(*slot).map(|()| 0)?,
            Expr::Config(id) => in_range("config", id.index(), self.program.configs.len()).map(|()| 0)?,
            Expr::Secret(id) => self.secret(*id).map(|()| 0)?,
            Expr::Context(context) => self.context(*context).map(|()| 0)?,
            Expr::Record(fields) | Expr::Variant(_, fields) => {
                self.all(fields.iter().map(|(_, expr)| expr), left)?
            }
            Expr::List(all) | Expr::Text(all) => self.all(all.iter(), left)?,
            Expr::Field(of, _) | Expr::Unary(_, of) | Expr::Widen(of, _) => self.walk(of, left)?,
            Expr::Index(a, b) | Expr::Binary(_, a, b) => self.all([&**a, &**b].into_iter(), left)?,
            Expr::If(a, b, c) => self.all([&**a, &**b, &**c].into_iter(), left)?,
            Expr::Match { subject, arms } => self.arms(subject, arms, left)?,
            Expr::Call(id, arguments) => self.call(*id, arguments, left)?,
            Expr::Native(_, arguments) => self.native(arguments, left)?,
            Expr::As(of, to) => {
                ty(self.program, to)?;
                self.walk(of, left)?
            }
        };
        Ok(below + 1)
    }

    fn all<'e>(&mut self, all: impl Iterator<Item = &'e Expr>, left: usize) -> Result<usize, Invalid> {
        let mut highest = 0;
        for expr in all {
            highest = highest.max(self.walk(expr, left)?);
        }
        Ok(highest)
    }

    fn read(&self, slot: SlotId) -> Result<(), Invalid> {
        in_range("slot", slot.index(), self.slots)?;
        ensure(self.written.contains(slot), || {
            format!("slot {slot} is read before it is written")
        })
    }

    fn context(&self, context: Context) -> Result<(), Invalid> {
        let needed = match context {
            Context::Reply => Surroundings::Reply,
            Context::Request => Surroundings::Request,
            Context::Caller => Surroundings::Visitor,
            Context::Scheduled => Surroundings::Schedule,
            _ => Surroundings::Run,
        };
        if self.surroundings == Surroundings::Sent {
            let of_run = matches!(context, Context::RunId | Context::RunStarted | Context::RunKey);
            return ensure(of_run, || {
                format!("{context:?} is not known where a request is sent").to_lowercase()
            });
        }
        let visitor = self.surroundings == Surroundings::Visitor && needed == Surroundings::Request;
        ensure(visitor || self.surroundings == needed, || {
            format!("{context:?} is not known here").to_lowercase()
        })
    }

    fn secret(&self, id: SecretId) -> Result<(), Invalid> {
        ensure(self.surroundings == Surroundings::Sent, || {
            "a secret is read where it would be kept".to_owned()
        })?;
        in_range("secret", id.index(), self.program.secrets.len())
    }

    fn call(&mut self, id: FunctionId, arguments: &[Expr], left: usize) -> Result<usize, Invalid> {
        let known = self.program.function(id).zip(self.heights.get(id.index()));
        let Some((function, height)) = known else {
            return Err(Invalid(format!("function {id} does not exist or comes later")));
        };
        let (expected, found) = (function.params.len(), arguments.len());
        ensure(expected == found, || {
            format!(
                "function {} takes {expected} arguments, and gets {found}",
                function.name
            )
        })?;
        Ok(self.all(arguments.iter(), left)?.max(*height))
    }

    fn native(&mut self, arguments: &[Argument], left: usize) -> Result<usize, Invalid> {
        let mut highest = 0;
        for argument in arguments {
            let height = match argument {
                Argument::Value(expr) => self.walk(expr, left)?,
                Argument::Lambda(params, body) => self.bound(params.iter().copied(), body, left)?,
            };
            highest = highest.max(height);
        }
        Ok(highest)
    }

    fn arms(&mut self, subject: &Expr, arms: &[Arm], left: usize) -> Result<usize, Invalid> {
        ensure(!arms.is_empty(), || "a `match` has no arms".to_owned())?;
        let mut highest = self.walk(subject, left)?;
        for arm in arms {
            pattern(&arm.pattern, self.slots)?;
            highest = highest.max(self.bound(bindings(&arm.pattern), &arm.body, left)?);
        }
        Ok(highest)
    }

    /// An expression in which further slots are written, and only in it.
    fn bound(
        &mut self,
        slots: impl Iterator<Item = SlotId>,
        body: &Expr,
        left: usize,
    ) -> Result<usize, Invalid> {
        let mut fresh = Vec::new();
        for slot in slots {
            in_range("slot", slot.index(), self.slots)?;
            if self.written.insert(slot) {
                fresh.push(slot);
            }
        }
        let height = self.walk(body, left)?;
        fresh.into_iter().for_each(|slot| self.written.remove(slot));
        Ok(height)
    }
}

/// Checks what a pattern compares with, and where it puts what it finds.
pub(super) fn pattern(pattern: &Pattern, slots: usize) -> Result<(), Invalid> {
    if let Pattern::Equals(constant) = pattern {
        value(constant)?;
    }
    bindings(pattern).try_for_each(|slot| in_range("slot", slot.index(), slots))
}

/// The slots that a pattern writes.
pub(super) fn bindings(pattern: &Pattern) -> impl Iterator<Item = SlotId> {
    let (one, fields) = match pattern {
        Pattern::Bind(slot) => (Some(*slot), [].as_slice()),
        Pattern::Case(_, fields) => (None, fields.as_slice()),
        Pattern::Any | Pattern::Equals(_) | Pattern::Range(..) => (None, [].as_slice()),
    };
    one.into_iter().chain(fields.iter().map(|(_, slot)| *slot))
}

/// Checks a constant.
pub(super) fn value(value: &Value) -> Result<(), Invalid> {
    constant(value, MAX_DEPTH).at(|| "a constant".to_owned())
}

fn constant(value: &Value, left: usize) -> Result<(), Invalid> {
    let Some(left) = left.checked_sub(1) else {
        return Err(Invalid(format!("it is deeper than {MAX_DEPTH} levels")));
    };
    match value {
        Value::Float(float) => ensure(float.is_finite(), || "it is not a finite number".to_owned()),
        Value::List(all) => all.iter().try_for_each(|value| constant(value, left)),
        Value::Record(fields) => fields.values().try_for_each(|value| constant(value, left)),
        Value::Variant(variant) => variant
            .fields
            .values()
            .try_for_each(|value| constant(value, left)),
        Value::Json(text) => {
            let shallow = json::nesting(text.as_bytes()) <= MAX_DEPTH;
            let reads = shallow && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
            ensure(reads, || "it is not JSON, or is deeper than it may be".to_owned())
        }
        _ => Ok(()),
    }
}
