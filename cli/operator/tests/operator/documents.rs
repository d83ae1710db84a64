//! The examples of the page are such as a cluster and the compiler take.

use flowmesh_operator::{
    crd::{ProgramSpec, RunSpec},
    decide::{
        make::{Around, make},
        source::given,
    },
};
use serde_json::{Value, json};
use std::{fs, path::Path};

fn examples() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/operator.md");
    let page = fs::read_to_string(path).unwrap();
    let blocks = page
        .split("```yaml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap());
    // Beside those of the operator there are such as others carry out.
    blocks
        .filter(|block| block.starts_with("apiVersion: flowmesh.dev/"))
        .map(|block| serde_saphyr::from_str(block).unwrap())
        .collect()
}

#[test]
fn the_program_of_the_page_compiles_and_the_run_fits_it() {
    let all = examples();
    let [program, run] = all.as_slice() else {
        panic!("{all:#?}")
    };
    let double = crate::double::Double::new();
    // The double holds to the schemas.
    double.create("Program", "orders", &json!({ "spec": program["spec"] }));
    double.create("Run", "order-1001", &json!({ "spec": run["spec"] }));
    let spec: ProgramSpec = serde_json::from_value(program["spec"].clone()).unwrap();
    let mut around = Around::default();
    around.owner.namespace = "shop".to_owned();
    let made = make(&given(&spec.source, None).unwrap(), &spec, &around).unwrap();
    assert_eq!(made.pods.name, "orders");
    let run: RunSpec = serde_json::from_value(run["spec"].clone()).unwrap();
    assert!(made.text.contains(&format!("\"{}\"", run.flow)));
}
