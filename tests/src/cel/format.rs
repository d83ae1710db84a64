//! The named formats of Kubernetes.

use super::Value;

/// The formats that are had here.
pub(super) const NAMES: [&str; 6] = [
    "dns1035Label",
    "dns1123Label",
    "dns1123Subdomain",
    "dns1123LabelPrefix",
    "labelValue",
    "qualifiedName",
];

/// A format by its name.
pub(super) fn named(name: &str) -> Option<Value> {
    NAMES.into_iter().find(|known| *known == name).map(Value::Format)
}

/// What is wrong with a text, as an optional list that is missing where nothing is.
pub(super) fn validate(format: &str, text: &str) -> Value {
    let fits = match format {
        "dns1035Label" => label(text) && text.starts_with(|c: char| c.is_ascii_lowercase()),
        "dns1123Label" => label(text),
        // What only begins a label may end with a dash.
        "dns1123LabelPrefix" => label(text.strip_suffix('-').unwrap_or(text)),
        "dns1123Subdomain" => text.len() <= 253 && text.split('.').all(part),
        "labelValue" => text.is_empty() || word(text),
        _ => match text.split_once('/') {
            Some((prefix, name)) => prefix.len() <= 253 && prefix.split('.').all(part) && word(name),
            None => word(text),
        },
    };
    let wrong = (!fits).then(|| Box::new(Value::List(vec![Value::Text(format!("`{text}` is no {format}"))])));
    Value::Optional(wrong)
}

fn label(text: &str) -> bool {
    text.len() <= 63 && part(text)
}

/// Small letters, digits and dashes, of which none is first or last.
fn part(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

fn word(text: &str) -> bool {
    let end = |c: char| c.is_ascii_alphanumeric();
    let inner = |c: char| end(c) || matches!(c, '-' | '_' | '.');
    text.len() <= 63 && text.starts_with(end) && text.ends_with(end) && text.chars().all(inner)
}
