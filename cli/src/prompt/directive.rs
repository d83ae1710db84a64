//! What begins with a colon at the prompt.

/// A word to the prompt itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Directive<'a> {
    Help,
    Quit,
    /// `:type EXPRESSION`
    Type(&'a str),
    /// `:load FILE`
    Load(&'a str),
    /// `:run FLOW {JSON}`
    Run(&'a str, &'a str),
    Unknown(&'a str),
}

impl<'a> Directive<'a> {
    /// What a line says, if it begins with a colon.
    pub(super) fn read(line: &'a str) -> Option<Self> {
        let line = line.trim().strip_prefix(':')?;
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        Some(match word {
            "help" | "h" => Self::Help,
            "quit" | "q" => Self::Quit,
            "type" | "t" => Self::Type(rest),
            "load" | "l" => Self::Load(rest),
            "run" | "r" => {
                let (flow, input) = rest.split_once(char::is_whitespace).unwrap_or((rest, "{}"));
                Self::Run(flow, input.trim())
            }
            word => Self::Unknown(word),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Directive;

    #[test]
    fn a_colon_makes_a_directive() {
        assert_eq!(Directive::read("1 + 1"), None);
        assert_eq!(Directive::read(" :type [1, 2] "), Some(Directive::Type("[1, 2]")));
        assert_eq!(Directive::read(":run greet"), Some(Directive::Run("greet", "{}")));
        assert_eq!(
            Directive::read(":run greet  {\"a\": 1}"),
            Some(Directive::Run("greet", "{\"a\": 1}"))
        );
        assert_eq!(Directive::read(":frob"), Some(Directive::Unknown("frob")));
    }
}
