//! Signatures as a declaration in the language would look.

use super::{Native, Param, Ty};
use std::fmt::{self, Display, Formatter};

impl Display for Native {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("fn ")?;
        if let Some(receiver) = &self.receiver {
            write!(f, "{receiver}.")?;
        }
        write!(f, "{}(", self.short_name())?;
        list(f, self.params)?;
        write!(f, ") -> {}", self.result)
    }
}

impl Display for Param {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.ty)?;
        f.write_str(if self.optional { "?" } else { "" })
    }
}

impl Display for Ty {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::Float => f.write_str("float"),
            Self::Decimal => f.write_str("decimal"),
            Self::String => f.write_str("string"),
            Self::Bytes => f.write_str("bytes"),
            Self::Time => f.write_str("time"),
            Self::Date => f.write_str("date"),
            Self::Duration => f.write_str("duration"),
            Self::Url => f.write_str("url"),
            Self::Json => f.write_str("json"),
            Self::Record(fields) => record(f, fields),
            Self::Optional(inner) => write!(f, "{inner}?"),
            Self::List(inner) => write!(f, "[{inner}]"),
            Self::Map(inner) => write!(f, "{{string: {inner}}}"),
            Self::Var(at) => write!(f, "{}", char::from(b'A'.saturating_add(*at))),
            Self::Ordered(_) => f.write_str("ordered"),
            Self::Number(_) => f.write_str("number"),
            Self::Lambda(params, body) => {
                f.write_str("(")?;
                list(f, params)?;
                write!(f, ") => {body}")
            }
        }
    }
}

fn record(f: &mut Formatter<'_>, fields: &[(&str, Ty)]) -> fmt::Result {
    f.write_str("{ ")?;
    for (at, (name, ty)) in fields.iter().enumerate() {
        f.write_str(if at > 0 { ", " } else { "" })?;
        write!(f, "{name}: {ty}")?;
    }
    f.write_str(" }")
}

fn list(f: &mut Formatter<'_>, items: &[impl Display]) -> fmt::Result {
    for (at, item) in items.iter().enumerate() {
        f.write_str(if at > 0 { ", " } else { "" })?;
        write!(f, "{item}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::native;

    #[test]
    fn a_signature_reads_like_a_declaration() {
        let written = |name| native(name).expect(name).to_string();
        assert_eq!(
            written("list.fold"),
            "fn [A].fold(start: B, step: (B, A) => B) -> B"
        );
        assert_eq!(
            written("string.to_time"),
            "fn string.to_time(pattern: string?, zone: string?) -> time?"
        );
        assert_eq!(written("url"), "fn url(text: string) -> url");
    }
}
