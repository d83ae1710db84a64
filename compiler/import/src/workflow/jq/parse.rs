//! Reads an expression; what it does not know it does not read.

use super::{Jq, Piece, Root};
use crate::json::Step;

/// How deep expressions stand in each other.
const MAX_DEPTH: u32 = 40;
/// The longest that is read.
const MAX_SIGNS: usize = 4_000;

/// The expression of a text; nothing where it has what is not known.
pub(crate) fn parse(text: &str) -> Option<Jq> {
    if text.len() > MAX_SIGNS {
        return None;
    }
    let signs: Vec<char> = text.chars().collect();
    let mut reader = Reader { signs: &signs, at: 0 };
    let found = reader.pipe(MAX_DEPTH)?;
    reader.blank();
    (reader.at == signs.len()).then_some(found)
}

struct Reader<'a> {
    signs: &'a [char],
    at: usize,
}

/// Operators by rising strength.
const LEVELS: [&[&str]; 5] = [
    &["//"],
    &["or"],
    &["and"],
    &["==", "!=", "<=", ">=", "<", ">"],
    &["+", "-"],
];
const STRONGEST: &[&str] = &["*", "/", "%"];

impl Reader<'_> {
    fn blank(&mut self) {
        while self.peek(0).is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.signs.get(self.at + ahead).copied()
    }

    fn takes(&mut self, text: &str) -> bool {
        self.blank();
        let is = text
            .chars()
            .enumerate()
            .all(|(at, sign)| self.peek(at) == Some(sign));
        let word = text.starts_with(char::is_alphabetic);
        let longer = self
            .peek(text.chars().count())
            .is_some_and(|sign| sign.is_alphanumeric() || sign == '_');
        let taken = is && !(word && longer);
        if taken {
            self.at += text.chars().count();
        }
        taken
    }

    fn pipe(&mut self, deeper: u32) -> Option<Jq> {
        let mut found = self.level(0, deeper.checked_sub(1)?)?;
        loop {
            self.blank();
            if self.peek(0) != Some('|') || self.peek(1) == Some('|') {
                return Some(found);
            }
            self.at += 1;
            self.blank();
            if self.peek(0) == Some('.') {
                let inner = self.level(0, deeper.checked_sub(1)?)?;
                found = below(found, inner)?;
                continue;
            }
            let word = self.word();
            if word.is_empty() {
                return None;
            }
            found = Jq::Piped(Box::new(found), word);
        }
    }

    fn level(&mut self, level: usize, deeper: u32) -> Option<Jq> {
        let deeper = deeper.checked_sub(1)?;
        let signs = match LEVELS.get(level) {
            Some(signs) => signs,
            None => STRONGEST,
        };
        let next = |reader: &mut Self| match level < LEVELS.len() {
            true => reader.level(level + 1, deeper),
            false => reader.value(deeper),
        };
        let mut found = next(self)?;
        'more: loop {
            for sign in signs {
                // `/` alone is not the beginning of `//`.
                self.blank();
                if *sign == "/" && self.peek(1) == Some('/') {
                    continue;
                }
                if self.takes(sign) {
                    let other = next(self)?;
                    found = Jq::Binary(Box::new(found), sign, Box::new(other));
                    continue 'more;
                }
            }
            return Some(found);
        }
    }

    fn value(&mut self, deeper: u32) -> Option<Jq> {
        self.blank();
        match self.peek(0)? {
            '(' => {
                self.at += 1;
                let found = self.pipe(deeper)?;
                if !self.takes(")") {
                    return None;
                }
                let steps = self.steps()?;
                if steps.is_empty() {
                    Some(found)
                } else {
                    below(found, Jq::Path(Root::Data, steps))
                }
            }
            '.' => Some(Jq::Path(Root::Data, self.steps()?)),
            '$' => {
                self.at += 1;
                let name = self.word();
                (!name.is_empty()).then_some(())?;
                Some(Jq::Path(Root::Variable(name), self.steps()?))
            }
            '"' => self.text(deeper),
            '[' => self.list(deeper),
            '{' => self.object(deeper),
            sign if sign.is_ascii_digit() || sign == '-' => self.number(),
            _ => match self.word().as_str() {
                "true" => Some(Jq::Bool(true)),
                "false" => Some(Jq::Bool(false)),
                "null" => Some(Jq::Null),
                _ => None,
            },
        }
    }

    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(sign) = self
            .peek(0)
            .filter(|sign| sign.is_ascii_alphanumeric() || *sign == '_')
        {
            word.push(sign);
            self.at += 1;
        }
        word
    }

    fn number(&mut self) -> Option<Jq> {
        let mut text = String::new();
        if self.peek(0) == Some('-') {
            text.push('-');
            self.at += 1;
        }
        while let Some(sign) = self.peek(0).filter(|sign| sign.is_ascii_digit() || *sign == '.') {
            text.push(sign);
            self.at += 1;
        }
        let plain = text.parse::<f64>().is_ok() && !text.ends_with('.') && text.len() <= 18;
        plain.then_some(Jq::Number(text))
    }

    /// `.a["b"][0][]`
    fn steps(&mut self) -> Option<Vec<Step>> {
        let mut steps = Vec::new();
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some('.'), Some(sign)) if sign.is_ascii_alphabetic() || sign == '_' => {
                    self.at += 1;
                    let name = self.word();
                    steps.push(Step::Field(name));
                }
                (Some('.'), Some('"')) => {
                    self.at += 1;
                    steps.push(Step::Field(self.plain_text()?));
                }
                (Some('.'), Some('[')) => self.at += 1,
                (Some('.'), _) if steps.is_empty() => {
                    self.at += 1;
                    return (self.peek(0) != Some('.')).then_some(steps);
                }
                (Some('['), _) => {
                    self.at += 1;
                    steps.push(self.bracket()?);
                }
                (Some('?'), _) => self.at += 1,
                _ => return Some(steps),
            }
        }
    }

    fn bracket(&mut self) -> Option<Step> {
        self.blank();
        let step = match self.peek(0)? {
            ']' => Step::Each,
            '"' => Step::Field(self.plain_text()?),
            _ => match self.number()? {
                Jq::Number(text) => Step::Index(text.parse().ok()?),
                _ => return None,
            },
        };
        self.takes("]").then_some(step)
    }

    fn plain_text(&mut self) -> Option<String> {
        match self.text(1)? {
            Jq::Text(pieces) => match pieces.as_slice() {
                [] => Some(String::new()),
                [Piece::Plain(text)] => Some(text.clone()),
                _ => None,
            },
            _ => None,
        }
    }

    fn text(&mut self, deeper: u32) -> Option<Jq> {
        self.at += 1;
        let (mut pieces, mut open) = (Vec::new(), String::new());
        loop {
            let sign = self.peek(0)?;
            self.at += 1;
            match (sign, self.peek(0)) {
                ('"', _) => break,
                ('\\', Some('(')) => {
                    self.at += 1;
                    pieces.push(Piece::Plain(std::mem::take(&mut open)));
                    pieces.push(Piece::Value(self.pipe(deeper.checked_sub(1)?)?));
                    if !self.takes(")") {
                        return None;
                    }
                }
                ('\\', Some(escaped)) => {
                    self.at += 1;
                    open.push(match escaped {
                        'n' => '\n',
                        't' => '\t',
                        '"' | '\\' | '/' => escaped,
                        _ => return None,
                    });
                }
                _ => open.push(sign),
            }
        }
        if !open.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Plain(open));
        }
        Some(Jq::Text(pieces))
    }

    fn list(&mut self, deeper: u32) -> Option<Jq> {
        self.at += 1;
        let mut all = Vec::new();
        if self.takes("]") {
            return Some(Jq::List(all));
        }
        loop {
            all.push(self.pipe(deeper)?);
            if self.takes("]") {
                return Some(Jq::List(all));
            }
            self.takes(",").then_some(())?;
        }
    }

    fn object(&mut self, deeper: u32) -> Option<Jq> {
        self.at += 1;
        let mut all = Vec::new();
        if self.takes("}") {
            return Some(Jq::Object(all));
        }
        loop {
            self.blank();
            let name = if self.peek(0) == Some('"') {
                self.plain_text()?
            } else {
                self.word()
            };
            (!name.is_empty()).then_some(())?;
            let value = match self.takes(":") {
                true => self.level(0, deeper)?,
                false => Jq::Path(Root::Data, vec![Step::Field(name.clone())]),
            };
            all.push((name, value));
            if self.takes("}") {
                return Some(Jq::Object(all));
            }
            self.takes(",").then_some(())?;
        }
    }
}

