//! The prompt: reads inputs, keeps what is declared, shows values with their types.

mod directive;
mod evaluate;
mod flow;
mod lines;
mod load;

use crate::{
    draw::{self, report},
    error::Error,
    exit::Exit,
    project::Project,
    settings::Set,
};
use directive::Directive;
use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_frontend::{
    World,
    prompt::{Entered, Entry, Session},
};
use lines::{Line, Lines};
use std::path::Path;

const HELP: &str = "\
EXPRESSION        its value and type
let x = ...       keep a value
type, fn, flow    declare; once more declares anew
:type EXPRESSION  only its type
:load FILE        take the declarations of a file
:run FLOW {JSON}  run a flow; Ctrl-C ends it
:help             this
:quit             leave; so does Ctrl-D";

/// One conversation.
pub(super) struct Talk<'a> {
    session: Session,
    world: Box<dyn World>,
    set: &'a Set,
    stub: bool,
    /// Whether anything was wrong so far.
    wrong: bool,
}

/// What is beside the prompt when no project is.
struct Nothing;

impl World for Nothing {
    fn read(&self, _: &str) -> Result<String, String> {
        Err("the prompt belongs to no project; begin it with a file".to_owned())
    }
}

/// Talks until the end of the input. A script, that is input from no terminal, ends with 3 if anything was wrong.
pub(crate) fn talk(file: Option<&Path>, set: &Set, stub: bool) -> Result<Exit, Error> {
    let mut talk = Talk {
        session: Session::default(),
        world: Box::new(Nothing),
        set,
        stub,
        wrong: false,
    };
    if let Some(file) = file {
        talk.load(file)?;
    }
    let mut lines = Lines::open();
    if lines.is_terminal() {
        draw::say("`:help` tells what there is");
    }
    let mut open = String::new();
    loop {
        match lines.next(!open.is_empty()) {
            Line::Text(line) => open = talk.input(open, &line),
            Line::Interrupted => open.clear(),
            Line::End => break,
        }
        if open == QUIT {
            break;
        }
    }
    if !open.trim().is_empty() && open != QUIT {
        talk.unfinished();
    }
    Ok(if talk.wrong && !lines.is_terminal() {
        Exit::Diagnostics
    } else {
        Exit::Ok
    })
}

/// What stands for the end of the conversation where an open input would stand; it is no input.
const QUIT: &str = "\0";

impl Talk<'_> {
    /// Takes a line behind what is open, and gives what is open then.
    fn input(&mut self, open: String, line: &str) -> String {
        if let Some(directive) = Directive::read(line).filter(|_| open.is_empty()) {
            return self.directive(&directive);
        }
        let text = if open.is_empty() {
            line.to_owned()
        } else {
            open + "\n" + line
        };
        let entry = self.session.enter(self.world.as_ref(), &text);
        if matches!(entry.entered, Entered::Incomplete) {
            return text;
        }
        self.entered(entry);
        String::new()
    }

    /// The input ended inside of a bracket or text.
    fn unfinished(&mut self) {
        draw::say("the input ends before it is complete");
        self.wrong = true;
    }

    fn directive(&mut self, directive: &Directive<'_>) -> String {
        let done = match directive {
            Directive::Quit => return QUIT.to_owned(),
            Directive::Help => {
                draw::say(HELP);
                Ok(())
            }
            Directive::Type(text) => {
                self.show_type(text);
                Ok(())
            }
            Directive::Load(path) => self.load(Path::new(path)),
            Directive::Run(flow, input) => self.run(flow, input),
            Directive::Unknown(word) => {
                draw::say(format!("there is no `:{word}`; `:help` tells what there is"));
                self.wrong = true;
                Ok(())
            }
        };
        if let Err(error) = done {
            report::error(&error, false);
            self.wrong = true;
        }
        String::new()
    }

    fn entered(&mut self, entry: Entry) {
        self.findings(&entry.found, &entry.sources);
        match entry.entered {
            Entered::Declared(name) => draw::say(format!("declared {name}")),
            Entered::Expression(evaluation) => {
                if let Err(error) = evaluate::show(&mut self.session, *evaluation, self.set) {
                    report::error(&error, false);
                    self.wrong = true;
                }
            }
            Entered::Nothing | Entered::Incomplete | Entered::Bad => {}
        }
    }

    fn show_type(&mut self, text: &str) {
        let entry = self.session.enter(self.world.as_ref(), text);
        self.findings(&entry.found, &entry.sources);
        if let Entered::Expression(evaluation) = entry.entered {
            draw::answer(evaluation.type_text);
        }
    }

    fn findings(&mut self, found: &Diagnostics, sources: &Sources) {
        report::diagnostics(&found.sorted(), sources, false);
        self.wrong |= found.has_errors();
    }

    /// From now on the files beside `file` can be used.
    fn enter_project(&mut self, file: &Path) -> Result<String, Error> {
        let (project, root) = Project::of(file)?;
        let text = project.text(&root).map_err(|why| Error::unreadable(file, &why))?;
        self.world = Box::new(project);
        Ok(text)
    }
}
