//! What a gateway of the session would do with a request, and why.

use super::{Talk, misused, stage::No};
use crate::command::{Asked, route};

impl Talk<'_> {
    /// `:route GET /orders/7 as alice on public`
    pub(super) fn route(&mut self, text: &str) -> Result<(), No> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let Some(asked) = asked(&words) else {
            return Err(misused(
                &format!(":route {text}"),
                "a method and a path are to be named",
                "write `:route GET /orders/7`, `:route GET /orders/7 as alice` or `:route GET /orders/7 as alice on public`",
            ));
        };
        let (program, sources) = self.stage.program()?;
        let shown = route(&program, &sources, self.stage.set, &asked)?;
        self.show(&shown);
        Ok(())
    }
}

/// What the words ask about.
fn asked(words: &[&str]) -> Option<Asked> {
    let (method, url, mut rest) = match words {
        [method, url, rest @ ..] => (*method, *url, rest),
        _ => return None,
    };
    let mut asked = Asked {
        method: method.to_uppercase(),
        url: url.to_owned(),
        subject: None,
        gateway: None,
    };
    while let [word, value, more @ ..] = rest {
        match *word {
            "as" => asked.subject = Some((*value).to_owned()),
            "on" => asked.gateway = Some((*value).to_owned()),
            _ => return None,
        }
        rest = more;
    }
    rest.is_empty().then_some(asked)
}

#[cfg(test)]
mod tests {
    use super::asked;

    #[test]
    fn a_request_is_a_method_a_path_and_perhaps_who_asks() {
        let found = asked(&["get", "/x", "on", "public", "as", "alice"]).expect("it is one");
        assert_eq!((found.method.as_str(), found.url.as_str()), ("GET", "/x"));
        assert_eq!(found.subject.as_deref(), Some("alice"));
        assert_eq!(found.gateway.as_deref(), Some("public"));
        for wrong in [&["GET"][..], &["GET", "/x", "as"], &["GET", "/x", "by", "alice"]] {
            assert!(asked(wrong).is_none(), "{wrong:?}");
        }
    }
}