/// A path below a value.
fn below(found: Jq, inner: Jq) -> Option<Jq> {
    match (found, inner) {
        (Jq::Path(root, mut steps), Jq::Path(Root::Data, more)) => {
            steps.extend(more);
            Some(Jq::Path(root, steps))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::workflow::jq::Variables;

    #[test]
    fn expressions_become_those_of_the_language() {
        let variables = Variables {
            data: "data".to_owned(),
            named: vec![("context".to_owned(), "context".to_owned())],
        };
        let cases = [
            (".a.b", Some("(data.a?.b ?? none as json)")),
            (".", Some("data")),
            (
                "$context.x == \"y\"",
                Some("(((context.x ?? none as json) == (\"y\" as json)) as json)"),
            ),
            (
                ".total * 2 + 1",
                Some("((((data.total as decimal) * 2) + 1) as json)"),
            ),
            (
                ".items | length",
                Some("((data.items ?? none as json).len() as json)"),
            ),
            (
                "\"a \\(.b)\"",
                Some("(\"a {shown((data.b ?? none as json))}\" as json)"),
            ),
            (".a // 3", Some("(data.a ?? (3 as json))")),
            (".a | map(.b)", None),
            ("$secrets.x", None),
            (".a |", None),
            ("((((", None),
        ];
        for (text, expected) in cases {
            let found = parse(text).and_then(|it| it.json(&variables));
            assert_eq!(found.as_deref(), expected, "{text}");
        }
        let condition = parse(".a > 1 and (.b | not)").and_then(|it| it.condition(&variables));
        assert_eq!(
            condition.as_deref(),
            Some("(((data.a as decimal) > 1) and (not (data.b as bool)))")
        );
    }
}
