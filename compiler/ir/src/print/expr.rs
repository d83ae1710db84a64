//! Expressions in the syntax of the language, with no more parentheses than they need.

use super::{
    ty::ty,
    value::{self, escaped, joined, key},
};
use crate::{
    Name, Program, SecretId, SlotId, Value,
    expr::{Argument, Arm, Binary, Context, Expr, Pattern, Raise, Unary, Widen},
    flow::Flow,
    service::AddressParam,
    ty::Field,
};

/// How strongly a form holds its parts together, weakest first.
mod strength {
    pub(super) const ANY: u8 = 0;
    pub(super) const ELSE: u8 = 1;
    pub(super) const OR: u8 = 2;
    pub(super) const AND: u8 = 3;
    pub(super) const NOT: u8 = 4;
    pub(super) const COMPARE: u8 = 5;
    pub(super) const RANGE: u8 = 6;
    pub(super) const SUM: u8 = 7;
    pub(super) const PRODUCT: u8 = 8;
    pub(super) const NEGATE: u8 = 9;
    pub(super) const AS: u8 = 10;
    pub(super) const POSTFIX: u8 = 11;
}

/// Writes expressions over one frame.
pub(super) struct Printer<'a> {
    program: &'a Program,
    slots: Vec<String>,
}

impl<'a> Printer<'a> {
    /// Over a frame that begins with parameters.
    pub(super) fn of_params(program: &'a Program, params: &[Field]) -> Self {
        Self {
            program,
            slots: params.iter().map(|param| param.name.to_string()).collect(),
        }
    }

    /// Over what addresses take from an operation.
    pub(super) fn of_addresses(program: &'a Program, params: &[AddressParam]) -> Self {
        Self {
            program,
            slots: params.iter().map(|param| param.name.to_string()).collect(),
        }
    }

    /// Over the frame of a flow, by names alone.
    pub(super) fn of_names(program: &'a Program, flow: &Flow) -> Self {
        Self {
            program,
            slots: flow.slots.iter().map(|slot| slot.name.to_string()).collect(),
        }
    }

    /// Over the frame of a flow. Two slots of one name are told apart by their number.
    pub(super) fn of_flow(program: &'a Program, flow: &Flow) -> Self {
        let mut uses = std::collections::BTreeMap::<&str, usize>::new();
        for slot in &flow.slots {
            *uses.entry(&slot.name).or_default() += 1;
        }
        let name = |(at, name): (usize, &Name)| match uses.get(name.as_str()) {
            Some(1) => name.to_string(),
            _ => format!("{name}#{at}"),
        };
        Self {
            program,
            slots: flow
                .slots
                .iter()
                .map(|slot| &slot.name)
                .enumerate()
                .map(name)
                .collect(),
        }
    }

    /// The name of a slot.
    pub(super) fn slot(&self, id: SlotId) -> String {
        self.slots
            .get(id.index())
            .cloned()
            .unwrap_or_else(|| format!("_{id}"))
    }

    /// An expression that stands alone.
    pub(super) fn expr(&self, expr: &Expr) -> String {
        self.at(expr, strength::ANY)
    }

    /// Expressions with commas between them.
    pub(super) fn list(&self, all: &[Expr]) -> String {
        joined(all.iter().map(|expr| self.expr(expr)))
    }

    /// `Declined(reason: reply.body.reason)`
    pub(super) fn raise(&self, raise: &Raise) -> String {
        format!(
            "{}({})",
            super::ty::error_name(self.program, raise.error),
            self.named(&raise.fields)
        )
    }

    /// A pattern.
    pub(super) fn pattern(&self, pattern: &Pattern) -> String {
        match pattern {
            Pattern::Any => "_".to_owned(),
            Pattern::Bind(slot) => self.slot(*slot),
            Pattern::Equals(value) => value::value(value),
            Pattern::Range(from, to) => format!("{from}..{to}"),
            Pattern::Case(name, fields) if fields.is_empty() => name.to_string(),
            Pattern::Case(name, fields) => {
                let fields = fields
                    .iter()
                    .map(|(field, slot)| format!("{field}: {}", self.slot(*slot)));
                format!("{name}({})", joined(fields))
            }
        }
    }

