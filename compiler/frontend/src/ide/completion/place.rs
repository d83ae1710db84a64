//! What the place at the cursor is, by the tree of the text with a word in it.

mod beside;
mod near;

use crate::{
    check::WORD,
    ide::names::NameKind,
    parse::{self, Pieces},
    syntax::{SyntaxKind as K, SyntaxNode, SyntaxToken},
};
use beside::{After, after, before_line, begins, given, goes_on, holds, within};

/// A text with the word in it.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) text: String,
    pub(super) tree: SyntaxNode,
    /// What the word replaces in the author's text.
    pub(super) start: u32,
    pub(super) end: u32,
    /// What was typed before the cursor.
    pub(super) prefix: String,
    pub(super) place: Place,
    pub(super) after: After,
    /// Names that are there already, of the settings, entries or arguments around.
    pub(super) given: Vec<String>,
    /// The text of the declaration around, and where the word is in it.
    pub(super) item: (String, usize),
    /// The same without statements that are far from the word, and where the word is in that. To try words in it is quick.
    pub(super) near: (String, usize),
    /// How much of that cannot be read, with the word.
    pub(super) problems: usize,
    /// Whether a statement can begin here: at the beginning of a line, after `{`, `->` or `else`.
    pub(super) begins: bool,
    /// Whether that line goes on with the one before.
    pub(super) goes_on: bool,
    /// What the statement or expression right around is.
    pub(super) within: Option<K>,
    /// Names in the record that is the value of the setting whose name is missing.
    pub(super) holds: Vec<String>,
    /// What kind of body the word stands in, by the outermost node.
    pub(super) around: Option<K>,
}

/// What can stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Nothing,
    /// Only a word of the language helps here.
    Keyword,
    /// A word of a `use`, after these.
    Use(Vec<String>),
    Value,
    /// A value, or what begins a statement.
    Statement,
    Member,
    Type,
    Error,
    Pattern,
    /// The name of a setting, within these: the innermost last.
    Setting(Vec<String>),
    /// The value of a setting.
    SettingValue(Vec<String>),
    /// The name of a field in a record.
    Entry,
    /// The name of an argument.
    Argument,
    /// A part of the flow or service around.
    Named(NameKind),
    /// Declarations of some kinds.
    Declared(&'static [NameKind]),
    Words(&'static [&'static str]),
}

/// What may stand behind the word so that it can be read: nothing, or the rest of a form that it begins.
const FORMS: [&str; 5] = ["", ": 0", " -> 0", "()", " = 0"];

const METHODS: &[&str] = &[
    "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "any", "tls",
];
const BINDINGS: &[&str] = &[
    "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "grpc", "run", "worker",
];
pub(super) const STATUSES: &[&str] = &["done", "failed", "running", "waiting", "cancelled"];

impl Site {
    /// Whether nothing of the program with the word in it matters: what can stand there is known without.
    pub(super) fn asks_nothing(&self) -> bool {
        match self.place {
            Place::Nothing | Place::Use(_) => true,
            // In a declaration, its settings are asked for, too.
            Place::Keyword => matches!(self.around, None | Some(K::Module | K::BadItem)),
            _ => false,
        }
    }
}

/// The place at an offset; nothing in comments and in texts. `pieces` are of the text as it was read last.
pub(super) fn site(pieces: &mut Pieces, text: &str, offset: u32) -> Option<Site> {
    let at = offset as usize;
    let (before, behind) = (text.get(..at)?, text.get(at..)?);
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let start = before.trim_end_matches(letter).len();
    let end = at + (behind.len() - behind.trim_start_matches(letter).len());
    let prefix = before.get(start..)?;
    if prefix.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (head, tail) = (text.get(..start)?, text.get(end..)?);
    let form = form(head, tail)?;
    let text = format!("{head}{WORD}{form}{tail}");
    let tree = parse::tree_again(pieces, &text).ok()?.root;
    let token = tree
        .token_at_offset(u32::try_from(start).ok()?.into())
        .right_biased()?;
    let (start, end) = (u32::try_from(start).ok()?, u32::try_from(end).ok()?);
    if !token.text().contains(WORD) || token.kind().is_comment() || token.kind() == K::Chars {
        return None;
    }
    let item = item_of(&token);
    let inside = usize::from(token.text_range().start())
        - item
            .as_ref()
            .map_or(0, |item| usize::from(item.text_range().start()));
    let own = item.as_ref().map_or_else(|| WORD.to_owned(), ToString::to_string);
    let near = item
        .as_ref()
        .map_or_else(|| (own.clone(), 0), |item| near::near(item, &token));
    Some(Site {
        start,
        end,
        prefix: prefix.to_owned(),
        place: place_of(&token),
        after: After {
            brackets: form != "()" && next_opens(&token),
            ..after(&token)
        },
        given: given(&token),
        problems: parse::problems(&near.0),
        near,
        begins: begins(before_line(&text, start)),
        goes_on: goes_on(&text, start),
        within: within(&token),
        holds: holds(&token),
        item: (own, inside),
        around: item.map(|item| item.kind()),
        text,
        tree,
    })
}

