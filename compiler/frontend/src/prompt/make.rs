//! The program of a session and its test, and what is wrong with them, where the author typed it.

use super::{INPUT, Session, Typed};
use crate::{
    Work, World,
    check::{self, Bound, Said, Spoken},
    lower::{self, lower},
    parse::parse_expression,
    resolve::{Resolved, resolve},
    settle, whole,
};
use flowmesh_diagnostics::{Code, Diagnostic, Diagnostics, Severity, SourceId, Sources, Span};
use flowmesh_ir::{Name, Program, test::Test};

/// What came of an attempt to change a session, or to ask something.
#[derive(Debug)]
pub struct Attempt {
    /// The texts that the findings point into, and those of failures later.
    pub sources: Sources,
    /// What was found.
    pub found: Diagnostics,
    /// What was made, if nothing is wrong.
    pub made: Option<Box<Made>>,
}

/// A session that is sound, ready to be carried out.
#[derive(Debug)]
pub struct Made {
    /// It.
    pub session: Session,
    /// What was declared now.
    pub names: Vec<Name>,
    /// The program.
    pub program: Program,
    /// Everything that was said, as a test.
    pub test: Test,
    /// The names that what is said next may use.
    pub bound: Vec<Bound>,
    /// What was asked: the last step of the test puts it there.
    pub asked: Option<Bound>,
}

/// The name of the module that holds what was declared at the prompt.
pub(super) const MODULE: &str = "<prompt>";

/// The caller's world, and the module of the prompt in it.
pub(super) struct Overlay<'a> {
    pub(super) world: &'a dyn World,
    pub(super) text: String,
}

impl World for Overlay<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        match path {
            MODULE => Ok(self.text.clone()),
            path => self.world.read(path),
        }
    }

    fn work(&self, all: Vec<Work<'_>>) {
        self.world.work(all);
    }
}

/// Where a piece of the prompt's module was typed.
struct Moved {
    from: u32,
    length: u32,
    to: u32,
}

/// A session of which something was declared.
pub(super) fn declared(
    session: Session,
    world: &dyn World,
    (name, text): (&str, &str),
    (parts, names): (&[&Typed], Vec<Name>),
) -> Attempt {
    let moved = moved(&session, parts, &names);
    let mut made = Making::new(world, &session);
    let typed = made.sources.add(name, text);
    let program = made.session(&session, None, true);
    made.found = kept(&made.found, |d| {
        is_wrong(d) || place(d.span, made.module, &moved).is_some()
    });
    for diagnostic in made.found.iter_mut() {
        let here = |span: Span| place(span, made.module, &moved).map(|at| at.of(typed));
        diagnostic.span = here(diagnostic.span).unwrap_or(diagnostic.span);
        for label in &mut diagnostic.labels {
            label.span = here(label.span).unwrap_or(label.span);
        }
    }
    made.attempt(session, names, program)
}

/// A session of which something was said, or of which something is asked.
pub(super) fn made(session: Session, world: &dyn World, asked: Option<&str>) -> Attempt {
    let mut made = Making::new(world, &session);
    let program = made.session(&session, asked, false);
    let last = made.last;
    made.found = kept(&made.found, |d| is_wrong(d) || Some(d.span.source) == last);
    made.attempt(session, Vec::new(), program)
}

/// A session on its way to a program.
pub(super) struct Making {
    pub(super) sources: Sources,
    pub(super) found: Diagnostics,
    pub(super) resolved: Resolved,
    /// The module of the prompt.
    module: SourceId,
    /// What was said or asked last.
    pub(super) last: Option<SourceId>,
}

impl Making {
    pub(super) fn new(world: &dyn World, session: &Session) -> Self {
        let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
        let text = session.text();
        let overlay = Overlay { world, text };
        let resolved = resolve(&overlay, MODULE, &mut sources, &mut found);
        let module = resolved.modules.first().map(|module| module.source);
        Self {
            sources,
            found,
            resolved,
            module: module.unwrap_or_default(),
            last: None,
        }
    }

