//! Runtime expressions: the part of `jq` that workflows use for paths, comparisons, plain arithmetic and texts.

mod parse;
mod words;

pub(crate) use parse::parse;

use crate::json::{Step, get, list, object};
use crate::name::escaped;

/// An expression as it was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Jq {
    /// `.a.b`, `$context.c`
    Path(Root, Vec<Step>),
    Number(String),
    Text(Vec<Piece>),
    Bool(bool),
    Null,
    List(Vec<Jq>),
    Object(Vec<(String, Jq)>),
    Binary(Box<Jq>, &'static str, Box<Jq>),
    /// `value | length`
    Piped(Box<Jq>, String),
}

/// What a path begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    /// What the task was given.
    Data,
    /// A variable: `$context`, `$item`.
    Variable(String),
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Piece {
    Plain(String),
    Value(Jq),
}

/// The variables that are there, by the names that expressions have for them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variables {
    pub(crate) data: String,
    pub(crate) named: Vec<(String, String)>,
}

/// A value as it is written, and of which type.
struct Typed {
    text: String,
    ty: Type,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    /// `json`, perhaps missing.
    Json,
    Bool,
    Number,
    Text,
}

impl Jq {
    /// The value as `json`; nothing where it uses what is not there.
    pub(crate) fn json(&self, variables: &Variables) -> Option<String> {
        Some(self.typed(variables)?.json())
    }

    /// The value as a condition.
    pub(crate) fn condition(&self, variables: &Variables) -> Option<String> {
        let typed = self.typed(variables)?;
        Some(match typed.ty {
            Type::Bool => typed.text,
            Type::Json => format!("({} as bool)", typed.text),
            Type::Number | Type::Text => return None,
        })
    }

    /// The value as a text.
    pub(crate) fn text(&self, variables: &Variables) -> Option<String> {
        let typed = self.typed(variables)?;
        Some(match typed.ty {
            Type::Text => typed.text,
            _ => format!("shown({})", typed.json()),
        })
    }

    fn typed(&self, variables: &Variables) -> Option<Typed> {
        let typed = |text: String, ty: Type| Some(Typed { text, ty });
        match self {
            Self::Path(root, steps) => {
                let of = match root {
                    Root::Data => variables.data.clone(),
                    Root::Variable(name) => words::variable(name, steps, variables)?,
                };
                // What stands for a whole path has no steps left.
                let whole = of.ends_with(')') && !steps.is_empty() && words::is_whole(root);
                let read = get(&of, if whole { &[] } else { steps });
                typed(read.text, Type::Json)
            }
            Self::Number(text) => typed(text.clone(), Type::Number),
            Self::Bool(it) => typed(it.to_string(), Type::Bool),
            Self::Null => typed("none as json".to_owned(), Type::Json),
            Self::Text(pieces) => typed(written(pieces, variables)?, Type::Text),
            Self::List(all) => {
                let each: Option<Vec<String>> = all.iter().map(|it| it.json(variables)).collect();
                typed(list(&each?), Type::Json)
            }
            Self::Object(all) => {
                let field = |(name, value): &(String, Self)| Some((name.clone(), value.json(variables)?));
                let fields: Option<Vec<(String, String)>> = all.iter().map(field).collect();
                typed(format!("({} as json)", object(&fields?)), Type::Json)
            }
            Self::Binary(a, sign, b) => words::binary(&a.typed(variables)?, sign, &b.typed(variables)?),
            Self::Piped(of, word) => words::piped(&of.typed(variables)?, word),
        }
    }
}

/// A text with values in it.
fn written(pieces: &[Piece], variables: &Variables) -> Option<String> {
    let mut text = String::from("\"");
    for piece in pieces {
        match piece {
            Piece::Plain(plain) => text += &escaped(plain),
            Piece::Value(value) => text += &format!("{{{}}}", value.text(variables)?),
        }
    }
    Some(text + "\"")
}

impl Typed {
    fn json(&self) -> String {
        match self.ty {
            Type::Json if self.text.ends_with(')') || !self.text.contains(['.', '[', '?']) => {
                self.text.clone()
            }
            Type::Json => format!("({} ?? none as json)", self.text),
            _ => format!("({} as json)", self.text),
        }
    }

    fn number(&self) -> Option<String> {
        match self.ty {
            Type::Number => Some(self.text.clone()),
            Type::Json => Some(format!("({} as decimal)", self.text)),
            Type::Bool | Type::Text => None,
        }
    }

    fn string(&self) -> Option<String> {
        match self.ty {
            Type::Text => Some(self.text.clone()),
            Type::Json => Some(format!("({} as string)", self.text)),
            Type::Bool | Type::Number => None,
        }
    }
}
