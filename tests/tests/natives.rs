//! The examples of the library's natives: each is an expression, and each is true.
use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_frontend::World;
use flowmesh_machine::{Effect, Event, EventKind, Outcome, Run, Settings, apply};
use flowmesh_stdlib::natives;
use std::fmt::Write;
use uuid::Uuid;

/// One module that is made up.
struct Made(String);

impl World for Made {
    fn read(&self, _: &str) -> Result<String, String> {
        Ok(self.0.clone())
    }
}

/// A flow that logs the number of each example and whether it holds.
fn program() -> String {
    let mut text = String::from("flow examples() {\n");
    for (at, native) in natives().iter().enumerate() {
        // The result of a comparison with an optional is a bool all the same.
        writeln!(text, "  let e{at} = {}\n  log \"{at} {{e{at}}}\"", native.example).unwrap();
    }
    text + "}\n"
}

#[test]
fn every_native_has_a_sentence_and_an_example_that_holds() {
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let program = flowmesh_frontend::compile(&Made(program()), "examples.flow", &mut sources, &mut found);
    let said: Vec<_> = found
        .sorted()
        .iter()
        .map(|one| format!("{}: {}", sources.place(one.span), one.message))
        .collect();
    let program = program.unwrap_or_else(|| panic!("the examples do not compile:\n{}", said.join("\n")));
    let mut run = Run::new(Uuid::from_u128(1), program.flow_named("examples").unwrap());
    let kind = EventKind::Started {
        input: b"{}".as_slice().into(),
        seed: 1,
        key: None,
        terms: flowmesh_machine::Terms::default(),
    };
    let event = Event {
        at: "2026-01-01T00:00:00Z".parse().unwrap(),
        kind,
    };
    let mut effects = Vec::new();
    apply(&program, &Settings::default(), &mut run, &event, &mut effects);
    assert!(
        matches!(effects.last(), Some(Effect::Finished(Outcome::Done(_)))),
        "{effects:?}"
    );
    for (at, native) in natives().iter().enumerate() {
        let log = Effect::Note(flowmesh_machine::Note::Log {
            text: format!("{at} true"),
        });
        assert!(
            effects.contains(&log),
            "the example of `{}` does not hold: {}",
            native.name,
            native.example
        );
        assert!(native.doc.ends_with('.'), "{}", native.name);
    }
}
