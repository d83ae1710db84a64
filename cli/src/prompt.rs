//! The prompt: a session of declarations and statements, carried out in virtual time as a test is.
//!
//! The folder: `lines`, `history`, `complete`, `paint` and `page` are what a person has to do with; `directive` what begins
//! with a colon; `stage` the session and the world that came of it; `work` what Ctrl-C ends. The verbs: `declare`, `say`,
//! `about`, `load`, `save`, `time`, `runs`, `attach` and `stored`, `route`, `flow`.

mod about;
mod attach;
mod complete;
mod declare;
mod directive;
mod flow;
mod history;
mod lines;
mod load;
mod page;
mod paint;
mod route;
mod runs;
mod save;
mod say;
mod stage;
mod time;
mod work;

use crate::{
    draw::{self, report},
    error::Error,
    exit::Exit,
    settings::Set,
};
use attach::Attached;
use complete::Known;
use directive::Verb;
use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_frontend::{
    World,
    prompt::{Input, Kind, Session, Typed, read},
};
use lines::{Line, Lines};
use stage::{No, Stage, Wrong};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// One conversation.
pub(super) struct Talk<'a> {
    stage: Stage<'a>,
    /// The files that were loaded, in order.
    files: Vec<PathBuf>,
    /// The run that was looked at or started last.
    focus: Option<usize>,
    /// The system that is looked at instead of the session.
    attached: Option<Attached>,
    stub: bool,
    /// How it has gone so far.
    exit: Exit,
}

/// What is beside the prompt when no project is.
struct Nothing;

impl World for Nothing {
    fn read(&self, _: &str) -> Result<String, String> {
        Err("the prompt belongs to no project; begin it with a file".to_owned())
    }
}

/// Talks until the end of the input. A script, that is input from no terminal, ends with 3 if the compiler found
/// anything, else with 1 if anything failed.
pub(crate) fn talk(file: Option<&Path>, set: &Set, stub: bool) -> Result<Exit, Error> {
    let known = Arc::new(Known::default());
    let mut lines = Lines::open(&known);
    let person = lines.is_terminal();
    let mut talk = Talk {
        stage: Stage {
            session: Session::default(),
            world: Arc::new(Nothing),
            scene: None,
            bound: Vec::new(),
            known,
            set,
            person,
            events_max: stage::EVENTS_MAX,
        },
        files: Vec::new(),
        focus: None,
        attached: None,
        stub,
        exit: Exit::Ok,
    };
    if let Some(file) = file {
        talk.load(file)?;
    }
    if person {
        draw::say(paint::dim("`:help` tells what there is"));
    }
    talk.until_the_end(&mut lines);
    Ok(if person { Exit::Ok } else { talk.exit })
}

/// What comes behind an input.
enum Next {
    /// The next one.
    Input,
    /// It goes on in the next line.
    Open(String),
    /// Nothing.
    End,
}

