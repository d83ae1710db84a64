//! What is read of a value that nobody gave a type, and the type that follows.

use crate::{json::is_word, name::Names};
use std::collections::BTreeSet;

/// How deep uses are followed.
const MAX_DEPTH: usize = 8;

/// What a use says of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Use {
    Text,
    Time,
    Number,
    Int,
    Bool,
    List,
    /// It is asked of which type it is, so that it may be of several.
    Asked,
    /// It is there, or it is not.
    Seen,
    /// All of it is handed on, as it is.
    Handed,
}

/// A step into a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Field(String),
    /// Some element of a list; of the others, and of an empty list, it says nothing.
    Element,
}

/// All uses of a value and of its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Uses {
    kinds: BTreeSet<Use>,
    /// Whether it must be there: who reads it fails where it is not.
    always: bool,
    fields: Vec<(String, Uses)>,
    items: Option<Box<Uses>>,
}

/// What a value is, by its uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Is {
    Json,
    /// It is used as what it cannot be all at once.
    Torn,
    Plain(&'static str),
    List,
    Record,
}

/// Types that follow from uses, as they are declared.
#[derive(Debug, Default)]
pub(crate) struct Types {
    pub(crate) declared: Vec<String>,
}

/// A part of a value as a typed one is read: what may be missing on the way there, and what it is.
pub(crate) struct Typed {
    pub(crate) text: String,
    /// What has to be there first.
    pub(crate) tests: Vec<String>,
    pub(crate) ty: &'static str,
}

impl Uses {
    /// One more use of a part; `always` is whether each run comes to it.
    pub(crate) fn note(&mut self, path: &[Part], kind: Use, mut always: bool) {
        let mut at = self;
        for (depth, step) in path.iter().enumerate() {
            if depth == MAX_DEPTH {
                at.kinds.insert(Use::Handed);
                return;
            }
            at.always |= always;
            at = match step {
                Part::Field(name) => at.field(name),
                Part::Element => at.items.get_or_insert_default(),
            };
            always &= *step != Part::Element;
        }
        at.always |= always;
        at.kinds.insert(kind);
    }

    fn field(&mut self, name: &str) -> &mut Self {
        let known = self.fields.iter().position(|(known, _)| known == name);
        let at = known.unwrap_or_else(|| {
            self.fields.push((name.to_owned(), Self::default()));
            self.fields.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "it was found or pushed above")]
        &mut self.fields[at].1
    }

    /// What it is; `keeps` is whether it is kept by that type, so that all of what is handed on must stay as it came.
    fn is(&self, keeps: bool) -> Is {
        let has = |kind: Use| self.kinds.contains(&kind);
        if has(Use::Asked) || (keeps && has(Use::Handed)) {
            return Is::Json;
        }
        let all = [
            (has(Use::Bool), Is::Plain("bool")),
            // Whole numbers are numbers, and moments are texts.
            (has(Use::Number), Is::Plain("float")),
            (has(Use::Int) && !has(Use::Number), Is::Plain("int")),
            (has(Use::Text), Is::Plain("string")),
            (has(Use::Time) && !has(Use::Text), Is::Plain("time")),
            (has(Use::List) || self.items.is_some(), Is::List),
            (!self.fields.is_empty(), Is::Record),
        ];
        let mut known = all.into_iter().filter(|(is, _)| *is).map(|(_, it)| it);
        match (known.next(), known.next()) {
            (Some(one), None) => one,
            (Some(_), Some(_)) => Is::Torn,
            (None, _) => Is::Json,
        }
    }

    /// Whether it becomes a record that can be declared.
    pub(crate) fn is_record(&self, keeps: bool) -> bool {
        let words = self.fields.iter().all(|(name, _)| is_word(name));
        self.is(keeps) == Is::Record && (words || !keeps)
    }

    /// A part as it is read of a typed value: one of a plain type, on a way of fields.
    pub(crate) fn typed(&self, of: &str, path: &[Part]) -> Option<Typed> {
        let mut typed = Typed {
            text: of.to_owned(),
            tests: Vec::new(),
            ty: "json",
        };
        let mut at = self;
        for step in path {
            let Part::Field(name) = step else { return None };
            let inner = at
                .fields
                .iter()
                .find(|(known, _)| known == name && is_word(known));
            at = &inner.filter(|_| at.is(false) == Is::Record)?.1;
            typed.text += &format!(".{name}");
            typed
                .tests
                .extend((!at.always).then(|| format!("{} != none", typed.text)));
        }
        match at.is(false) {
            Is::Plain(ty) => Some(Typed { ty, ..typed }),
            _ => None,
        }
    }
}

