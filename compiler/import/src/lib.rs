//! What teams have today, as a program of the same meaning: manifests of Kubernetes and Istio, state machines in Amazon's
//! States Language, workflows in the DSL of Serverless Workflow.
//!
//! This room reads texts and writes the text of a program. It does not know where either is kept, and makes no manifests.
//!
//! INVARIANT: nothing is dropped silently. What the language has no counterpart for is a finding at its line, and a comment
//! where it would stand in the program.

mod callee;
mod fields;
mod found;
mod json;
mod jumps;
mod kubernetes;
mod name;
mod node;
mod out;
mod states;
mod uses;
mod workflow;

use flowmesh_diagnostics::{Code, Diagnostic, Diagnostics, Severity, Sources, Span};
use flowmesh_frontend::{World, compile, format::format};
use flowmesh_ir::Program;
use found::Found;
use node::Node;
use std::{fmt, str::FromStr};

/// What a text is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Objects of a cluster: Services, Gateway API, Istio.
    Kubernetes,
    /// A state machine in Amazon's States Language.
    States,
    /// A workflow in the DSL of Serverless Workflow.
    Workflow,
}

/// A text to import.
#[derive(Clone, Debug)]
pub struct Input {
    /// What people call it.
    pub name: String,
    /// The whole of it.
    pub text: String,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Imported {
    /// The program as text; nothing where something was wrong.
    pub text: Option<String>,
    /// The same, compiled.
    pub program: Option<Program>,
    /// The texts that were read.
    pub sources: Sources,
    /// What was found in them.
    pub found: Diagnostics,
}

/// What the program is called while it is looked at.
const NAME: &str = "app.flow";

/// Imports some texts as one program; what they are is guessed where nobody says it.
#[must_use]
pub fn import(inputs: &[Input], kind: Option<Kind>) -> Imported {
    let mut sources = Sources::default();
    let mut found = Found::default();
    let mut documents = Vec::new();
    for input in inputs {
        let source = sources.add(input.name.clone(), input.text.clone());
        match node::read(source, &input.text) {
            Ok(all) => documents.extend(all.into_iter().map(|node| (input.name.clone(), node))),
            Err((words, span)) => found.unreadable(span, &words),
        }
    }
    let mut imported = Imported {
        sources,
        ..Imported::default()
    };
    if !found.all.has_errors() {
        let text = written(&documents, kind, &mut found);
        if !found.all.has_errors() {
            laid_out(&text, &mut imported, &mut found);
        }
    }
    imported.found = found.listed();
    imported
}

/// The program as it is written first.
fn written(named: &[(String, Node)], kind: Option<Kind>, found: &mut Found) -> String {
    let documents: Vec<Node> = named.iter().map(|(_, node)| node.clone()).collect();
    match kind.or_else(|| guessed(&documents)) {
        Some(Kind::Kubernetes) => kubernetes::import(&documents, found),
        Some(Kind::States) => states::import(named, found),
        Some(Kind::Workflow) => workflow::import(&documents, found),
        None => {
            let nothing = Node {
                value: node::Value::Null,
                span: Span::default(),
            };
            found.unknown_kind(documents.first().unwrap_or(&nothing), "nobody knows what this is");
            String::new()
        }
    }
}

/// What documents are, by what stands in them.
fn guessed(documents: &[Node]) -> Option<Kind> {
    let states = || states::looks_so(documents).then_some(Kind::States);
    let workflow = || workflow::looks_so(documents).then_some(Kind::Workflow);
    let kubernetes = kubernetes::looks_so(documents).then_some(Kind::Kubernetes);
    kubernetes.or_else(states).or_else(workflow)
}

/// Lays the program out, and sees to it that it compiles.
fn laid_out(text: &str, imported: &mut Imported, found: &mut Found) {
    let text = match format(text) {
        Ok(text) => text,
        Err(wrong) => return broken(&wrong, text, found),
    };
    let (mut sources, mut wrong) = (Sources::default(), Diagnostics::default());
    imported.program = compile(&Only(&text), NAME, &mut sources, &mut wrong);
    match imported.program {
        Some(_) => imported.text = Some(text),
        None => broken(&wrong, &text, found),
    }
}

/// What is written does not compile: said with the line that is wrong.
fn broken(wrong: &Diagnostics, text: &str, found: &mut Found) {
    let error = wrong.iter().find(|it| it.severity == Severity::Error);
    let words = error.map_or("it is no program", |it| it.message.as_str());
    let start = error.map_or(0, |it| it.span.start as usize);
    let before = text.get(..start).unwrap_or_default();
    let line = text.lines().nth(before.matches('\n').count()).unwrap_or_default();
    let message = format!(
        "what would be written does not compile: {words}, in `{}`",
        line.trim()
    );
    found
        .all
        .add(Diagnostic::error(Code(810), Span::default(), message));
}

/// A world of one text.
struct Only<'a>(&'a str);

impl World for Only<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        match path {
            NAME => Ok(self.0.to_owned()),
            _ => Err("there is no such module".to_owned()),
        }
    }
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Kubernetes, Self::States, Self::Workflow];

    /// What people call it on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::States => "states",
            Self::Workflow => "workflow",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|kind| kind.name() == text);
        known.ok_or_else(|| {
            format!(
                "expected a kind ({}), found `{text}`",
                Self::ALL.map(Self::name).join(", ")
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Found, Imported, laid_out};

    #[test]
    fn what_does_not_compile_is_not_given_out() {
        for text in ["service a {", "flow f() -> int { return \"\" }"] {
            let (mut imported, mut found) = (Imported::default(), Found::default());
            laid_out(text, &mut imported, &mut found);
            let codes: Vec<String> = found.all.iter().map(|it| it.code.to_string()).collect();
            assert_eq!((imported.text, codes), (None, vec!["F0810".to_owned()]), "{text}");
        }
    }
}
