//! Flows in motion by example: each case in `tests/suite/run/` has a script in its first lines and a trace beside it.
//!
//! Lines of a script, each a comment `// > ...`:
//!
//! | line | means |
//! |---|---|
//! | `set NAME VALUE` | gives a config its value; before `start` |
//! | `start FLOW {json}` | starts the run |
//! | `reply SERVICE.OPERATION STATUS {json}` | answers the oldest open call of that operation |
//! | `fail SERVICE.OPERATION ERROR TEXT` | ends that call without an answer: `Timeout`, `Unavailable`, `Overloaded`, `Unknown` or `BadReply` |
//! | `signal NAME {json}` | sends a signal |
//! | `ask NAME {json}` | sends a signal whose sender waits for the answer |
//! | `answer N done` | answers what was asked for by the number N; also `run ID`, `found true`, `recalled RUN TIME {json}`, `refused "why"`, and of a child `ended {json}`, `failed Error {json}`, `cancelled "why"`, `terminated "why"` |
//! | `item N {json}` | brings an item of the stream N |
//! | `hear EVENT {json}` | tells an event |
//! | `view NAME` | reads a view |
//! | `advance 2d` | lets time pass; timers fire when they are due |
//! | `cancel TEXT` | cancels the run |
//! | `pause TEXT` | pauses the run |
//! | `resume` | lets it go on |
//! | `decide N retry` | decides how the run goes on that is parked at the call N; also `done {json}`, `fail`, `skip` |
//! | `edit NAME {json}` | gives a variable of the run, which stands still, a new value |
//! | `variables` | shows its variables |
//! | `terminate TEXT` | ends the run where it stands |
//!
//! The trace has the effects after each line. Each case is run a second time with a crash after every event: the run
//! is made anew from its events, and must ask for the same and wait for the same.
//! `UPDATE_SUITE=1 cargo test -p flowmesh-tests --test run` rewrites the traces; read the change in review.

#[path = "run/scene.rs"]
mod scene;
#[path = "run/script.rs"]
mod script;
#[path = "run/trace.rs"]
mod trace;

use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_ir::Program;
use flowmesh_tests::files;
use scene::{Crash, Scene};
use std::{env, fs, path::Path};

#[test]
fn every_case_leaves_its_trace() {
    let suite = files::top().join("tests/suite/run");
    let update = env::var_os("UPDATE_SUITE").is_some();
    let cases = files::below(&suite, ".flow");
    assert!(
        cases.len() >= 25,
        "the suite has lost cases: {} are left",
        cases.len()
    );
    let mut wrong = Vec::new();
    for case in cases {
        let trace = play(&suite, &case, Crash::Never);
        let name = case.file_stem().unwrap().to_string_lossy().into_owned();
        assert_eq!(
            play(&suite, &case, Crash::AfterEveryEvent),
            trace,
            "{name}: a crash changes the trace"
        );
        let beside = case.with_extension("trace");
        if update {
            fs::write(&beside, &trace).unwrap();
        } else if fs::read_to_string(&beside).unwrap_or_default() != trace {
            wrong.push(format!("== {name}\n{trace}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} cases leave another trace:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn play(suite: &Path, case: &Path, crash: Crash) -> String {
    let program = compile(suite, case);
    let text = fs::read_to_string(case).unwrap();
    let script = script::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", case.display()));
    Scene::new(&program, crash).play(&script)
}

fn compile(suite: &Path, case: &Path) -> Program {
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let world = files::Folder {
        root: suite.to_owned(),
        instead: None,
    };
    let root = case.file_name().unwrap().to_str().unwrap();
    let program = flowmesh_frontend::compile(&world, root, &mut sources, &mut found);
    let said: Vec<_> = found
        .sorted()
        .iter()
        .map(|one| format!("{}: {}", sources.place(one.span), one.message))
        .collect();
    program.unwrap_or_else(|| panic!("{root} does not compile:\n{}", said.join("\n")))
}