    /// Checks everything.
    pub(super) fn spoken(&mut self, session: &Session, asked: Option<&str>) -> Spoken {
        let mut said: Vec<Said> = Vec::with_capacity(session.lines.len());
        for line in &session.lines {
            if let Some((source, read)) = line.read(&mut self.sources) {
                self.last = Some(source);
                said.push(read);
            }
        }
        let asked = asked.and_then(|text| {
            let source = self.sources.add(INPUT, text);
            self.last = Some(source);
            parse_expression(source, text, &mut self.found)
        });
        check::session(
            &self.resolved,
            &self.sources,
            &mut self.found,
            &said,
            asked.as_ref(),
        )
    }

    /// Checks everything and makes the program; with `whole` also what only the whole of it shows.
    fn session(&mut self, session: &Session, asked: Option<&str>, whole: bool) -> Option<(Program, Spoken)> {
        let mut spoken = self.spoken(session, asked);
        let mut program = spoken.checked.sound().map(|mut sound| {
            let beside = std::mem::take(&mut sound.beside);
            (lower(sound, Name::new_static(MODULE)), beside)
        });
        if let (Some((program, _)), true) = (&program, whole) {
            whole::check(&self.resolved, &self.sources, program, &mut self.found);
        }
        settle(&self.resolved, &self.sources, &mut self.found);
        let (mut program, beside) = program.take().filter(|_| !self.found.has_errors())?;
        lower::add(&mut program, beside);
        let valid = flowmesh_ir::validate(&program);
        if let Err(why) = &valid {
            let message = format!("the program goes too far to be run: {why}");
            let place = Span::new(self.module, 0, 0);
            self.found.add(Diagnostic::error(Code(323), place, message));
        }
        valid.ok().map(|()| (program, spoken))
    }

    fn attempt(self, session: Session, names: Vec<Name>, made: Option<(Program, Spoken)>) -> Attempt {
        let made = made.map(|(program, spoken)| {
            Box::new(Made {
                session,
                names,
                program,
                test: spoken.test,
                bound: spoken.bound,
                asked: spoken.asked,
            })
        });
        Attempt {
            sources: self.sources,
            found: self.found,
            made,
        }
    }
}

impl Moved {
    fn of(&self, source: SourceId) -> Span {
        Span::new(source, self.to, self.to.saturating_add(self.length))
    }
}

/// Where the declarations that are new stand in the module, and where they were typed.
fn moved(session: &Session, parts: &[&Typed], names: &[Name]) -> Vec<Moved> {
    let length = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX);
    let mut from = 0_u32;
    let mut all = Vec::new();
    for item in &session.items {
        let named = names
            .iter()
            .zip(parts)
            .rev()
            .find(|(name, _)| **name == item.name);
        all.extend(named.map(|(_, part)| Moved {
            from,
            length: length(&item.text),
            to: part.at,
        }));
        from = from.saturating_add(length(&item.text)).saturating_add(2);
    }
    all
}

/// The place where a span of the module was typed, if it is new.
fn place(span: Span, module: SourceId, moved: &[Moved]) -> Option<Moved> {
    if span.source != module {
        return None;
    }
    let inside = |at: &&Moved| at.from <= span.start && span.start <= at.from.saturating_add(at.length);
    moved.iter().find(inside).map(|at| Moved {
        from: span.start,
        length: span.end.saturating_sub(span.start),
        to: at.to.saturating_add(span.start.saturating_sub(at.from)),
    })
}

fn is_wrong(diagnostic: &Diagnostic) -> bool {
    diagnostic.severity == Severity::Error
}

/// What is worth saying at a prompt, where nothing is unused for good.
fn kept(found: &Diagnostics, keep: impl Fn(&Diagnostic) -> bool) -> Diagnostics {
    let mut kept = Diagnostics::default();
    let said = found.iter().filter(|d| d.code != Code(207) && keep(d));
    said.for_each(|d| kept.add(d.clone()));
    kept
}