impl Talk<'_> {
    fn until_the_end(&mut self, lines: &mut Lines) {
        let mut open = String::new();
        loop {
            let next = match lines.next(!open.is_empty(), &self.beside()) {
                Line::Text(line) => self.input(std::mem::take(&mut open), &line),
                Line::Interrupted => Next::Input,
                Line::End => {
                    self.unfinished(&open);
                    Next::End
                }
            };
            open.clear();
            match next {
                Next::Input => {}
                Next::Open(text) => open = text,
                Next::End => break,
            }
        }
    }

    /// The input has ended inside of a bracket or text.
    fn unfinished(&mut self, open: &str) {
        if !open.trim().is_empty() {
            draw::say("the input ends before it is complete");
            self.exit = Exit::Diagnostics;
        }
    }

    /// Takes a line behind what is open.
    fn input(&mut self, open: String, line: &str) -> Next {
        if open.is_empty()
            && let Some((verb, name, rest)) = directive::read(line)
        {
            return self.directive(verb, name, rest);
        }
        let text = match open.is_empty() {
            true => line.to_owned(),
            false => open + "\n" + line,
        };
        if let Some(meant) = self.of_shells(&text) {
            draw::say(format!(
                "did you mean `:{meant}`? What is for the prompt begins with a colon"
            ));
            self.exit = Exit::Diagnostics;
            return Next::Input;
        }
        match read(&text) {
            Input::Empty => {}
            Input::Incomplete => return Next::Open(text),
            Input::Bad(sources, found) => self.wrong(&Wrong { sources, found }),
            Input::Parts(parts) => self.parts(&text, &parts),
        }
        Next::Input
    }

    /// The directive that who types a word of another shell looks for, unless something here has that name.
    fn of_shells(&self, text: &str) -> Option<&'static str> {
        let word = text.trim().trim_end_matches("()").trim_end_matches(';');
        let meant = match word {
            "exit" | "quit" | "bye" => "quit",
            "help" | "?" => "help",
            _ => return None,
        };
        let mut bound = self.stage.bound.iter().map(|bound| &bound.name);
        let known = bound.any(|name| name == word) || self.stage.session.names().any(|name| name == word);
        (!known).then_some(meant)
    }

    /// What was typed together, in order. Declarations that stand together may need each other.
    fn parts(&mut self, text: &str, parts: &[Typed]) {
        for group in parts.chunk_by(|a, b| a.kind == b.kind && a.kind == Kind::Declaration) {
            let Some(first) = group.first() else { continue };
            let done = match first.kind {
                Kind::Declaration => {
                    let all: Vec<&Typed> = group.iter().collect();
                    self.declare(("<input>", text), &all)
                }
                Kind::Statement => self.say(&first.text),
                Kind::Expression => self.ask(&first.text),
            };
            if let Err(no) = done {
                // What follows may need it.
                return self.no(no);
            }
        }
    }

    fn directive(&mut self, verb: Option<Verb>, name: &str, rest: &str) -> Next {
        let Some(verb) = verb else {
            draw::say(unknown(name));
            self.exit = Exit::Diagnostics;
            return Next::Input;
        };
        let done = match verb {
            Verb::Quit => return Next::End,
            Verb::Help => self.help(rest),
            Verb::Type => self.show_type(rest),
            Verb::Doc => self.doc(rest),
            Verb::Ir => self.ir(rest),
            Verb::Load => self.load_named(rest),
            Verb::Reload => self.reload(),
            Verb::Reset => self.reset(rest),
            Verb::Save => self.save(rest),
            Verb::Time => self.time(rest),
            Verb::Step => self.step(),
            Verb::Limit => self.limit(rest),
            Verb::Signal => self.signal(rest),
            Verb::Unmock => self.unmock(rest),
            Verb::Runs => self.runs(),
            Verb::Inspect => self.inspect(rest),
            Verb::At => self.at(rest),
            Verb::Fork => self.fork(rest),
            Verb::Route => self.route(rest),
            Verb::Run => self.run(rest).map_err(No::from),
            Verb::Attach => self.attach(rest),
            Verb::Detach => self.detach(),
        };
        if let Err(no) = done {
            self.no(no);
        }
        Next::Input
    }

    /// Shows why something was not done.
    fn no(&mut self, no: No) {
        match no {
            No::Wrong(wrong) => self.wrong(&wrong),
            No::Failed(wrong) => {
                self.findings(&wrong.found, &wrong.sources);
                self.failed();
            }
            No::Error(error) => {
                report::error(&error, false);
                match error.exit() {
                    Exit::Usage | Exit::Diagnostics => self.exit = Exit::Diagnostics,
                    _ => self.failed(),
                }
            }
        }
    }

    fn wrong(&mut self, wrong: &Wrong) {
        self.findings(&wrong.found, &wrong.sources);
        self.exit = Exit::Diagnostics;
    }

    fn failed(&mut self) {
        if self.exit == Exit::Ok {
            self.exit = Exit::Failed;
        }
    }

    fn findings(&self, found: &Diagnostics, sources: &Sources) {
        report::diagnostics(&found.sorted(), sources, false);
    }

    /// Shows a result, a screen at a time where somebody looks at one.
    fn show(&self, text: &str) {
        page::show(text, self.stage.person);
    }
}

fn unknown(name: &str) -> String {
    let words = || directive::WORDS.iter().map(|word| word.name);
    // Who has begun a word means that one.
    let begun = words().find(|word| name.len() > 1 && word.starts_with(name));
    match begun.or_else(|| flowmesh_ir::nearest(name, words())) {
        Some(near) => format!("there is no `:{name}`; did you mean `:{near}`?"),
        None => format!("there is no `:{name}`; `:help` tells what there is"),
    }
}

/// A directive that cannot be understood.
fn misused(text: &str, why: &str, help: &str) -> No {
    No::Error(Error::BadSetting {
        text: text.trim().to_owned(),
        why: why.to_owned(),
        help: help.to_owned(),
    })
}