impl Types {
    /// The type of a value with these uses, where it is a record; records within are declared, too.
    pub(crate) fn record(
        &mut self,
        uses: &Uses,
        name: &str,
        keeps: bool,
        names: &mut Names,
    ) -> Option<String> {
        uses.is_record(keeps)
            .then(|| self.declare(uses, name, keeps, names))
    }

    fn of(&mut self, uses: &Uses, name: &str, keeps: bool, names: &mut Names) -> String {
        match uses.is(keeps) {
            Is::Json | Is::Torn => "json".to_owned(),
            Is::Plain(ty) => ty.to_owned(),
            Is::List => {
                let item = uses.items.as_ref();
                let ty = item.map(|it| self.of(it, &format!("{name} item"), keeps, names));
                let ty = ty.unwrap_or_else(|| "json".to_owned());
                let sign = sign(&ty, item.is_some_and(|it| it.always));
                format!("[{ty}{sign}]")
            }
            Is::Record if uses.is_record(keeps) => self.declare(uses, name, keeps, names),
            Is::Record => "json".to_owned(),
        }
    }

    fn declare(&mut self, uses: &Uses, name: &str, keeps: bool, names: &mut Names) -> String {
        let own = names.fresh_type(name);
        let mut lines = vec![format!("type {own} {{")];
        for (field, inner) in uses.fields.iter().filter(|(field, _)| is_word(field)) {
            let ty = self.of(inner, &format!("{name} {field}"), keeps, names);
            if inner.is(keeps) == Is::Torn {
                lines.push(format!("// `{field}` is used as what it cannot be all at once"));
            }
            lines.push(format!("{field}: {ty}{}", sign(&ty, inner.always)));
        }
        lines.push("}".to_owned());
        self.declared.push(lines.join("\n"));
        own
    }
}

/// What may not be there is optional; of `json` that is clear.
fn sign(ty: &str, always: bool) -> &'static str {
    if always || ty == "json" { "" } else { "?" }
}

#[cfg(test)]
mod tests {
    use super::{Part, Types, Use, Uses};
    use crate::name::Names;

    fn path(text: &str) -> Vec<Part> {
        let step = |name: &str| match name {
            "*" => Part::Element,
            name => Part::Field(name.to_owned()),
        };
        text.split('.').map(step).collect()
    }

    fn declared(all: &[(&str, Use, bool)], keeps: bool) -> String {
        let mut uses = Uses::default();
        for (text, kind, always) in all {
            uses.note(&path(text), *kind, *always);
        }
        let mut types = Types::default();
        types.record(&uses, "order", keeps, &mut Names::default());
        types.declared.join("\n")
    }

    #[test]
    fn what_every_run_reads_must_be_there() {
        assert_eq!(
            declared(
                &[
                    ("a.b", Use::Int, true),
                    ("a.c", Use::Text, false),
                    ("d.*.e", Use::Bool, false)
                ],
                false
            ),
            "type OrderA {\nb: int\nc: string?\n}\ntype OrderDItem {\ne: bool?\n}\n\
             type Order {\na: OrderA\nd: [OrderDItem?]?\n}"
        );
    }

    #[test]
    fn what_contradicts_itself_has_no_type() {
        let torn = declared(&[("a", Use::Number, false), ("a", Use::Text, false)], false);
        assert!(
            torn.contains("used as what it cannot be") && torn.contains("a: json\n"),
            "{torn}"
        );
        let both = declared(&[("a", Use::Time, false), ("a", Use::Text, false)], false);
        assert!(both.contains("a: string?"), "{both}");
        let asked = declared(&[("a", Use::Number, false), ("a", Use::Asked, false)], false);
        assert!(asked.contains("a: json\n"), "{asked}");
    }

    #[test]
    fn what_is_kept_by_its_type_and_handed_on_stays_as_it_came() {
        let all = [
            ("a", Use::Number, false),
            ("a", Use::Handed, false),
            ("b-c", Use::Seen, false),
        ];
        assert_eq!(declared(&all, false), "type Order {\na: float?\n}");
        assert_eq!(declared(&all[..2], true), "type Order {\na: json\n}");
        assert_eq!(declared(&all, true), "");
        assert_eq!(
            declared(&[("a.*", Use::Int, true)], true),
            "type Order {\na: [int?]\n}"
        );
    }
}
