//! A prompt: declarations and bindings are kept, expressions become functions that the machine can evaluate.

use crate::{
    Analysis, Work, World, analyse,
    ast::{self, ItemKind, StatementKind},
    check::{self, Bindings},
    lower::lower,
    parse::{PromptInput, parse_prompt},
    resolve::resolve,
};
use flowmesh_diagnostics::{Code, Diagnostic, Diagnostics, Sources};
use flowmesh_ir::{FunctionId, Name, Program, Value};

/// The name of the module that holds what was declared at the prompt.
const MODULE: &str = "<prompt>";

/// What was declared and bound so far.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// Declarations by name, as they were typed.
    items: Vec<(Name, String)>,
    bindings: Bindings,
    values: Vec<Value>,
}

/// What came of an input, and what was found in it.
#[derive(Debug)]
pub struct Entry {
    /// The texts that the findings point into.
    pub sources: Sources,
    /// What was found.
    pub found: Diagnostics,
    /// What came of it.
    pub entered: Entered,
}

/// What came of an input.
#[derive(Debug)]
pub enum Entered {
    /// Nothing was typed.
    Nothing,
    /// The input goes on in the next line.
    Incomplete,
    /// Something was declared, or declared anew.
    Declared(Name),
    /// An expression, to be evaluated.
    Expression(Box<Evaluation>),
    /// Something is wrong, which was found.
    Bad,
}

/// An expression on its way to the machine.
#[derive(Debug)]
pub struct Evaluation {
    /// The program that it is part of.
    pub program: Program,
    /// The function whose value is that of the expression; its result is the type at a border.
    pub function: FunctionId,
    /// What the function is called with: the values bound so far.
    pub arguments: Vec<Value>,
    /// The type, as an author would write it.
    pub type_text: String,
    /// The name of a `let`: once evaluated, the value goes to [`Session::bind`].
    pub bind: Option<Bind>,
}

/// A `let` whose value is not known yet.
#[derive(Clone, Debug)]
pub struct Bind {
    /// Its name.
    pub name: Name,
    pending: Bindings,
}

/// The caller's world, and the module of the prompt in it.
struct Overlay<'a> {
    world: &'a dyn World,
    text: String,
}

impl World for Overlay<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        if path == MODULE {
            Ok(self.text.clone())
        } else {
            self.world.read(path)
        }
    }

    fn work(&self, all: Vec<Work<'_>>) {
        self.world.work(all);
    }
}

impl Session {
    /// Takes an input: a declaration, a `let`, or an expression.
    pub fn enter(&mut self, world: &dyn World, input: &str) -> Entry {
        let mut entry = Entry {
            sources: Sources::default(),
            found: Diagnostics::default(),
            entered: Entered::Nothing,
        };
        let source = entry.sources.add("<input>", input);
        entry.entered = match parse_prompt(source, input, &mut entry.found) {
            PromptInput::Empty => Entered::Nothing,
            PromptInput::Incomplete => Entered::Incomplete,
            PromptInput::Bad => Entered::Bad,
            PromptInput::Item(item) => return self.declare(world, &item, input),
            PromptInput::Expression(expr) => self.evaluate(world, &expr, None, &mut entry),
            PromptInput::Statement(statement) => self.statement(world, &statement, &mut entry),
        };
        entry
    }

    /// Keeps the value of a `let`.
    pub fn bind(&mut self, bind: Bind, value: Value) {
        let old = std::mem::replace(&mut self.bindings, bind.pending);
        // Of two bindings of one name the later holds, so the earlier and its value are let go.
        let known = old.names().position(|name| *name == bind.name);
        known.into_iter().for_each(|at| drop(self.values.remove(at)));
        self.values.push(value);
    }