/// The form with which a word between two texts can be read best. Only the declaration around it is looked at: what is
/// wrong elsewhere is the same for all of them.
fn form(head: &str, tail: &str) -> Option<&'static str> {
    let from = lines(head)
        .filter(|(_, line)| begins_item(line))
        .last()
        .map_or(0, |(at, _)| at);
    let to = lines(tail)
        .skip(1)
        .find(|(_, line)| begins_item(line))
        .map_or(tail.len(), |(at, _)| at);
    let (head, tail) = (head.get(from..)?, tail.get(..to)?);
    let mut best: Option<(usize, &str)> = None;
    for form in FORMS {
        let problems = parse::problems(&format!("{head}{WORD}{form}{tail}"));
        if problems == 0 {
            return Some(form);
        }
        if best.is_none_or(|(least, _)| problems < least) {
            best = Some((problems, form));
        }
    }
    best.map(|(_, form)| form)
}

/// Lines and where they begin.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |next, line| {
        let at = *next;
        *next += line.len();
        Some((at, line))
    })
}

/// Whether a line begins a declaration, as it is written: at the margin.
fn begins_item(line: &str) -> bool {
    let word = line
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .next();
    word.is_some_and(|word| parse::ITEMS.contains(&word))
}

/// Whether the word is called.
fn next_opens(token: &SyntaxToken) -> bool {
    token.next_token().is_some_and(|next| next.kind() == K::RoundOpen)
}

fn item_of(token: &SyntaxToken) -> Option<SyntaxNode> {
    let nodes: Vec<SyntaxNode> = token.parent_ancestors().collect();
    let at = nodes.len().checked_sub(2)?;
    nodes.into_iter().nth(at)
}

fn place_of(token: &SyntaxToken) -> Place {
    let Some(parent) = token.parent() else {
        return Place::Nothing;
    };
    match parent.kind() {
        K::Reference => of_reference(&parent),
        K::Name => parent
            .parent()
            .map_or(Place::Nothing, |outer| of_name(&parent, &outer)),
        K::GatewayMethod => Place::Words(METHODS),
        K::Binding => Place::Words(BINDINGS),
        K::Module => Place::Keyword,
        kind if kind.is_bad() => Place::Keyword,
        _ => Place::Nothing,
    }
}

fn of_name(name: &SyntaxNode, outer: &SyntaxNode) -> Place {
    let first = outer.children().find(|child| child.kind() == K::Name).as_ref() == Some(name);
    match outer.kind() {
        K::Import => {
            let words = outer.children().take_while(|child| child != name);
            Place::Use(words.map(|word| word.to_string()).collect())
        }
        K::NamedType if first => Place::Type,
        K::NamedType | K::Member | K::OptionalMember => Place::Member,
        K::CasePattern if first => Place::Pattern,
        K::CasePattern => Place::Member,
        K::Fails => Place::Error,
        K::Catch if first => Place::Error,
        K::Trigger | K::AwaitedEvent if first => Place::Declared(&[NameKind::Event]),
        K::Goto => Place::Named(NameKind::State),
        K::Heard | K::On if first => Place::Named(NameKind::Signal),
        K::Split => Place::Named(NameKind::Subset),
        K::SubsetType => Place::Value,
        K::Who => match before(name) {
            Some(word) if word.text() == "gateway" => Place::Declared(&[NameKind::Gateway]),
            _ => Place::Declared(&[NameKind::Flow, NameKind::Service, NameKind::Module]),
        },
        K::What if first => Place::Declared(&[NameKind::Service, NameKind::Flow, NameKind::Module]),
        K::What => Place::Member,
        K::Shift if first => Place::Declared(&[NameKind::Service]),
        K::Setting => Place::Setting(around(outer)),
        K::Entry => in_setting(outer).map_or(Place::Entry, Place::Setting),
        K::Argument => Place::Argument,
        K::Bind => Place::Argument,
        K::Migrate => Place::Declared(&[NameKind::Flow]),
        K::TestConfig => Place::Declared(&[NameKind::Config]),
        K::SpanName => Place::Named(NameKind::Step),
        K::SpanIs | K::Expected => Place::Words(STATUSES),
        _ => Place::Nothing,
    }
}

