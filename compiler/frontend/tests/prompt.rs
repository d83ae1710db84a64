//! What is typed at a prompt is kept, and expressions come out with their types.

use flowmesh_frontend::{
    World,
    prompt::{Entered, Evaluation, Session},
};
use flowmesh_ir::Value;

struct Nothing;

impl World for Nothing {
    fn read(&self, _: &str) -> Result<String, String> {
        Err("there is no such file".to_owned())
    }
}

fn expression(session: &mut Session, input: &str) -> Option<Evaluation> {
    let entry = session.enter(&Nothing, input);
    match entry.entered {
        Entered::Expression(evaluation) => Some(*evaluation),
        _ => None,
    }
}

#[test]
fn expressions_see_what_was_declared_and_bound() {
    let mut session = Session::default();
    assert!(matches!(
        session.enter(&Nothing, "type Item { price: decimal }").entered,
        Entered::Declared(_)
    ));
    let bound = expression(&mut session, "let items = [Item(price: 2)]").expect("it is one");
    assert_eq!(bound.type_text, "[Item]");
    session.bind(bound.bind.expect("it is a let"), Value::list(vec![]));
    assert!(matches!(
        session.enter(&Nothing, "enum Way { up, down }").entered,
        Entered::Declared(_)
    ));
    let sum = expression(&mut session, "items.map(i => i.price).sum()").expect("it is one");
    assert_eq!(sum.type_text, "decimal");
    assert_eq!(sum.arguments, vec![Value::list(vec![])]);
    assert_eq!(flowmesh_ir::validate(&sum.program), Ok(()));
    assert_eq!(
        expression(&mut session, "{ a: 1, way: Way.up }")
            .expect("it is one")
            .type_text,
        "{ a: int, way: Way }"
    );
}

#[test]
fn a_mistake_changes_nothing() {
    let mut session = Session::default();
    assert!(matches!(
        session.enter(&Nothing, "fn f(x: int) -> int = x + 1").entered,
        Entered::Declared(_)
    ));
    let wrong = session.enter(&Nothing, "fn f(x: int) -> string = x + 1");
    assert!(matches!(wrong.entered, Entered::Bad));
    assert_eq!(wrong.found.len(), 1);
    assert_eq!(
        expression(&mut session, "f(1)").expect("it is one").type_text,
        "int"
    );
    assert!(matches!(
        session.enter(&Nothing, "f(").entered,
        Entered::Incomplete
    ));
    assert!(matches!(session.enter(&Nothing, "g(1)").entered, Entered::Bad));
    let statement = session.enter(&Nothing, "sleep 1s");
    let codes: Vec<String> = statement.found.iter().map(|d| d.code.to_string()).collect();
    assert_eq!(codes, ["F0422"]);
}
