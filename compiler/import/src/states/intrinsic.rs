//! Intrinsic functions: `States.Format('order {}', $.id)`.

use super::path::Base;
use crate::{
    json::list,
    name::{escaped, quoted},
};

/// How deep calls stand in each other.
const MAX_DEPTH: u32 = 20;

/// What a call gives, as `json`; nothing where the function has no counterpart.
pub(crate) fn call(text: &str, base: &Base) -> Option<String> {
    value(text.trim(), base, MAX_DEPTH)
}

/// The name of a function and its arguments, as they are written.
pub(crate) fn parts(text: &str) -> Option<(String, Vec<String>)> {
    let (name, rest) = text.trim().split_once('(')?;
    let arguments = split(rest.strip_suffix(')')?)?;
    name.starts_with("States.")
        .then(|| (name.trim().to_owned(), arguments))
}

/// An argument: a text in quotes, a number, a path, a call.
fn value(text: &str, base: &Base, deeper: u32) -> Option<String> {
    if text.starts_with('$') {
        return base.read(text).map(|read| read.json());
    }
    if let Some(inside) = text.strip_prefix('\'') {
        return Some(format!(
            "({} as json)",
            quoted(&plain(inside.strip_suffix('\'')?))
        ));
    }
    if matches!(text, "true" | "false") {
        return Some(format!("({text} as json)"));
    }
    if text == "null" {
        return Some("(none as json)".to_owned());
    }
    if text.parse::<i64>().is_ok() {
        return Some(format!("({text} as json)"));
    }
    let (name, arguments) = parts(text).filter(|_| deeper > 0)?;
    let read = |at: usize| value(arguments.get(at)?, base, deeper - 1);
    let count = |wanted: usize| (arguments.len() == wanted).then_some(());
    Some(match name.as_str() {
        "States.Format" => return format(&arguments, base, deeper),
        "States.Array" => {
            let each: Option<Vec<String>> = arguments.iter().map(|it| value(it, base, deeper - 1)).collect();
            list(&each?)
        }
        "States.StringToJson" => format!("({} as string).parse_json()", read(0)?),
        "States.JsonToString" => format!("{}.text().to_json()", read(0)?),
        "States.ArrayContains" => format!("{}.items().contains({}).to_json()", read(0)?, read(1)?),
        "States.ArrayLength" => format!("{}.len().to_json()", read(0)?),
        "States.ArrayUnique" => format!("{}.items().distinct().to_json()", read(0)?),
        "States.ArrayPartition" => format!("{}.items().chunk({} as int).to_json()", read(0)?, read(1)?),
        "States.ArrayGetItem" => format!("({}.items()[{} as int] ?? none as json)", read(0)?, read(1)?),
        "States.MathAdd" => format!(
            "(({} as decimal) + ({} as decimal)).to_json()",
            read(0)?,
            read(1)?
        ),
        "States.StringSplit" => format!("({} as string).split({} as string).to_json()", read(0)?, read(1)?),
        "States.Base64Encode" => format!("({} as string).to_bytes().to_base64().to_json()", read(0)?),
        "States.UUID" => {
            count(0)?;
            "uuid().to_json()".to_owned()
        }
        "States.Hash" if arguments.get(1).map(String::as_str) == Some("'SHA-256'") => {
            format!("({} as string).to_bytes().sha256().to_hex().to_json()", read(0)?)
        }
        "States.JsonMerge" if arguments.get(2).map(String::as_str) == Some("false") => {
            let map = "{string: json}";
            format!("({} as {map}).merge({} as {map}).to_json()", read(0)?, read(1)?)
        }
        _ => return None,
    })
}

/// A text with values where `{}` stands.
fn format(arguments: &[String], base: &Base, deeper: u32) -> Option<String> {
    let (first, rest) = arguments.split_first()?;
    let template = plain(first.strip_prefix('\'')?.strip_suffix('\'')?);
    let pieces: Vec<&str> = template.split("{}").collect();
    if pieces.len() != rest.len() + 1 {
        return None;
    }
    let mut text = String::from("\"");
    for (at, piece) in pieces.iter().enumerate() {
        text += &escaped(piece);
        if let Some(argument) = rest.get(at) {
            let read = value(argument, base, deeper.checked_sub(1)?)?;
            // A text within a text has its own quotes; the language reads them.
            text += &format!("{{shown({read})}}");
        }
    }
    Some(format!("({text}\" as json)"))
}

/// A text without the backslashes before its quotes and braces.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '\\' => plain.extend(signs.next()),
            sign => plain.push(sign),
        }
    }
    plain
}

/// Arguments between commas, not those within texts and calls.
fn split(text: &str) -> Option<Vec<String>> {
    let (mut all, mut open, mut depth, mut inside, mut escaped) =
        (Vec::new(), String::new(), 0_u32, false, false);
    for sign in text.chars() {
        match sign {
            _ if escaped => escaped = false,
            '\\' if inside => escaped = true,
            '\'' => inside = !inside,
            '(' if !inside => depth += 1,
            ')' if !inside => depth = depth.checked_sub(1)?,
            ',' if !inside && depth == 0 => {
                all.push(open.trim().to_owned());
                open.clear();
                continue;
            }
            _ => {}
        }
        open.push(sign);
    }
    if !open.trim().is_empty() {
        all.push(open.trim().to_owned());
    }
    (!inside && depth == 0).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::{Base, call};

    #[test]
    fn calls_stand_in_each_other() {
        let base = Base {
            data: "data".to_owned(),
            ..Base::default()
        };
        let cases = [
            (
                "States.Format('a {}, \\'b\\'', $.x)",
                Some("(\"a {shown((data.x ?? none as json))}, 'b'\" as json)"),
            ),
            (
                "States.ArrayLength(States.Array(1, 'x'))",
                Some("[((1 as json)) as json, ((\"x\" as json)) as json].to_json().len().to_json()"),
            ),
            ("States.UUID()", Some("uuid().to_json()")),
            ("States.Hash($.x, 'MD5')", None),
            ("States.MathRandom(1, 2)", None),
            ("States.Format('{}')", None),
            ("States.Format('a", None),
        ];
        for (text, expected) in cases {
            assert_eq!(call(text, &base).as_deref(), expected, "{text}");
        }
    }
}
