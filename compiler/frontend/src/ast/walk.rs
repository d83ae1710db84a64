//! What statements and expressions are made of, for questions about a whole tree.

use super::{
    Argument, AwaitOn, Block, Catch, Expr, ExprKind, For, ForSource, Ident, Limit, Pattern, PatternKind,
    Setting, Spawned, Statement, StatementKind, Tails, TextPart,
};

/// A part of a statement or an expression.
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    /// An expression.
    Expr(&'a Expr),
    /// A statement that stands for itself, such as an arm.
    Statement(&'a Statement),
    /// A block, with names of its own.
    Block(&'a Block),
}

/// Takes each part, with the names that are bound in it and not around it.
pub type Take<'t, 'a> = &'t mut dyn FnMut(Part<'a>, &[&'a Ident]);

impl Statement {
    /// The name that it binds in the block in which it stands.
    #[must_use]
    pub fn binds(&self) -> Option<&Ident> {
        match &self.kind {
            StatementKind::Let { name, .. } => Some(name),
            StatementKind::Await { bind, .. } => bind.as_ref(),
            StatementKind::When { body, .. } => body.binds(),
            _ => None,
        }
    }

    /// Each part of it, in the order of the text.
    pub fn each_part<'a>(&'a self, take: Take<'_, 'a>) {
        match &self.kind {
            StatementKind::Let { value, tails, .. }
            | StatementKind::Assign { value, tails, .. }
            | StatementKind::Expr { value, tails } => {
                take(Part::Expr(value), &[]);
                self::tails(tails, take);
            }
            StatementKind::Return { value, tails } => {
                value.iter().for_each(|value| take(Part::Expr(value), &[]));
                self::tails(tails, take);
            }
            StatementKind::If {
                condition,
                then,
                otherwise,
            } => {
                take(Part::Expr(condition), &[]);
                take(Part::Block(then), &[]);
                otherwise.iter().for_each(|block| take(Part::Block(block), &[]));
            }
            StatementKind::Match { subject, arms } => {
                take(Part::Expr(subject), &[]);
                for arm in arms {
                    take(Part::Statement(&arm.body), &named(arm.pattern.as_ref()));
                }
            }
            StatementKind::For(looping) => self::looping(looping, take),
            StatementKind::While { condition, body } => around(condition, body, take),
            StatementKind::Parallel { fan, branches } => {
                let given = fan.iter().flat_map(|fan| &fan.arguments);
                given.for_each(|argument| take(Part::Expr(&argument.value), &[]));
                take(Part::Block(branches), &[]);
            }
            StatementKind::Race { branches: body } | StatementKind::State { body, .. } => {
                take(Part::Block(body), &[]);
            }
            StatementKind::When { condition, body } => {
                take(Part::Expr(condition), &[]);
                take(Part::Statement(body), &[]);
            }
            StatementKind::Try { body, catch, finally } => {
                take(Part::Block(body), &[]);
                catches(catch, take);
                finally.iter().for_each(|block| take(Part::Block(block), &[]));
            }
            StatementKind::Step { title, body, .. } => {
                title.iter().for_each(|title| take(Part::Expr(title), &[]));
                take(Part::Block(body), &[]);
            }
            StatementKind::Within {
                duration,
                body,
                otherwise,
            } => {
                around(duration, body, take);
                otherwise.iter().for_each(|block| take(Part::Block(block), &[]));
            }
            StatementKind::Lock { name, bind, body } => {
                take(Part::Expr(name), &[]);
                take(Part::Block(body), &bind.iter().collect::<Vec<_>>());
            }
            StatementKind::Limited { name, most, body } => {
                take(Part::Expr(name), &[]);
                most.iter().for_each(|most| take(Part::Expr(most), &[]));
                take(Part::Block(body), &[]);
            }
            StatementKind::On { params, body, .. } => {
                take(Part::Block(body), &params.iter().collect::<Vec<_>>());
            }
            StatementKind::Await {
                on,
                bind,
                limit,
                tails,
            } => {
                awaited(on, bind.as_ref(), take);
                self::limit(limit, take);
                self::tails(tails, take);
            }
            StatementKind::AwaitAny { arms } => {
                for arm in arms {
                    awaited(&arm.on, arm.bind.as_ref(), take);
                    take(Part::Statement(&arm.body), &arm.bind.iter().collect::<Vec<_>>());
                }
            }
            StatementKind::Shift { weights, .. } => {
                weights
                    .iter()
                    .for_each(|(_, weight)| take(Part::Expr(weight), &[]));
            }
            StatementKind::Restart { arguments } => self::arguments(arguments, take),
            StatementKind::Sleep { duration: value }
            | StatementKind::SleepUntil { time: value }
            | StatementKind::View { value, .. }
            | StatementKind::Cancel { what: value }
            | StatementKind::Emit { event: value }
            | StatementKind::Tag { value, .. }
            | StatementKind::Fail { error: value }
            | StatementKind::Log { value } => take(Part::Expr(value), &[]),
            StatementKind::Block(block) => take(Part::Block(block), &[]),
            StatementKind::Break
            | StatementKind::Continue
            | StatementKind::Signal { .. }
            | StatementKind::Goto { .. }
            | StatementKind::Bad => {}
        }
    }
}

impl Expr {
    /// Each part of it, in the order of the text.
    pub fn each_part<'a>(&'a self, take: Take<'_, 'a>) {
        let mut all = |exprs: &[&'a Expr]| exprs.iter().for_each(|expr| take(Part::Expr(expr), &[]));
        match &self.kind {
            ExprKind::Field(of, _)
            | ExprKind::OptionalField(of, _)
            | ExprKind::Unary(_, of)
            | ExprKind::As(of, _)
            | ExprKind::Start(of) => all(&[of]),
            ExprKind::Index(a, b) | ExprKind::Binary(_, _, a, b) | ExprKind::Of(a, b) => all(&[a, b]),
            ExprKind::If(a, b, c) => all(&[a, b, c]),
            ExprKind::List(items) => items.iter().for_each(|item| all(&[item])),
            ExprKind::Record(fields) => fields.iter().for_each(|(_, value)| all(&[value])),
            ExprKind::Text(parts) => parts.iter().for_each(|part| match part {
                TextPart::Expr(expr) => all(&[expr]),
                TextPart::Literal(_) => {}
            }),
            ExprKind::Call(callee, arguments) => {
                all(&[callee]);
                self::arguments(arguments, take);
            }
            ExprKind::Match(subject, arms) => {
                all(&[subject]);
                for arm in arms {
                    take(Part::Expr(&arm.body), &named(arm.pattern.as_ref()));
                }
            }
            ExprKind::Lambda(params, body) => take(Part::Expr(body), &params.iter().collect::<Vec<_>>()),
            ExprKind::For(looping) => self::looping(looping, take),
            ExprKind::Spawn(spawned) => match &**spawned {
                Spawned::Call(call) => all(&[call]),
                Spawned::Block(block) => take(Part::Block(block), &[]),
            },
            _ => {}
        }
    }
}

fn around<'a>(expr: &'a Expr, body: &'a Block, take: Take<'_, 'a>) {
    take(Part::Expr(expr), &[]);
    take(Part::Block(body), &[]);
}

fn arguments<'a>(arguments: &'a [Argument], take: Take<'_, 'a>) {
    for argument in arguments {
        take(Part::Expr(&argument.value), &[]);
    }
}

