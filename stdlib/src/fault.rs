//! Why an expression has no value.

use flowmesh_ir::Code;
use std::fmt;

/// Why an expression has no value. Flows see each as the built-in error of the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A number that does not fit, or a division by zero.
    Arithmetic(String),
    /// A value that cannot be used here: it does not fit a type, a place or a limit.
    BadValue(String),
}

impl Fault {
    /// The name of the error that a flow sees.
    #[must_use]
    pub fn error_name(&self) -> &'static str {
        match self {
            Self::Arithmetic(_) => "Arithmetic",
            Self::BadValue(_) => "BadValue",
        }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::BadValue(_) => Code(1020),
            Self::Arithmetic(_) => Code(1021),
        }
    }

    /// What happened, for people.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::Arithmetic(reason) | Self::BadValue(reason) => reason,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error_name(), self.reason())
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::Fault;
    use flowmesh_ir::program::BUILTIN_ERRORS;

    #[test]
    fn every_fault_is_a_built_in_error_with_a_code() {
        for (fault, code) in [
            (Fault::BadValue(String::new()), "F1020"),
            (Fault::Arithmetic(String::new()), "F1021"),
        ] {
            assert_eq!(fault.code().to_string(), code);
            assert!(BUILTIN_ERRORS.iter().any(|(name, _)| *name == fault.error_name()));
        }
    }
}