    /// Names that can be used: what was declared, and what was bound.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.items
            .iter()
            .map(|(name, _)| name)
            .chain(self.bindings.names())
    }

    /// What was declared so far, as a program; nothing if something is wrong with it.
    #[must_use]
    pub fn program(&self, world: &dyn World) -> Option<Program> {
        let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
        let overlay = Overlay {
            world,
            text: text(&self.items),
        };
        analyse(&overlay, MODULE, &mut sources, &mut found).program
    }

    fn declare(&mut self, world: &dyn World, item: &ast::Item, input: &str) -> Entry {
        let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
        let name = name_of(item);
        let mut items = self.items.clone();
        match items.iter_mut().find(|(known, _)| *known == name) {
            Some(known) => known.1 = input.to_owned(),
            None => items.push((name.clone(), input.to_owned())),
        }
        let overlay = Overlay {
            world,
            text: text(&items),
        };
        let analysis = analyse(&overlay, MODULE, &mut sources, &mut found);
        // Nothing at a prompt is unused for good.
        let found = only(&found, |d| d.code != Code(207));
        if found.has_errors() {
            return Entry {
                sources,
                found,
                entered: Entered::Bad,
            };
        }
        self.keep(&analysis);
        self.items = items;
        Entry {
            sources,
            found,
            entered: Entered::Declared(name),
        }
    }

    /// Lets bindings go whose types are no longer declared.
    fn keep(&mut self, analysis: &Analysis) {
        let kept = self.bindings.known_in(&analysis.checked.globals);
        let mut flags = kept.into_iter();
        self.values.retain(|_| flags.next().unwrap_or(false));
    }

    fn statement(&self, world: &dyn World, statement: &ast::Statement, entry: &mut Entry) -> Entered {
        match &statement.kind {
            StatementKind::Let {
                name,
                ty: None,
                value,
                ..
            } => self.evaluate(world, value, Some(name), entry),
            StatementKind::Expr { value, .. } => self.evaluate(world, value, None, entry),
            StatementKind::Bad => Entered::Bad,
            _ => {
                let message = "expected a declaration, a `let` or an expression, found another statement";
                let help = "statements stand in flows: declare one with `flow`, and run it";
                entry
                    .found
                    .add(Diagnostic::error(Code(422), statement.span, message).help(help));
                Entered::Bad
            }
        }
    }

    fn evaluate(
        &self,
        world: &dyn World,
        expr: &ast::Expr,
        name: Option<&ast::Ident>,
        entry: &mut Entry,
    ) -> Entered {
        let overlay = Overlay {
            world,
            text: text(&self.items),
        };
        let mut ignored = Diagnostics::default();
        let resolved = resolve(&overlay, MODULE, &mut entry.sources, &mut ignored);
        let (mut checked, ty) =
            check::expression(&resolved, &entry.sources, &mut entry.found, &self.bindings, expr);
        entry.found = only(&entry.found, |d| d.span.source == expr.span.source);
        let (Some(sound), Some(ty)) = (checked.sound(), ty) else {
            return Entered::Bad;
        };
        let program = lower(sound, Name::new_static(MODULE));
        let last = program.functions.len().saturating_sub(1);
        let type_text = checked.globals.show(&ty);
        let bind = name.map(|name| Bind {
            name: name.text.clone(),
            pending: self.bindings.with(&name.text, &ty, &checked.globals),
        });
        Entered::Expression(Box::new(Evaluation {
            program,
            function: FunctionId(u32::try_from(last).unwrap_or(u32::MAX)),
            arguments: self.values.clone(),
            type_text,
            bind,
        }))
    }
}

fn text(items: &[(Name, String)]) -> String {
    items.iter().map(|(_, text)| format!("{text}\n\n")).collect()
}

fn only(found: &Diagnostics, keep: impl Fn(&Diagnostic) -> bool) -> Diagnostics {
    let mut kept = Diagnostics::default();
    found.iter().filter(|d| keep(d)).for_each(|d| kept.add(d.clone()));
    kept
}

fn name_of(item: &ast::Item) -> Name {
    match &item.kind {
        ItemKind::Use(words) => words.last().map(|word| word.text.clone()).unwrap_or_default(),
        ItemKind::Config { name, .. }
        | ItemKind::Secret { name }
        | ItemKind::Record { name, .. }
        | ItemKind::Alias { name, .. }
        | ItemKind::Enum { name, .. }
        | ItemKind::Error { name, .. }
        | ItemKind::Policy { name, .. }
        | ItemKind::Event { name, .. }
        | ItemKind::Function { name, .. } => name.text.clone(),
        ItemKind::Service(service) => service.name.text.clone(),
        ItemKind::Flow(flow) => flow.name.text.clone(),
        ItemKind::Gateway(gateway) => gateway.name.text.clone(),
        ItemKind::Schedule(schedule) => schedule.name.text.clone(),
        ItemKind::Access(_)
        | ItemKind::Mesh { .. }
        | ItemKind::Migrate(_)
        | ItemKind::Test(_)
        | ItemKind::Bad => Name::default(),
    }
}
