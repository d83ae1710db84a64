//! What operators and filters of `jq` are in the language.

use super::{Root, Type, Typed, Variables};
use crate::json::Step;

/// Whether a root and its first step are one value.
pub(super) fn is_whole(root: &Root) -> bool {
    matches!(root, Root::Variable(name) if name == "workflow" || name == "runtime")
}

/// What a variable is called in the flow.
pub(super) fn variable(name: &str, steps: &[Step], variables: &Variables) -> Option<String> {
    let first = match steps {
        [Step::Field(first)] => first.as_str(),
        _ => "",
    };
    match (name, first) {
        ("workflow", "id") => Some("run.id.to_json()".to_owned()),
        ("workflow" | "runtime" | "task" | "secrets" | "authorization", _) => None,
        _ => variables
            .named
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map(|(_, own)| own.clone()),
    }
}

/// Two values and what stands between them.
pub(super) fn binary(a: &Typed, sign: &str, b: &Typed) -> Option<Typed> {
    let bool = |text: String| Some(Typed { text, ty: Type::Bool });
    match sign {
        "and" | "or" => {
            let condition = |it: &Typed| match it.ty {
                Type::Bool => Some(it.text.clone()),
                Type::Json => Some(format!("({} as bool)", it.text)),
                _ => None,
            };
            bool(format!("({} {sign} {})", condition(a)?, condition(b)?))
        }
        "==" | "!=" => bool(format!("({} {sign} {})", a.json(), b.json())),
        "<" | "<=" | ">" | ">=" => {
            let texts = a.ty == Type::Text || b.ty == Type::Text;
            let of = |it: &Typed| if texts { it.string() } else { it.number() };
            bool(format!("({} {sign} {})", of(a)?, of(b)?))
        }
        "+" if a.ty == Type::Text || b.ty == Type::Text => Some(Typed {
            text: format!("({} + {})", a.string()?, b.string()?),
            ty: Type::Text,
        }),
        // Of two values of no known type, only what is whole can be told to be an object.
        "+" if a.ty == Type::Json && b.ty == Type::Json => {
            let whole = |it: &Typed| !it.text.contains(['.', '[', '?']) || it.text.starts_with("({");
            let map = |it: &Typed| format!("({} as {{string: json}})", it.json());
            (whole(a) || whole(b)).then(|| Typed {
                text: format!("({}.merge({}).to_json())", map(a), map(b)),
                ty: Type::Json,
            })
        }
        "+" | "-" | "*" | "/" | "%" => Some(Typed {
            text: format!("({} {sign} {})", a.number()?, b.number()?),
            ty: Type::Number,
        }),
        "//" if a.ty == Type::Json => Some(Typed {
            text: format!("({} ?? {})", a.text, b.json()),
            ty: Type::Json,
        }),
        _ => None,
    }
}

/// A filter behind a value.
pub(super) fn piped(of: &Typed, word: &str) -> Option<Typed> {
    let json = of.json();
    let typed = |text: String, ty: Type| Some(Typed { text, ty });
    match word {
        "length" => typed(format!("{json}.len()"), Type::Number),
        "not" => match of.ty {
            Type::Bool => typed(format!("(not {})", of.text), Type::Bool),
            Type::Json => typed(format!("(not ({} as bool))", of.text), Type::Bool),
            _ => None,
        },
        "tostring" => typed(format!("shown({json})"), Type::Text),
        "tonumber" => typed(
            format!("({} as string).to_decimal().or(0)", of.text),
            Type::Number,
        ),
        "keys" => typed(format!("{json}.keys().to_json()"), Type::Json),
        "type" => typed(format!("{json}.kind()"), Type::Text),
        _ => None,
    }
}
