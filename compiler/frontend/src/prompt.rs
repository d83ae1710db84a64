//! A prompt: what was declared, and what was said. Both together are a program with one test, so that whoever carries out
//! tests can carry out a prompt.
//!
//! The folder: `read` (what was typed), `said` (what was said, and as the text of a test), `make` (the program and its
//! test), `about` (what is asked of a name), `typing` (what is answered while something is typed), `page` (all of it as
//! one module for that) and `open` (what is not closed yet).

mod about;
mod make;
mod open;
mod page;
mod read;
mod said;
mod typing;

pub use crate::check::Bound;
pub use make::{Attempt, Made};
pub use page::Form;
pub use read::{Input, Kind, Typed, of_file, read};
pub use said::Line;
pub use typing::{Offers, Typing};

use crate::{World, ast};
use flowmesh_ir::Name;

/// The name of a text that was typed.
const INPUT: &str = "<input>";

/// What was declared and said so far. Every change of it is an attempt: it holds once its caller keeps what was made.
#[derive(Clone, Debug, Default)]
pub struct Session {
    items: Vec<Declared>,
    lines: Vec<Line>,
}

/// A declaration as it was typed.
#[derive(Clone, Debug)]
struct Declared {
    name: Name,
    text: String,
}

impl Session {
    /// Declares things, or declares them anew.
    #[must_use]
    pub fn declare(&self, world: &dyn World, input: (&str, &str), parts: &[&Typed]) -> Attempt {
        let mut session = self.clone();
        let names: Vec<Name> = parts.iter().map(|part| session.take(part)).collect();
        make::declared(session, world, input, (parts, names))
    }

    /// Says something more.
    #[must_use]
    pub fn say(&self, world: &dyn World, line: Line) -> Attempt {
        let mut session = self.clone();
        session.lines.push(line);
        make::made(session, world, None)
    }

    /// Asks for the value of an expression.
    #[must_use]
    pub fn ask(&self, world: &dyn World, text: &str) -> Attempt {
        make::made(self.clone(), world, Some(text))
    }

    /// Everything as it stands.
    #[must_use]
    pub fn whole(&self, world: &dyn World) -> Attempt {
        make::made(self.clone(), world, None)
    }

    /// What was declared, and nothing that was said.
    #[must_use]
    pub fn silent(&self) -> Self {
        Self {
            items: self.items.clone(),
            lines: Vec::new(),
        }
    }

    /// What was said.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The names of what was declared.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.items.iter().map(|item| &item.name)
    }

    /// What was declared, as a file.
    #[must_use]
    pub fn text(&self) -> String {
        self.items
            .iter()
            .map(|item| format!("{}\n\n", item.text))
            .collect()
    }

    /// Takes a declaration in place of the one of its name; gives that name.
    fn take(&mut self, part: &Typed) -> Name {
        let (name, text) = (part.name.clone(), part.text.trim().to_owned());
        match self.items.iter_mut().find(|known| known.name == name) {
            Some(known) => known.text = text,
            None => self.items.push(Declared {
                name: name.clone(),
                text,
            }),
        }
        name
    }
}

/// What two declarations have in common of which the later holds.
fn name_of(item: &ast::Item, text: &str) -> Name {
    use ast::ItemKind as K;
    match &item.kind {
        K::Config { name, .. }
        | K::Secret { name }
        | K::Record { name, .. }
        | K::Alias { name, .. }
        | K::Enum { name, .. }
        | K::Error { name, .. }
        | K::Policy { name, .. }
        | K::Event { name, .. }
        | K::Function { name, .. } => name.text.clone(),
        K::Service(service) => service.name.text.clone(),
        K::Flow(flow) => flow.name.text.clone(),
        K::Gateway(gateway) => gateway.name.text.clone(),
        K::Schedule(schedule) => schedule.name.text.clone(),
        K::Migrate(migrate) => Name::from(format!("migrate {}", migrate.flow.text)),
        K::Mesh { .. } => Name::new_static("mesh"),
        K::Use(_) | K::Access(_) => Name::from(one_line(text)),
        K::Test(_) => Name::from(one_line(text.split('{').next().unwrap_or_default())),
        K::Bad => Name::default(),
    }
}

/// A text on one line, without what stands above its declaration.
fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    lines.collect::<Vec<_>>().join(" ").trim().to_owned()
}