/// A word that stands for a value: what its statement or setting makes of it.
fn of_reference(reference: &SyntaxNode) -> Place {
    let operand = reference.parent();
    let expr = operand.as_ref().and_then(SyntaxNode::parent);
    let Some(expr) = expr else { return Place::Value };
    let alone = expr.children().next().map(|child| child.text_range())
        == operand.as_ref().map(SyntaxNode::text_range);
    let outer = expr.parent();
    match outer.as_ref().map(SyntaxNode::kind) {
        Some(K::ExprStatement) if alone => Place::Statement,
        Some(K::Fail | K::AnswerFail) => Place::Error,
        Some(K::OnStatus) if alone => Place::Error,
        Some(K::Emit | K::TestEmit) => Place::Declared(&[NameKind::Event, NameKind::Module]),
        Some(K::Send) if outer.as_ref().and_then(|outer| outer.children().next()).as_ref() == Some(&expr) => {
            Place::Named(NameKind::Signal)
        }
        Some(K::Expected) if before(&expr).is_some_and(|word| word.text() == "at") => {
            Place::Named(NameKind::Step)
        }
        Some(K::Expected) if before(&expr).is_some_and(|word| word.text() == "fails") => Place::Error,
        _ => match in_setting(&expr) {
            Some(path) => Place::SettingValue(path),
            None => Place::Value,
        },
    }
}

/// The names of the settings around an expression or an entry, the innermost last; nothing where a call or a condition
/// lies between, whose parts are values again.
fn in_setting(node: &SyntaxNode) -> Option<Vec<String>> {
    let mut path = Vec::new();
    for outer in node.ancestors().skip(1) {
        match outer.kind() {
            K::Expr | K::Operand | K::Record | K::List | K::Paren => {}
            K::Entry | K::Setting => path.extend(outer.children().next().map(|name| name.to_string())),
            K::Settings | K::OperationBody | K::With | K::Service | K::Gateway | K::Block => break,
            _ => return None,
        }
        if outer.kind() == K::Setting {
            path.reverse();
            let mut all = around(&outer);
            all.append(&mut path);
            return Some(all);
        }
    }
    None
}

/// Which sort of place a setting stands in, as the first word of its path.
fn around(setting: &SyntaxNode) -> Vec<String> {
    let holder = setting
        .ancestors()
        .skip(1)
        .find(|node| !matches!(node.kind(), K::Settings | K::OperationBody));
    let kind = match holder.map(|holder| holder.kind()) {
        Some(K::Policy) => "policy",
        Some(K::Service) => "service",
        Some(K::Operation) => "operation",
        Some(K::With) => "with",
        Some(K::Cache) => "cache",
        Some(K::Gateway) => "gateway",
        Some(K::GatewayRoute) => "route",
        Some(K::Mesh) => "mesh",
        Some(K::Schedule) => "schedule",
        Some(K::Shift) => "shift",
        Some(K::Block | K::FlowItem) => "flow",
        Some(K::AnswerStatus) => "status",
        _ => "",
    };
    vec![kind.to_owned()]
}

/// The token before a node, but for blanks.
fn before(node: &SyntaxNode) -> Option<SyntaxToken> {
    let mut token = node.first_token()?.prev_token();
    while let Some(blank) = token.take_if(|token| token.kind().is_trivia()) {
        token = blank.prev_token();
    }
    token
}
