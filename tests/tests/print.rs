//! Programs in print: what every program of the suite and the examples looks like, and that it comes back from JSON.
use flowmesh_ir::{FlowId, json, print};
use flowmesh_tests::files::programs;

#[test]
fn every_program_comes_back_from_json_with_its_hash() {
    let programs = programs();
    assert!(programs.len() > 3, "only {} programs are clean", programs.len());
    for (name, program) in programs {
        let back = json::load(print::json(&program).as_bytes()).expect(&name);
        assert_eq!(back, program, "{name}");
        assert_eq!(back.hash(), program.hash(), "{name}");
    }
}

#[test]
fn every_index_in_print_has_a_name() {
    for (name, program) in programs() {
        let flows = 0..u32::try_from(program.flows.len()).unwrap();
        let graphs: String = flows
            .map(|flow| print::dot(&program, FlowId(flow)).expect(&name))
            .collect();
        let text = print::text(&program) + &graphs;
        let nameless = text.lines().find(|line| {
            line.split(['(', ' ', ':']).any(|word| {
                word.strip_prefix('?')
                    .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
            })
        });
        assert_eq!(nameless, None, "{name}");
    }
}
