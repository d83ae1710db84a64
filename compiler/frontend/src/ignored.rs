//! Warnings that their author knows and means: `// ignore F0407: only its effect counts`.
//!
//! [`crate::ast::Ignore`] says what a comment is about. Here, after all stages, such warnings are left out, and what is
//! wrong with the comments themselves is told. An error is never left out.
//!
//! INVARIANT: a comment is said to be in vain only where every program with its module would say so: what a module does
//! without knowing who uses it.

use crate::{
    ast::{Ident, Ignore, Item, ItemKind},
    parse::parse,
    resolve::{Module, Resolved},
};
use flowmesh_diagnostics::{Code, Diagnostic, Diagnostics, Severity, SourceId, Sources, Span, page};
use std::collections::{HashMap, HashSet};

/// An error of which somebody says that it be left out.
const IS_ERROR: Code = Code(220);
/// A code that there is not.
const UNKNOWN: Code = Code(221);
/// A comment that does not say why.
const NO_REASON: Code = Code(222);
/// A comment that leaves nothing out.
const IN_VAIN: Code = Code(223);

/// Warnings that come of rules and flows which stand elsewhere: one program with a module has them, another has not.
const OF_OTHERS: &[Code] = &[Code(531), Code(532), Code(548), Code(549)];

/// The stage of targets, of which no program knows whether there will be one.
const TARGETS: u16 = 7;

/// Leaves out warnings of a later stage that the texts say are meant; the comments themselves were looked at before.
pub fn ignore(sources: &Sources, found: &mut Diagnostics) {
    let warned = found.iter().filter(|d| d.severity == Severity::Warning);
    let places: HashSet<SourceId> = warned.map(|d| d.span.source).collect();
    let read = |id: SourceId| {
        let source = sources.get(id).filter(|source| is_program(&source.name))?;
        let module = parse(id, &source.text, &mut Diagnostics::default()).module;
        Some(module.ignores)
    };
    let all: Vec<Ignore> = places.into_iter().filter_map(read).flatten().collect();
    leave_out(all.iter(), found);
}

/// Leaves out what is meant, and says what is wrong with the comments that say so.
pub(crate) fn settle(resolved: &Resolved, found: &mut Diagnostics) {
    let own = |module: &&Module| !module.path.starts_with("std/");
    let modules: Vec<&Module> = resolved.modules.iter().filter(own).collect();
    let all = modules.iter().flat_map(|module| &module.ast.ignores);
    let needed = leave_out(all, found);
    let is_whole = !found.has_errors();
    for module in modules {
        for comment in &module.ast.ignores {
            judge(
                module,
                comment,
                |code| is_whole && !needed.contains(&(comment.span, code)),
                found,
            );
        }
    }
}

/// Leaves warnings out; gives the comments, with the codes, by which some were.
fn leave_out<'a>(all: impl Iterator<Item = &'a Ignore>, found: &mut Diagnostics) -> HashSet<(Span, Code)> {
    let mut by_code: HashMap<(SourceId, Code), Vec<&Ignore>> = HashMap::new();
    for comment in all {
        for code in comment
            .codes
            .iter()
            .filter_map(code_of)
            .filter(|code| can_be_ignored(*code))
        {
            by_code
                .entry((comment.span.source, code))
                .or_default()
                .push(comment);
        }
    }
    let mut needed = HashSet::new();
    found.retain(|d| {
        if d.severity != Severity::Warning {
            return true;
        }
        let comments = by_code.get(&(d.span.source, d.code)).into_iter().flatten();
        let mut about = comments.filter(|comment| comment.holds(d.span)).peekable();
        let kept = about.peek().is_none();
        needed.extend(about.map(|comment| (comment.span, d.code)));
        kept
    });
    needed
}

/// Says what is wrong with one comment.
fn judge(module: &Module, comment: &Ignore, in_vain: impl Fn(Code) -> bool, found: &mut Diagnostics) {
    if !comment.has_reason {
        let said = Diagnostic::warning(NO_REASON, comment.span, "expected a reason, found none")
            .help("say behind a colon why the warning does not matter here: `// ignore F0407: why`");
        found.add(said.fix("remove the comment", comment.span, ""));
    }
    for code in &comment.codes {
        let known = code_of(code);
        let said = match known {
            Some(known) if !can_be_ignored(known) => not_a_warning(known, code),
            Some(known) if in_vain(known) && is_judged(module, comment, known) => {
                let message = format!("there is no `{known}` here that could be ignored");
                Diagnostic::warning(IN_VAIN, code.span, message)
                    .help("remove the comment, or put it directly above what the warning is about")
            }
            Some(_) => continue,
            None => Diagnostic::warning(UNKNOWN, code.span, format!("unknown code `{}`", code.text))
                .help("write the code that stands beside the warning; `flowmesh explain` lists all"),
        };
        found.add(without(said, comment, code));
    }
}

fn not_a_warning(known: Code, code: &Ident) -> Diagnostic {
    let (message, help) = match known.may_warn() {
        true => (
            format!("`{known}` is about comments like this one, and cannot be ignored"),
            "mend the comment that it is about",
        ),
        false => (
            format!("`{known}` is an error, and only warnings can be ignored"),
            "mend what it is about, and remove the comment",
        ),
    };
    Diagnostic::warning(IS_ERROR, code.span, message).help(help)
}

/// With what takes a code out of its comment, or the comment away where nothing would be left of it.
fn without(said: Diagnostic, comment: &Ignore, code: &Ident) -> Diagnostic {
    let others: Vec<&Ident> = comment
        .codes
        .iter()
        .filter(|other| other.span != code.span)
        .collect();
    let (Some(first), Some(last)) = (comment.codes.first(), comment.codes.last()) else {
        return said;
    };
    if others.is_empty() {
        return said.fix("remove the comment", comment.span, "");
    }
    let left: Vec<&str> = others.iter().map(|code| code.text.as_str()).collect();
    let title = format!("remove {}", code.text);
    said.fix(title, first.span.to(last.span), left.join(", "))
}

/// The code that is written, if there is one.
fn code_of(written: &Ident) -> Option<Code> {
    let code: Code = written.text.parse().ok()?;
    page(code).map(|_| code)
}

/// Whether a warning with a code can be left out. What is wrong with comments is not: it would never end.
#[must_use]
pub fn can_be_ignored(code: Code) -> bool {
    code.may_warn() && ![IS_ERROR, UNKNOWN, NO_REASON, IN_VAIN].contains(&code)
}

/// Whether it can be said of a comment that nothing needs it.
fn is_judged(module: &Module, comment: &Ignore, code: Code) -> bool {
    let place = comment.about.first();
    let holds = |item: &&Item| {
        place.is_some_and(|place| item.span.start <= place.start && place.start < item.span.end)
    };
    // A flow that is made for what it is given means something only where it is called.
    let item = module.ast.items.iter().find(holds);
    let is_template = matches!(item.map(|item| &item.kind), Some(ItemKind::Flow(flow)) if flow.is_template());
    code.stage() != TARGETS && !OF_OTHERS.contains(&code) && !is_template
}

fn is_program(name: &str) -> bool {
    name.ends_with(".flow") && !name.starts_with("std/")
}
