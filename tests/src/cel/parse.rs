//! The tree of an expression, by descent through the levels of its operators.

use super::{
    Value,
    token::{Token, tokens},
};

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A value that stands there.
    Literal(Value),
    /// A name.
    Ident(String),
    /// `a.b`, and `a.?b`, which gives an optional.
    Select {
        /// Of what.
        of: Box<Expr>,
        /// The field.
        field: String,
        /// Whether it is asked for by `.?`.
        optional: bool,
    },
    /// `a[b]`, and `a[?b]`.
    Index {
        /// Of what.
        of: Box<Expr>,
        /// Which.
        at: Box<Expr>,
        /// Whether it is asked for by `[?`.
        optional: bool,
    },
    /// A function or a method; operators but the four below are functions of their sign.
    Call {
        /// Before the dot.
        target: Option<Box<Expr>>,
        /// The function.
        name: String,
        /// In the brackets.
        arguments: Vec<Expr>,
    },
    /// `a && b`
    And(Box<Expr>, Box<Expr>),
    /// `a || b`
    Or(Box<Expr>, Box<Expr>),
    /// `a ? b : c`
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `has(a.b)`
    Has(Box<Expr>, String),
    /// `a.all(x, b)` and the other macros that go over something.
    Over(Box<Over>),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{a: b}`
    Map(Vec<(Expr, Expr)>),
}

/// A macro that goes over a list or the keys of a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Over {
    pub(super) kind: Kind,
    pub(super) range: Expr,
    pub(super) name: String,
    /// What an item must fulfil; `map` may have one too.
    pub(super) condition: Option<Expr>,
    /// What `map` makes of an item.
    pub(super) result: Option<Expr>,
}

/// Which macro it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
}

/// How deep expressions may stand in each other; no rule comes near it.
const DEPTH_MAX: usize = 50;

/// The tree of a text.
///
/// # Errors
/// What was expected, and what was found.
pub fn parse(text: &str) -> Result<Expr, String> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        at: 0,
        depth: 0,
    };
    let expr = parser.expr()?;
    match parser.peek() {
        None => Ok(expr),
        Some(token) => Err(format!("unexpected {token:?} behind the expression")),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

/// Operators by how close they bind, the loosest first.
const LEVELS: [&[&str]; 3] = [&["==", "!=", "<", "<=", ">", ">="], &["+", "-"], &["*", "/", "%"]];

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Result<Token, String> {
        let token = self.peek().cloned().ok_or("the expression has no end")?;
        self.at += 1;
        Ok(token)
    }

    fn take(&mut self, mark: &str) -> bool {
        let is = matches!(self.peek(), Some(Token::Mark(found)) if *found == mark);
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, mark: &str) -> Result<(), String> {
        if self.take(mark) {
            return Ok(());
        }
        Err(format!("expected `{mark}`, found {:?}", self.peek()))
    }

    fn ident(&mut self) -> Result<String, String> {
        match self.next()? {
            Token::Ident(name) => Ok(name),
            other => Err(format!("expected a name, found {other:?}")),
        }
    }

    fn expr(&mut self) -> Result<Expr, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err("the expression is too deep".to_owned());
        }
        let condition = self.or()?;
        let expr = if self.take("?") {
            let then = self.or()?;
            self.expect(":")?;
            Expr::If(Box::new(condition), Box::new(then), Box::new(self.expr()?))
        } else {
            condition
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn or(&mut self) -> Result<Expr, String> {
        let mut left = self.and()?;
        while self.take("||") {
            left = Expr::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Expr, String> {
        let mut left = self.level(0)?;
        while self.take("&&") {
            left = Expr::And(Box::new(left), Box::new(self.level(0)?));
        }
        Ok(left)
    }

    fn level(&mut self, level: usize) -> Result<Expr, String> {
        let Some(operators) = LEVELS.get(level) else {
            return self.unary();
        };
        let mut left = self.level(level + 1)?;
        while let Some(name) = self.operator(level, operators) {
            left = call(None, &name, vec![left, self.level(level + 1)?]);
        }
        Ok(left)
    }

    /// `in` is a word, and stands with the comparisons.
    fn operator(&mut self, level: usize, operators: &[&str]) -> Option<String> {
        let name = match self.peek()? {
            Token::Mark(mark) if operators.contains(mark) => (*mark).to_owned(),
            Token::Ident(word) if level == 0 && word == "in" => word.clone(),
            _ => return None,
        };
        self.at += 1;
        Some(name)
    }

    fn unary(&mut self) -> Result<Expr, String> {
        if self.take("!") {
            return Ok(call(None, "!", vec![self.unary()?]));
        }
        if self.take("-") {
            // The smallest number has no positive counterpart, so that the sign belongs to the literal.
            if let Some(Token::Int(digits)) = self.peek().cloned() {
                self.at += 1;
                let literal = Expr::Literal(int(&format!("-{digits}"))?);
                return self.members(literal);
            }
            return Ok(call(None, "-", vec![self.unary()?]));
        }
        let primary = self.primary()?;
        self.members(primary)
    }

    fn members(&mut self, mut of: Expr) -> Result<Expr, String> {
        loop {
            of = if self.take(".") {
                let field = self.ident()?;
                if self.take("(") {
                    let arguments = self.list(")")?;
                    method(of, &field, arguments)?
                } else {
                    select(of, field, false)
                }
            } else if self.take(".?") {
                let field = self.ident()?;
                select(of, field, true)
            } else if self.take("[?") {
                self.index(of, true)?
            } else if self.take("[") {
                self.index(of, false)?
            } else {
                return Ok(of);
            };
        }
    }

    fn index(&mut self, of: Expr, optional: bool) -> Result<Expr, String> {
        let at = Box::new(self.expr()?);
        self.expect("]")?;
        Ok(Expr::Index {
            of: Box::new(of),
            at,
            optional,
        })
    }

    fn list(&mut self, end: &str) -> Result<Vec<Expr>, String> {
        let mut all = Vec::new();
        while !self.take(end) {
            all.push(self.expr()?);
            if !self.take(",") {
                self.expect(end)?;
                break;
            }
        }
        Ok(all)
    }

    fn entries(&mut self) -> Result<Expr, String> {
        let mut all = Vec::new();
        while !self.take("}") {
            let key = self.expr()?;
            self.expect(":")?;
            all.push((key, self.expr()?));
            if !self.take(",") {
                self.expect("}")?;
                break;
            }
        }
        Ok(Expr::Map(all))
    }

    fn primary(&mut self) -> Result<Expr, String> {
        let value = match self.next()? {
            Token::Mark("(") => {
                let inner = self.expr()?;
                self.expect(")")?;
                return Ok(inner);
            }
            Token::Mark("[") => return Ok(Expr::List(self.list("]")?)),
            Token::Mark("{") => return self.entries(),
            Token::Int(digits) => int(&digits)?,
            Token::Uint(digits) => Value::Uint(radix(&digits, u64::from_str_radix)?),
            Token::Double(value) => Value::Double(value),
            Token::Text(text) => Value::Text(text),
            Token::Bytes(bytes) => Value::Bytes(bytes),
            Token::Ident(name) => match name.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => Value::Null,
                "in" => return Err("unexpected `in`".to_owned()),
                _ if self.take("(") => {
                    let arguments = self.list(")")?;
                    return global(&name, arguments);
                }
                _ => return Ok(Expr::Ident(name)),
            },
            Token::Mark(mark) => return Err(format!("unexpected `{mark}`")),
        };
        Ok(Expr::Literal(value))
    }
}

fn call(target: Option<Expr>, name: &str, arguments: Vec<Expr>) -> Expr {
    Expr::Call {
        target: target.map(Box::new),
        name: name.to_owned(),
        arguments,
    }
}

fn select(of: Expr, field: String, optional: bool) -> Expr {
    let of = Box::new(of);
    Expr::Select { of, field, optional }
}

fn global(name: &str, mut arguments: Vec<Expr>) -> Result<Expr, String> {
    if name != "has" {
        return Ok(call(None, name, arguments));
    }
    match (arguments.pop(), arguments.is_empty()) {
        (
            Some(Expr::Select {
                of,
                field,
                optional: false,
            }),
            true,
        ) => Ok(Expr::Has(of, field)),
        _ => Err("`has` asks for a field".to_owned()),
    }
}

fn method(target: Expr, name: &str, arguments: Vec<Expr>) -> Result<Expr, String> {
    let kind = match name {
        "all" => Kind::All,
        "exists" => Kind::Exists,
        "exists_one" | "existsOne" => Kind::ExistsOne,
        "filter" => Kind::Filter,
        "map" => Kind::Map,
        _ => return Ok(call(Some(target), name, arguments)),
    };
    let mut arguments = arguments.into_iter();
    let (condition, result) = match (kind, arguments.len()) {
        (Kind::Map, 2) => (None, arguments.next_back()),
        (Kind::Map, 3) => {
            let result = arguments.next_back();
            (arguments.next_back(), result)
        }
        (Kind::Map, count) | (_, count @ (0 | 1 | 3..)) => {
            return Err(format!("`{name}` does not take {count} arguments"));
        }
        _ => (arguments.next_back(), None),
    };
    let Some(Expr::Ident(name)) = arguments.next() else {
        return Err(format!("`{name}` needs a name for each item"));
    };
    Ok(Expr::Over(Box::new(Over {
        kind,
        range: target,
        name,
        condition,
        result,
    })))
}

fn int(digits: &str) -> Result<Value, String> {
    radix(digits, i64::from_str_radix).map(Value::Int)
}

fn radix<T, E>(digits: &str, read: impl Fn(&str, u32) -> Result<T, E>) -> Result<T, String> {
    let (sign, bare) = digits.strip_prefix('-').map_or(("", digits), |bare| ("-", bare));
    let value = match bare.strip_prefix("0x").or(bare.strip_prefix("0X")) {
        Some(hex) => read(&format!("{sign}{hex}"), 16),
        None => read(digits, 10),
    };
    value.map_err(|_| format!("`{digits}` is no number that fits"))
}
