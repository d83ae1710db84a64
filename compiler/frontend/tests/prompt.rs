//! What is declared and said at a prompt is kept, and expressions come out with their types.

#[cfg(test)]
mod session {
    use flowmesh_diagnostics::Diagnostics;
    use flowmesh_frontend::{
        World,
        prompt::{Attempt, Form, Input, Kind, Line, Made, Session, Typed, Typing, of_file, read},
    };
    use flowmesh_ir::test::StepKind;

    struct Nothing;

    impl World for Nothing {
        fn read(&self, _: &str) -> Result<String, String> {
            Err("there is no such file".to_owned())
        }
    }

    fn parts(text: &str) -> Vec<Typed> {
        match read(text) {
            Input::Parts(parts) => parts,
            other => panic!("{text} is no input: {other:?}"),
        }
    }

    fn attempt(session: &Session, text: &str) -> Attempt {
        let parts = parts(text);
        let parts: Vec<&Typed> = parts.iter().collect();
        session.declare(&Nothing, ("<input>", text), &parts)
    }

    fn declared(session: &Session, text: &str) -> Session {
        attempt(session, text).made.expect("it is sound").session
    }

    fn said(session: &Session, text: &str) -> Made {
        let attempt = session.say(&Nothing, Line::Statement(text.to_owned()));
        *attempt.made.expect("it is sound")
    }

    fn asked(session: &Session, text: &str) -> Made {
        *session.ask(&Nothing, text).made.expect("it is sound")
    }

    fn type_of(session: &Session, text: &str) -> String {
        asked(session, text).asked.expect("it is asked").type_text
    }

    fn codes(found: &Diagnostics) -> Vec<String> {
        found.iter().map(|d| d.code.to_string()).collect()
    }

    #[test]
    fn expressions_see_what_was_declared_and_said() {
        let session = declared(&Session::default(), "type Item { price: decimal }");
        let session = said(&session, "let items = [Item(price: 2)]").session;
        let session = declared(&session, "enum Way { up, down }");
        assert_eq!(type_of(&session, "items"), "[Item]");
        assert_eq!(type_of(&session, "items.map(i => i.price).sum()"), "decimal");
        assert_eq!(type_of(&session, "{ a: 1, way: Way.up }"), "{ a: int, way: Way }");
        assert_eq!(type_of(&session, "[]"), "[?]");
        let made = asked(&session, "items");
        assert_eq!(flowmesh_ir::validate(&made.program), Ok(()));
        assert!(matches!(
            made.test.steps.last().map(|step| &step.kind),
            Some(StepKind::Let { .. })
        ));
        assert_eq!(made.session.lines().len(), 1);
    }

    #[test]
    fn runs_are_names_of_the_session() {
        let session = declared(
            &Session::default(),
            "flow f(n: int) -> int {\n  sleep 1d\n  return n\n}",
        );
        let made = said(&session, "let run = start f(1)");
        let run = made
            .bound
            .iter()
            .find(|bound| bound.name == "run")
            .expect("it is bound");
        assert_eq!(run.run.as_deref(), Some("f"));
        assert_eq!(type_of(&made.session, "run.result"), "int");
        let fork = Line::Fork {
            name: "other".into(),
            of: "run".to_owned(),
            events: 1,
        };
        let made = made.session.say(&Nothing, fork).made.expect("it is sound");
        assert_eq!(type_of(&made.session, "other.status"), "string");
        let text = made.session.test("so", &["expect run is waiting".to_owned()]);
        assert!(
            text.contains("let run = start f(1)")
                && text.contains("// only at a prompt: :fork run at 0 as other")
        );
        assert!(
            matches!(of_file("test.flow", &text), Input::Parts(parts) if parts.len() == 1),
            "{text}"
        );
    }

