//! The examples in simulated worlds: with everything that goes wrong by chance, and with a crash after each event.
//!
//! `FLOWMESH_SEEDS=100000 cargo test --release -p flowmesh-tests --test worlds` is the campaign; `FLOWMESH_SEED=7` lets
//! one world happen alone and shows it.

use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_host::simulate::{Report, Scenario, SignalPlan, StartPlan, simulate};
use flowmesh_ir::Program;
use flowmesh_tests::files;
use std::env;

/// An example, what is started of it and what it is told.
struct Example {
    file: &'static str,
    flow: &'static str,
    inputs: Vec<String>,
    signal: Option<(&'static str, &'static str)>,
}

fn examples() -> Vec<Example> {
    let order = |id: &str, count: u32| {
        let item = format!(r#"{{"sku": "TEA-1", "count": {count}, "price": "12.50"}}"#);
        format!(r#"{{"order": {{"id": "{id}", "email": "a@example.com", "items": [{item}]}}}}"#)
    };
    vec![
        Example {
            file: "hello.flow",
            flow: "hello",
            inputs: vec![r#"{"names": ["ada", "grace"], "pause": "2s"}"#.to_owned()],
            signal: None,
        },
        Example {
            file: "shop/shop.flow",
            flow: "checkout",
            inputs: vec![order("small", 1), order("large", 1_000)],
            signal: Some(("approve", r#"{"by": "ada"}"#)),
        },
    ]
}

impl Example {
    fn program(&self) -> Program {
        let path = files::top().join("examples").join(self.file);
        let world = files::Folder {
            root: path.parent().unwrap().to_owned(),
            instead: None,
        };
        let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
        let name = path.file_name().unwrap().to_string_lossy();
        let program = flowmesh_frontend::compile(&world, &name, &mut sources, &mut found);
        assert!(found.is_empty(), "{}: {:?}", self.file, found.sorted());
        program.unwrap()
    }

    fn scenario(&self) -> Scenario {
        let start = |input: &String| StartPlan {
            flow: self.flow.into(),
            input: input.clone(),
            key: None,
        };
        let told = |(signal, payload): (&str, &str)| SignalPlan {
            flow: self.flow.into(),
            signal: signal.into(),
            payload: payload.to_owned(),
        };
        Scenario::new(
            self.inputs.iter().map(start).collect(),
            self.signal.map(told).into_iter().collect(),
        )
    }
}

fn sound(report: Report) -> Report {
    let seed = report.seed;
    let again = format!("again with: FLOWMESH_SEED={seed} cargo test -p flowmesh-tests --test worlds");
    assert!(report.failure.is_none(), "{report}\n{again}");
    report
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

#[test]
fn every_example_keeps_its_promises_in_every_world() {
    for example in examples() {
        let (program, scenario) = (example.program(), example.scenario());
        let seeds = match number("FLOWMESH_SEED") {
            Some(seed) => seed..seed + 1,
            None => 0..number("FLOWMESH_SEEDS").unwrap_or(150),
        };
        let worlds = seeds.end - seeds.start;
        let reports = seeds.map(|seed| sound(simulate(seed, &program, &scenario)));
        let crashes: u64 = reports.map(|report| report.crashes).sum();
        println!("{}: {worlds} worlds, {crashes} crashes", example.file);
    }
}

#[test]
fn a_crash_after_any_event_of_any_example_changes_no_end() {
    for example in examples() {
        let (program, scenario) = (example.program(), example.scenario().calm());
        let calm = sound(simulate(1, &program, &scenario));
        assert_eq!(calm.crashes, 0);
        assert!(
            calm.ends.iter().all(|end| end.contains("Done")),
            "{:?}",
            calm.ends
        );
        for batch in 1..=calm.written {
            let crashed = Scenario {
                crash_after: Some(batch),
                ..scenario.clone()
            };
            let report = sound(simulate(1, &program, &crashed));
            assert_eq!(
                report.crashes, 1,
                "{}: no crash after batch {batch}",
                example.file
            );
            assert_eq!(
                report.ends, calm.ends,
                "{}: a crash after batch {batch} changes the end",
                example.file
            );
        }
        println!("{}: a crash after each of {} batches", example.file, calm.written);
    }
}
