//! Loops that end, and loops that do not.

use super::{
    bench::Bench,
    build::{binary, done, int, program, set, slot, state},
};
use flowmesh_ir::{StateId, expr::Binary, flow::End};

#[test]
fn a_loop_goes_round_until_its_condition_fails() {
    let below = binary(Binary::Less, slot(1), int(1000));
    let states = vec![
        set(1, int(0), End::Jump(StateId(1))),
        state(End::Branch {
            condition: below,
            yes: StateId(2),
            no: StateId(3),
        }),
        set(1, binary(Binary::Add, slot(1), int(1)), End::Jump(StateId(1))),
        done(slot(1)),
    ];
    assert_eq!(Bench::start(program(states)).1, ["done 1000"]);
}

#[test]
fn a_loop_without_end_fails_the_run() {
    let (_, effects) = Bench::start(program(vec![state(End::Jump(StateId(0)))]));
    assert_eq!(
        effects,
        [r#"failed {"BadValue":{"reason":"the flow did not come to rest within 100000 states"}}"#]
    );
}