    #[test]
    fn a_mistake_changes_nothing() {
        let session = declared(&Session::default(), "fn f(x: int) -> int = x + 1");
        let wrong = attempt(&session, "\n\nfn f(x: int) -> string = x + 1");
        assert!(wrong.made.is_none());
        assert_eq!(wrong.found.len(), 1);
        let span = wrong.found.iter().next().expect("it was found").span;
        let source = wrong.sources.get(span.source).expect("it was typed");
        assert_eq!(
            (source.name.as_str(), source.line_column(span.start).0),
            ("<input>", 3)
        );
        assert_eq!(type_of(&session, "f(1)"), "int");
        assert!(session.ask(&Nothing, "g(1)").made.is_none());
        assert!(matches!(read("f("), Input::Incomplete));
        match read("sleep 1s") {
            Input::Bad(_, found) => assert_eq!(codes(&found), ["F0422"]),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn several_things_are_read_at_once_with_what_stands_above_them() {
        let text = "/// What is sold.\ntype Item { price: decimal }\n\nlet x = 1 // one\nx + 1";
        let parts = parts(text);
        let kinds: Vec<Kind> = parts.iter().map(|part| part.kind).collect();
        assert_eq!(kinds, [Kind::Declaration, Kind::Statement, Kind::Expression]);
        let first = parts.first().expect("there are three");
        assert!(first.text.starts_with("/// What is sold.") && first.name == "Item");
        let session = declared(&Session::default(), &first.text);
        assert!(
            session
                .doc(&Nothing, "Item")
                .expect("it is known")
                .contains("What is sold.")
        );
    }

    #[test]
    fn what_can_stand_is_what_was_declared_and_said() {
        let text = "type Item { price: decimal, count: int }\nflow pay(order: string) -> string {\n  signal approve(by: string)\n  view seen = order\n  await approve as it within 2d else return \"late\"\n  return it.by\n}";
        let session = declared(&Session::default(), text);
        let session = said(&session, "let run = start pay(\"7\")").session;
        let fork = Line::Fork {
            name: "other".into(),
            of: "run".to_owned(),
            events: 1,
        };
        let forked = session.say(&Nothing, fork).made.expect("it is sound").session;
        let labels = |input: &str, form: Form<'_>| -> Vec<String> {
            let offers = Typing::default().offers((&forked, &Nothing), (input, input.len()), form);
            offers.items.into_iter().map(|item| item.label).collect()
        };
        let has = |input: &str, form: Form<'_>, label: &str| {
            let all = labels(input, form);
            assert!(all.iter().any(|known| known == label), "{input}: {all:?}");
        };
        has("other.", Form::Input, "seen");
        has("run.", Form::Input, "status");
        has("let x = Item(price: 1, count: ru", Form::Input, "run");
        has("ru", Form::Input, "run");
        has("run.st", Form::Expression, "status");
        has("app", Form::Within("send ", " to other"), "approve");
        has(
            "flow g() {\n  let made = Item(price: 1, count: 2)\n  return made.",
            Form::Input,
            "count",
        );
        assert_eq!(labels("// a comm", Form::Input), Vec::<String>::new());
        let none = labels("flowmesh_asked", Form::Input);
        assert!(
            none.iter().all(|label| !label.starts_with("flowmesh")),
            "{none:?}"
        );
    }

    #[test]
    fn what_is_declared_anew_is_not_there_twice() {
        let session = declared(&Session::default(), "fn half(n: int) -> int = n / 2");
        let text = "fn half(n: int, more: int) -> int = mo";
        let mut typing = Typing::default();
        let offers = typing.offers((&session, &Nothing), (text, text.len()), Form::Input);
        assert_eq!(offers.replaced, text.len() - 2..text.len());
        assert_eq!(offers.items.first().map(|item| item.label.as_str()), Some("more"));
    }

    #[test]
    fn a_warning_that_is_meant_is_ignored_here_as_well() {
        let flow = |comment: &str| format!("flow f(n: int) {{\n{comment}  let seen = n\n}}");
        let found = |text: &str| codes(&attempt(&Session::default(), text).found);
        assert_eq!(found(&flow("")), ["F0407"]);
        assert_eq!(
            found(&flow("  // ignore F0407: for the debugger\n")),
            Vec::<String>::new()
        );
        assert_eq!(
            found(&flow("  // ignore F0318: another one\n")),
            ["F0407", "F0223"]
        );
    }
}
