//! The words of an expression.

/// A word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Ident(String),
    Int(String),
    Uint(String),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    Mark(&'static str),
}

/// Longer ones first, so that none is taken for the beginning of another.
const MARKS: [&str; 28] = [
    "&&", "||", "==", "!=", "<=", ">=", ".?", "[?", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", "(",
    ")", "[", "]", "{", "}", ".", ",", "=", "$",
];

/// All words of a text.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let chars: Vec<char> = text.chars().collect();
    let (mut at, mut all) = (0, Vec::new());
    while let Some(&c) = chars.get(at) {
        if c.is_whitespace() {
            at += 1;
        } else if c == '/' && chars.get(at + 1) == Some(&'/') {
            while chars.get(at).is_some_and(|c| *c != '\n') {
                at += 1;
            }
        } else if let Some(quoted) = quoted(&chars, at) {
            let (token, end) = quoted?;
            all.push(token);
            at = end;
        } else if c.is_ascii_digit() || (c == '.' && chars.get(at + 1).is_some_and(char::is_ascii_digit)) {
            let (token, end) = number(&chars, at)?;
            all.push(token);
            at = end;
        } else if c.is_ascii_alphabetic() || c == '_' {
            let start = at;
            while chars
                .get(at)
                .is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_')
            {
                at += 1;
            }
            all.push(Token::Ident(chars[start..at].iter().collect()));
        } else {
            let rest: String = chars[at..].iter().take(2).collect();
            let mark = MARKS
                .iter()
                .find(|mark| rest.starts_with(**mark))
                .ok_or_else(|| format!("unexpected `{c}`"))?;
            all.push(Token::Mark(mark));
            at += mark.len();
        }
    }
    Ok(all)
}

fn number(chars: &[char], start: usize) -> Result<(Token, usize), String> {
    let mut at = start;
    let digits = |at: &mut usize| {
        while chars.get(*at).is_some_and(char::is_ascii_digit) {
            *at += 1;
        }
    };
    let hex = chars[start] == '0' && chars.get(start + 1).is_some_and(|c| matches!(c, 'x' | 'X'));
    let mut double = false;
    if hex {
        at += 2;
        while chars.get(at).is_some_and(char::is_ascii_hexdigit) {
            at += 1;
        }
    } else {
        digits(&mut at);
        if chars.get(at) == Some(&'.') && chars.get(at + 1).is_some_and(char::is_ascii_digit) {
            double = true;
            at += 1;
            digits(&mut at);
        }
        let signed = usize::from(chars.get(at + 1).is_some_and(|c| matches!(c, '+' | '-')));
        let exponent = chars.get(at).is_some_and(|c| matches!(c, 'e' | 'E'));
        if exponent && chars.get(at + 1 + signed).is_some_and(char::is_ascii_digit) {
            double = true;
            at += 1 + signed;
            digits(&mut at);
        }
    }
    let text: String = chars[start..at].iter().collect();
    if double {
        let value = text.parse().map_err(|_| format!("`{text}` is no number"))?;
        return Ok((Token::Double(value), at));
    }
    match chars.get(at) {
        Some('u' | 'U') => Ok((Token::Uint(text), at + 1)),
        _ => Ok((Token::Int(text), at)),
    }
}

/// A string or bytes, where one begins: `r` leaves escapes as they are, `b` makes bytes, three quotes hold lines.
fn quoted(chars: &[char], start: usize) -> Option<Result<(Token, usize), String>> {
    let mut at = start;
    let (mut raw, mut bytes) = (false, false);
    while let Some(c) = chars.get(at) {
        match c {
            'r' | 'R' if !raw => raw = true,
            'b' | 'B' if !bytes => bytes = true,
            _ => break,
        }
        at += 1;
    }
    let quote = *chars.get(at).filter(|c| matches!(c, '"' | '\''))?;
    let triple = chars.get(at + 1) == Some(&quote) && chars.get(at + 2) == Some(&quote);
    let width = if triple { 3 } else { 1 };
    Some(inside(chars, at + width, (quote, width), raw, bytes))
}

fn inside(
    chars: &[char],
    start: usize,
    (quote, width): (char, usize),
    raw: bool,
    bytes: bool,
) -> Result<(Token, usize), String> {
    let (mut at, mut text, mut octets) = (start, String::new(), Vec::new());
    loop {
        let c = *chars.get(at).ok_or("a string has no end")?;
        if (0..width).all(|offset| chars.get(at + offset) == Some(&quote)) {
            at += width;
            break;
        }
        let (piece, next) = match c {
            '\n' | '\r' if width == 1 => return Err("a line ends in a string".to_owned()),
            '\\' if !raw => escape(chars, at + 1)?,
            _ => (c, at + 1),
        };
        // `\x` and octal escapes are bytes in bytes, and code points in strings.
        let byte = c == '\\'
            && !raw
            && chars
                .get(at + 1)
                .is_some_and(|c| matches!(c, 'x' | 'X' | '0'..='3'));
        match u8::try_from(u32::from(piece)) {
            Ok(octet) if byte => octets.push(octet),
            _ => octets.extend(piece.encode_utf8(&mut [0; 4]).bytes()),
        }
        text.push(piece);
        at = next;
    }
    Ok((
        if bytes {
            Token::Bytes(octets)
        } else {
            Token::Text(text)
        },
        at,
    ))
}

fn escape(chars: &[char], at: usize) -> Result<(char, usize), String> {
    let c = *chars.get(at).ok_or("a string has no end")?;
    let coded = |start: usize, digits: usize, radix: u32| {
        let text: String = chars.iter().skip(start).take(digits).collect();
        let code = u32::from_str_radix(&text, radix)
            .ok()
            .filter(|_| text.chars().count() == digits);
        let code = code
            .and_then(char::from_u32)
            .ok_or_else(|| format!("`\\{c}{text}` is no escape"))?;
        Ok((code, start + digits))
    };
    let simple = match c {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '\\' | '?' | '"' | '\'' | '`' => c,
        'x' | 'X' => return coded(at + 1, 2, 16),
        'u' => return coded(at + 1, 4, 16),
        'U' => return coded(at + 1, 8, 16),
        '0'..='3' => return coded(at, 3, 8),
        _ => return Err(format!("`\\{c}` is no escape")),
    };
    Ok((simple, at + 1))
}
