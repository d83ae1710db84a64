//! Conditions over requests, as the language writes them.

use super::traffic::{Match, Named, Text};
use crate::name::quoted;

/// What a request must be to fit a match; nothing where every one does.
pub(crate) fn of(one: &Match) -> Option<String> {
    let mut terms = Vec::new();
    terms.extend(one.host.as_ref().map(|text| compared("request.host", text)));
    terms.extend(one.path.as_ref().and_then(path));
    terms.extend(one.method.as_ref().map(method));
    terms.extend(beside(one));
    joined(&terms, "and")
}

/// The same for any of several matches.
pub(crate) fn any(matches: &[Match]) -> Option<String> {
    let all: Option<Vec<String>> = matches.iter().map(of).collect();
    let mut terms = all?;
    terms.dedup();
    joined(&terms, "or")
}

/// What a match asks for beside host, path and method.
pub(crate) fn beside(one: &Match) -> Vec<String> {
    let header = |it: &Named| named(it, &format!("request.header({})", quoted(&it.name)));
    let query = |it: &Named| named(it, &format!("request.query[{}]", quoted(&it.name)));
    one.headers
        .iter()
        .map(header)
        .chain(one.query.iter().map(query))
        .collect()
}

/// Terms with a word between them, each in parentheses where it needs them.
pub(crate) fn joined(terms: &[String], word: &str) -> Option<String> {
    match terms {
        [] => None,
        [only] => Some(only.clone()),
        _ => {
            let each = terms.iter().map(|term| held(term, word));
            Some(each.collect::<Vec<_>>().join(&format!(" {word} ")))
        }
    }
}

/// What does not fit a condition.
pub(crate) fn not(condition: &str) -> String {
    format!("not ({condition})")
}

/// A condition as a part of a larger one.
fn held(term: &str, word: &str) -> String {
    let other = if word == "and" { " or " } else { " and " };
    let outside = outside_texts(term);
    match outside.contains(other) {
        true => format!("({term})"),
        false => term.to_owned(),
    }
}

/// What of an expression stands outside of texts and parentheses.
fn outside_texts(term: &str) -> String {
    let (mut outside, mut depth, mut inside, mut escaped) = (String::new(), 0_u32, false, false);
    for sign in term.chars() {
        match sign {
            _ if escaped => escaped = false,
            '\\' if inside => escaped = true,
            '"' => inside = !inside,
            '(' if !inside => depth += 1,
            ')' if !inside => depth = depth.saturating_sub(1),
            sign if !inside && depth == 0 => outside.push(sign),
            _ => {}
        }
    }
    outside
}

/// A path; nothing where every one fits.
pub(crate) fn path(text: &Text) -> Option<String> {
    match text {
        Text::Below(all) if all == "/" => None,
        Text::Prefix(all) if all == "/" || all.is_empty() => None,
        Text::Below(path) => {
            let (path, below) = (
                path.trim_end_matches('/'),
                format!("{}/", path.trim_end_matches('/')),
            );
            Some(format!(
                "(request.path == {} or request.path.starts_with({}))",
                quoted(path),
                quoted(&below)
            ))
        }
        text => Some(compared("request.path", text)),
    }
}

/// A method. Several are asked for one by one, so that a target can tell them.
pub(crate) fn method(text: &Text) -> String {
    let Text::Regex(regex) = text else {
        return compared("request.method", text);
    };
    let methods: Vec<&str> = regex.split('|').collect();
    if methods
        .iter()
        .any(|method| !method.chars().all(|sign| sign.is_ascii_uppercase()))
    {
        return compared("request.method", text);
    }
    let each = methods
        .iter()
        .map(|method| format!("request.method == {}", quoted(method)));
    let all = each.collect::<Vec<_>>().join(" or ");
    if methods.len() > 1 {
        format!("({all})")
    } else {
        all
    }
}

/// A text that is always there.
pub(crate) fn compared(of: &str, text: &Text) -> String {
    match text {
        Text::Exact(exact) => format!("{of} == {}", quoted(exact)),
        Text::Prefix(prefix) | Text::Below(prefix) => format!("{of}.starts_with({})", quoted(prefix)),
        Text::Suffix(suffix) => format!("{of}.ends_with({})", quoted(suffix)),
        Text::Regex(regex) => format!("{of} matches {}", quoted(&whole(regex))),
        Text::Present => format!("{of} != \"\""),
    }
}

/// A text that may be missing.
fn named(it: &Named, of: &str) -> String {
    let condition = match &it.text {
        Text::Exact(exact) if it.not => return format!("{of} != {}", quoted(exact)),
        Text::Present if it.not => return format!("{of} == none"),
        Text::Exact(exact) => format!("{of} == {}", quoted(exact)),
        Text::Present => format!("{of} != none"),
        // What is missing compares with nothing, and an empty text could fit.
        Text::Regex(regex) => format!(
            "({of} != none and ({of} ?? \"\") matches {})",
            quoted(&whole(regex))
        ),
        text => compared(&format!("({of} ?? \"\")"), text),
    };
    if it.not { not(&condition) } else { condition }
}

/// A text as a regular expression that only it fits.
pub(crate) fn literal(text: &str) -> String {
    let mut regex = String::new();
    for sign in text.chars() {
        if r"\.+*?()|[]{}^$".contains(sign) {
            regex.push('\\');
        }
        regex.push(sign);
    }
    regex
}

/// A path with gaps, each of which is any one segment, as a regular expression.
pub(crate) fn shape(segments: &[Option<String>]) -> String {
    let each = segments.iter().map(|segment| match segment {
        Some(text) => format!("/{}", literal(text)),
        None => "/[^/]+".to_owned(),
    });
    each.collect()
}

/// A regular expression over the whole of a text.
pub(crate) fn whole(regex: &str) -> String {
    let inside = regex.strip_prefix('^').unwrap_or(regex);
    let inside = inside
        .strip_suffix('$')
        .filter(|it| !it.ends_with('\\'))
        .unwrap_or(inside);
    match inside.contains('|') {
        true => format!("^(?:{inside})$"),
        false => format!("^{inside}$"),
    }
}

#[cfg(test)]
mod tests {
    use super::{any, of};
    use crate::kubernetes::traffic::{Match, Named, Text};

    fn header(text: Text, not: bool) -> Match {
        let name = "x".to_owned();
        Match {
            headers: vec![Named { name, text, not }],
            ..Match::default()
        }
    }

    #[test]
    fn lists_are_or_and_fields_are_and() {
        let path = Match {
            path: Some(Text::Below("/a".to_owned())),
            method: Some(Text::Exact("GET".to_owned())),
            ..Match::default()
        };
        let all = [path, header(Text::Exact("1".to_owned()), false)];
        let expected = "((request.path == \"/a\" or request.path.starts_with(\"/a/\")) and request.method == \"GET\") \
                        or request.header(\"x\") == \"1\"";
        assert_eq!(any(&all).as_deref(), Some(expected));
        assert_eq!(any(&[Match::default(), all[1].clone()]), None);
    }

    #[test]
    fn what_is_missing_fits_no_expression() {
        let found = of(&header(Text::Regex(".*".to_owned()), false)).expect("a condition");
        assert_eq!(
            found,
            "(request.header(\"x\") != none and (request.header(\"x\") ?? \"\") matches \"^.*$\")"
        );
        let gone = of(&header(Text::Present, true)).expect("a condition");
        assert_eq!(gone, "request.header(\"x\") == none");
    }
}