    fn secret(&self, id: SecretId) -> String {
        let name = self.program.secrets.get(id.index());
        name.map_or_else(|| format!("?{id}"), ToString::to_string)
    }

    /// An expression where only forms of at least this strength may stand without parentheses.
    fn at(&self, expr: &Expr, least: u8) -> String {
        let (text, strength) = self.form(expr);
        if strength < least {
            format!("({text})")
        } else {
            text
        }
    }

    /// The text of an expression, and how strongly it holds together.
    fn form(&self, expr: &Expr) -> (String, u8) {
        match expr {
            Expr::Constant(constant) => (value::value(constant), of_constant(constant)),
            Expr::Slot(slot) => (self.slot(*slot), strength::POSTFIX),
            Expr::Config(id) => (self.config(*id), strength::POSTFIX),
            Expr::Secret(id) => (self.secret(*id), strength::POSTFIX),
            Expr::Context(context) => (self::context(*context).to_owned(), strength::POSTFIX),
            Expr::Record(fields) if fields.is_empty() => ("{}".to_owned(), strength::POSTFIX),
            Expr::Record(fields) => (format!("{{ {} }}", self.named(fields)), strength::POSTFIX),
            Expr::List(all) => (format!("[{}]", self.list(all)), strength::POSTFIX),
            Expr::Variant(name, fields) => (self.variant(name, fields), strength::POSTFIX),
            Expr::Field(of, name) => (format!("{}.{name}", self.postfixed(of)), strength::POSTFIX),
            Expr::Index(of, index) => (self.index(of, index), strength::POSTFIX),
            Expr::Unary(Unary::Not, of) => (format!("not {}", self.at(of, strength::NOT)), strength::NOT),
            Expr::Unary(Unary::Negate, of) => (format!("-{}", self.at(of, strength::AS)), strength::NEGATE),
            Expr::Binary(operator, left, right) => self.binary(*operator, left, right),
            Expr::Text(parts) => (self.text(parts), strength::POSTFIX),
            Expr::If(condition, yes, no) => (self.choice(condition, yes, no), strength::ANY),
            Expr::Match { subject, arms } => (self.arms(subject, arms), strength::ANY),
            Expr::Call(id, arguments) => {
                let name = self
                    .program
                    .function(*id)
                    .map_or(format!("?{id}"), |f| f.name.to_string());
                (format!("{name}({})", self.list(arguments)), strength::POSTFIX)
            }
            Expr::Native(name, arguments) => (self.native(name, arguments), strength::POSTFIX),
            Expr::As(of, to) => (
                format!("{} as {}", self.postfixed(of), ty(self.program, to)),
                strength::AS,
            ),
            Expr::Widen(of, Widen::Decimal) => (format!("{} as decimal", self.postfixed(of)), strength::AS),
            Expr::Widen(of, Widen::Float) => (format!("{} as float", self.postfixed(of)), strength::AS),
        }
    }

    fn postfixed(&self, expr: &Expr) -> String {
        self.at(expr, strength::POSTFIX)
    }

    fn config(&self, id: crate::ConfigId) -> String {
        self.program
            .config(id)
            .map_or(format!("?{id}"), |config| config.name.to_string())
    }

    fn named(&self, fields: &[(Name, Expr)]) -> String {
        joined(
            fields
                .iter()
                .map(|(name, expr)| format!("{}: {}", key(name), self.expr(expr))),
        )
    }

    fn variant(&self, name: &Name, fields: &[(Name, Expr)]) -> String {
        if fields.is_empty() {
            name.to_string()
        } else {
            format!("{name}({})", self.named(fields))
        }
    }

    /// `a[i]`; a header of the request is written the way authors ask for it.
    fn index(&self, of: &Expr, index: &Expr) -> String {
        if let Expr::Field(request, map) = of
            && **request == Expr::Context(Context::Request)
            && map == "headers"
        {
            return format!("request.header({})", self.expr(index));
        }
        format!("{}[{}]", self.postfixed(of), self.expr(index))
    }

