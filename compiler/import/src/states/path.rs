//! Reference paths: `$.order.id`, `$.items[0]`, `$$.Execution.Id`.

use crate::json::{Read, Step, get};

/// What a state reads from: the data, as far as its `InputPath` leaves it, and what is known of the round of a `Map`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Base {
    /// The variable, or what is read of it.
    pub(crate) data: String,
    /// The element of a `Map`.
    pub(crate) item: Option<String>,
    /// The name of the state.
    pub(crate) state: String,
}

impl Base {
    /// What a path reads; nothing where it is of a form that is not known.
    pub(crate) fn read(&self, path: &str) -> Option<Read> {
        match path.strip_prefix("$$") {
            Some(rest) => self.context(rest),
            None => Some(get(&self.data, &steps(path.strip_prefix('$')?)?)),
        }
    }

    /// What is known of the run.
    fn context(&self, path: &str) -> Option<Read> {
        let there = |text: &str| Read {
            text: text.to_owned(),
            may_miss: false,
        };
        Some(match path {
            ".Execution.Id" | ".Execution.Name" => there("run.id.to_json()"),
            ".Execution.StartTime" => there("run.started.to_json()"),
            ".State.EnteredTime" => there("now().to_json()"),
            ".State.Name" => there(&format!("({} as json)", crate::name::quoted(&self.state))),
            path => {
                let (of, rest) = match path.strip_prefix(".Map.Item.Value") {
                    Some(rest) => (self.item.clone()?, rest),
                    None => ("input".to_owned(), path.strip_prefix(".Execution.Input")?),
                };
                get(&of, &steps(rest)?)
            }
        })
    }
}

/// The steps of a path behind its `$`; nothing where it filters or searches.
pub(crate) fn steps(text: &str) -> Option<Vec<Step>> {
    let mut all = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix('.') {
            let end = behind.find(['.', '[']).unwrap_or(behind.len());
            let (name, behind) = behind.split_at(end);
            let plain = |sign: char| sign.is_alphanumeric() || "_-: /".contains(sign);
            if name.is_empty() || !name.chars().all(plain) {
                return None;
            }
            all.push(Step::Field(name.to_owned()));
            rest = behind;
            continue;
        }
        let (inside, behind) = rest.strip_prefix('[')?.split_once(']')?;
        all.push(bracket(inside)?);
        rest = behind;
    }
    Some(all)
}

fn bracket(inside: &str) -> Option<Step> {
    if inside == "*" {
        return Some(Step::Each);
    }
    if let Ok(index) = inside.parse::<i64>() {
        return Some(Step::Index(index)).filter(|_| index.abs() < 1_000_000);
    }
    let name = inside.strip_prefix('\'')?.strip_suffix('\'')?;
    (!name.contains(['\'', '\\'])).then(|| Step::Field(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::Base;

    #[test]
    fn paths_are_read_part_by_part() {
        let base = Base {
            data: "data".to_owned(),
            ..Base::default()
        };
        let cases = [
            ("$", Some("data")),
            ("$.a.b", Some("data.a?.b")),
            ("$.a['x-y']", Some("(data.a ?? none as json)[\"x-y\"]")),
            ("$.a[0].b", Some("(data.a ?? none as json).items()[0]?.b")),
            (
                "$.a[*].b",
                Some("(data.a ?? none as json).items().map(each => (each.b ?? none as json)).to_json()"),
            ),
            ("$$.Execution.Id", Some("run.id.to_json()")),
            ("$..a", None),
            ("$.a[?(@.b)]", None),
            ("$.a[1:2]", None),
            ("a", None),
        ];
        for (path, text) in cases {
            assert_eq!(base.read(path).map(|read| read.text).as_deref(), text, "{path}");
        }
    }
}
