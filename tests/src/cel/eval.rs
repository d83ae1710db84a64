//! What an expression gives.

use super::{Expr, Value, function, macros, value::Key};
use std::collections::BTreeMap;

/// The names that an expression sees: those around it, and one of its own.
pub(super) struct Names<'a> {
    around: Option<&'a Names<'a>>,
    name: &'a str,
    value: &'a Value,
}

impl<'a> Names<'a> {
    /// One more name, which hides those of the same name.
    pub(super) fn with(&'a self, name: &'a str, value: &'a Value) -> Self {
        Self {
            around: Some(self),
            name,
            value,
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        if self.name == name {
            return Some(self.value);
        }
        self.around.and_then(|around| around.get(name))
    }
}

/// What an expression gives where `self` is this.
///
/// # Errors
/// Why it gives nothing; for a rule this is as good as `false`.
pub fn evaluate(expr: &Expr, of: &Value) -> Result<Value, String> {
    let names = Names {
        around: None,
        name: "self",
        value: of,
    };
    evaluate_in(expr, &names)
}

pub(super) fn evaluate_in(expr: &Expr, names: &Names<'_>) -> Result<Value, String> {
    match expr {
        Expr::Literal(value) => Ok(value.clone()),
        Expr::Ident(name) => {
            let value = names.get(name).cloned();
            value.ok_or_else(|| format!("undeclared reference to `{name}`"))
        }
        Expr::Select { of, field, optional } => select(&evaluate_in(of, names)?, field, *optional),
        Expr::Index { of, at, optional } => {
            index(&evaluate_in(of, names)?, &evaluate_in(at, names)?, *optional)
        }
        Expr::Call {
            target,
            name,
            arguments,
        } => call(target.as_deref(), name, arguments, names),
        Expr::And(one, other) => both(one, other, names, false),
        Expr::Or(one, other) => both(one, other, names, true),
        Expr::If(condition, then, otherwise) => match evaluate_in(condition, names)? {
            Value::Bool(true) => evaluate_in(then, names),
            Value::Bool(false) => evaluate_in(otherwise, names),
            other => Err(format!("no such overload: {} ? :", other.kind())),
        },
        Expr::Has(of, field) => has(&evaluate_in(of, names)?, field).map(Value::Bool),
        Expr::Over(over) => macros::over(over, names),
        Expr::List(items) => {
            let items = items.iter().map(|item| evaluate_in(item, names));
            items.collect::<Result<_, _>>().map(Value::List)
        }
        Expr::Map(entries) => map(entries, names),
    }
}

/// `&&` and `||` have no order: a side that decides wins over one that is an error.
fn both(one: &Expr, other: &Expr, names: &Names<'_>, decides: bool) -> Result<Value, String> {
    let side = |expr| match evaluate_in(expr, names)? {
        Value::Bool(is) => Ok(is),
        other => Err(format!("no such overload: {} as a condition", other.kind())),
    };
    let one = side(one);
    if one == Ok(decides) {
        return Ok(Value::Bool(decides));
    }
    let other = side(other);
    if other == Ok(decides) {
        return Ok(Value::Bool(decides));
    }
    one.and(other).map(|_| Value::Bool(!decides))
}

fn map(entries: &[(Expr, Expr)], names: &Names<'_>) -> Result<Value, String> {
    let mut all = BTreeMap::new();
    for (key, value) in entries {
        let key = evaluate_in(key, names)?;
        let key = match key {
            Value::Double(_) => None,
            key => key.key(),
        };
        let key = key.ok_or("unsupported key type")?;
        if all.insert(key, evaluate_in(value, names)?).is_some() {
            return Err("a key stands twice in a map".to_owned());
        }
    }
    Ok(Value::Map(all))
}

fn call(target: Option<&Expr>, name: &str, arguments: &[Expr], names: &Names<'_>) -> Result<Value, String> {
    let mut values = Vec::with_capacity(arguments.len() + 1);
    // `format.dns1123Label()` is a function with a dotted name, unless something is called `format`.
    if let Some(Expr::Ident(space)) = target
        && names.get(space).is_none()
        && matches!(space.as_str(), "format" | "optional" | "ip")
    {
        for argument in arguments {
            values.push(evaluate_in(argument, names)?);
        }
        return function::global(&format!("{space}.{name}"), &values);
    }
    let of = target.map(|target| evaluate_in(target, names)).transpose()?;
    for argument in arguments {
        values.push(evaluate_in(argument, names)?);
    }
    match of {
        Some(of) => function::method(&of, name, &values),
        None => function::global(name, &values),
    }
}

fn field<'v>(of: &'v Value, field: &str) -> Result<Option<&'v Value>, String> {
    match of {
        Value::Object(fields) => Ok(fields.get(field)),
        Value::Map(map) => Ok(map.get(&Key::Text(field.to_owned()))),
        other => Err(format!("a value of the type {} has no fields", other.kind())),
    }
}

fn has(of: &Value, name: &str) -> Result<bool, String> {
    match of {
        Value::Optional(None) => Ok(false),
        Value::Optional(Some(of)) => has(of, name),
        of => Ok(field(of, name)?.is_some()),
    }
}

fn select(of: &Value, name: &str, optional: bool) -> Result<Value, String> {
    match of {
        // What is missing stays missing, whatever is asked of it.
        Value::Optional(None) => Ok(Value::Optional(None)),
        Value::Optional(Some(of)) => Ok(maybe(field(of, name)?)),
        of if optional => Ok(maybe(field(of, name)?)),
        of => field(of, name)?
            .cloned()
            .ok_or_else(|| format!("no such key: {name}")),
    }
}

fn index(of: &Value, at: &Value, optional: bool) -> Result<Value, String> {
    match of {
        Value::Optional(None) => Ok(Value::Optional(None)),
        Value::Optional(Some(of)) => Ok(maybe(item(of, at)?)),
        of if optional => Ok(maybe(item(of, at)?)),
        of => item(of, at)?.cloned().ok_or_else(|| match of {
            Value::List(_) => format!("index out of bounds: {at:?}"),
            _ => format!("no such key: {at:?}"),
        }),
    }
}

fn item<'v>(of: &'v Value, at: &Value) -> Result<Option<&'v Value>, String> {
    match of {
        Value::List(items) => match at.key() {
            Some(Key::Int(at)) => Ok(usize::try_from(at).ok().and_then(|at| items.get(at))),
            _ => Err(format!("no such overload: a list by {}", at.kind())),
        },
        Value::Map(map) => Ok(at.key().and_then(|key| map.get(&key))),
        other => Err(format!("a value of the type {} has no items", other.kind())),
    }
}

fn maybe(value: Option<&Value>) -> Value {
    Value::Optional(value.cloned().map(Box::new))
}