fn looping<'a>(looping: &'a For, take: Take<'_, 'a>) {
    if let ForSource::In(over) = &looping.source {
        take(Part::Expr(over), &[]);
    }
    let given = looping.fan.iter().flat_map(|fan| &fan.arguments);
    given.for_each(|argument| take(Part::Expr(&argument.value), &[]));
    limit(&looping.limit, take);
    take(Part::Block(&looping.body), &[&looping.name]);
}

fn limit<'a>(limit: &'a Limit, take: Take<'_, 'a>) {
    if let Limit::Within { duration, otherwise } = limit {
        take(Part::Expr(duration), &[]);
        otherwise.iter().for_each(|body| take(Part::Statement(body), &[]));
    }
}

fn awaited<'a>(on: &'a AwaitOn, bind: Option<&'a Ident>, take: Take<'_, 'a>) {
    let bound: Vec<&Ident> = bind.into_iter().collect();
    match on {
        AwaitOn::Expr(expr) | AwaitOn::After(expr) | AwaitOn::At(expr) => take(Part::Expr(expr), &[]),
        AwaitOn::Event { condition, .. } => condition
            .iter()
            .for_each(|condition| take(Part::Expr(condition), &bound)),
    }
}

fn tails<'a>(tails: &'a Tails, take: Take<'_, 'a>) {
    tails
        .undo
        .iter()
        .for_each(|(_, undo)| take(Part::Expr(undo), &[]));
    catches(&tails.catch, take);
    let settings = tails
        .with
        .iter()
        .chain(&tails.cache)
        .flat_map(|(_, settings)| settings);
    settings.for_each(|Setting { value, .. }| take(Part::Expr(value), &[]));
}

fn catches<'a>(catches: &'a [Catch], take: Take<'_, 'a>) {
    for catch in catches {
        let bound: Vec<&Ident> = catch.bind.iter().collect();
        take(Part::Statement(&catch.body), &bound);
    }
}

/// The names that a pattern may bind.
fn named(pattern: Option<&Pattern>) -> Vec<&Ident> {
    match pattern.map(|pattern| &pattern.kind) {
        Some(PatternKind::Name(name)) => vec![name],
        Some(PatternKind::Case(_, fields)) => fields.iter().map(|(_, name)| name).collect(),
        _ => Vec::new(),
    }
}