    /// Operators of one strength stand to the left of each other without parentheses; comparisons do not chain.
    fn binary(&self, operator: Binary, left: &Expr, right: &Expr) -> (String, u8) {
        let (sign, strength) = self::operator(operator);
        let above = strength.saturating_add(1);
        let left = self.at(
            left,
            if strength == strength::COMPARE {
                above
            } else {
                strength
            },
        );
        let gap = if strength == strength::RANGE { "" } else { " " };
        (
            format!("{left}{gap}{sign}{gap}{}", self.at(right, above)),
            strength,
        )
    }

    fn text(&self, parts: &[Expr]) -> String {
        let parts = parts.iter().map(|part| match part {
            Expr::Constant(Value::String(text)) => escaped(text),
            part => format!("{{{}}}", self.expr(part)),
        });
        format!("\"{}\"", parts.collect::<String>())
    }

    fn choice(&self, condition: &Expr, yes: &Expr, no: &Expr) -> String {
        format!(
            "if {} {{ {} }} else {{ {} }}",
            self.expr(condition),
            self.expr(yes),
            self.expr(no)
        )
    }

    fn arms(&self, subject: &Expr, arms: &[Arm]) -> String {
        let arms = arms
            .iter()
            .map(|arm| format!("when {} -> {}", self.pattern(&arm.pattern), self.expr(&arm.body)));
        format!("match {} {{ {} }}", self.expr(subject), joined(arms))
    }

    /// A method is called on its receiver; a free native has no dot in its name.
    fn native(&self, name: &Name, arguments: &[Argument]) -> String {
        let all = |arguments: &[Argument]| joined(arguments.iter().map(|argument| self.argument(argument)));
        match (name.split_once('.'), arguments.split_first()) {
            (Some((_, method)), Some((Argument::Value(receiver), rest))) => {
                format!("{}.{method}({})", self.postfixed(receiver), all(rest))
            }
            _ => format!("{name}({})", all(arguments)),
        }
    }

    fn argument(&self, argument: &Argument) -> String {
        match argument {
            Argument::Value(expr) => self.expr(expr),
            Argument::Lambda(params, body) => {
                let params: Vec<_> = params.iter().map(|slot| self.slot(*slot)).collect();
                match params.as_slice() {
                    [one] => format!("{one} => {}", self.expr(body)),
                    all => format!("({}) => {}", all.join(", "), self.expr(body)),
                }
            }
        }
    }
}

fn of_constant(constant: &Value) -> u8 {
    match constant {
        Value::Int(int) if *int < 0 => strength::NEGATE,
        Value::Duration(length) if length.is_negative() => strength::NEGATE,
        constant if value::is_cast(constant) => strength::AS,
        _ => strength::POSTFIX,
    }
}

fn context(context: Context) -> &'static str {
    match context {
        Context::Now => "now()",
        Context::Random => "random()",
        Context::Uuid => "uuid()",
        Context::RunId => "run.id",
        Context::RunStarted => "run.started",
        Context::RunKey => "run.key",
        Context::Reply => "reply",
        Context::Request => "request",
        Context::Caller => "caller",
        Context::Scheduled => "scheduled",
    }
}

/// An operator as it is written.
#[must_use]
pub fn sign(operator: Binary) -> &'static str {
    self::operator(operator).0
}

fn operator(operator: Binary) -> (&'static str, u8) {
    match operator {
        Binary::Add => ("+", strength::SUM),
        Binary::Subtract => ("-", strength::SUM),
        Binary::Multiply => ("*", strength::PRODUCT),
        Binary::Divide => ("/", strength::PRODUCT),
        Binary::Remainder => ("%", strength::PRODUCT),
        Binary::Equal => ("==", strength::COMPARE),
        Binary::NotEqual => ("!=", strength::COMPARE),
        Binary::Less => ("<", strength::COMPARE),
        Binary::LessEqual => ("<=", strength::COMPARE),
        Binary::Greater => (">", strength::COMPARE),
        Binary::GreaterEqual => (">=", strength::COMPARE),
        Binary::And => ("and", strength::AND),
        Binary::Or => ("or", strength::OR),
        Binary::Else => ("??", strength::ELSE),
        Binary::Matches => ("matches", strength::COMPARE),
        Binary::Has => ("has", strength::COMPARE),
        Binary::In => ("in", strength::COMPARE),
        Binary::Range => ("..", strength::RANGE),
    }
}
