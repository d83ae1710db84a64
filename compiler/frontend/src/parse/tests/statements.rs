//! What statements are, where two readings are possible.

use super::super::*;
use super::{problems, read_text};
use crate::ast::{AwaitOn, ExprKind, Flow, ItemKind, Limit, Statement, StatementKind};

fn flow(text: &str) -> Flow {
    let (parsed, found) = read_text(text);
    assert_eq!(found, Vec::<String>::new(), "{text}");
    let Some(ItemKind::Flow(flow)) = parsed.module.items.into_iter().next().map(|item| item.kind) else {
        panic!("a flow")
    };
    *flow
}

fn statements(body: &str) -> Vec<Statement> {
    flow(&format!("flow f() {{\n{body}\n}}")).body.statements
}

fn only(body: &str) -> StatementKind {
    let mut all = statements(body);
    assert_eq!(all.len(), 1, "{body}");
    all.remove(0).kind
}

#[test]
fn a_name_after_as_is_bound_and_no_type() {
    for (text, bound) in [
        ("await approve as a forever", Some("a")),
        ("await (x as int) > 3 forever", None),
        ("await event Paid as p where p.x == 1 forever", Some("p")),
        ("let y = await task", Some("y")),
        ("await event forever", None),
        ("await event as e within 2d", Some("e")),
    ] {
        let StatementKind::Await { bind, .. } = only(text) else {
            panic!("{text}")
        };
        assert_eq!(bind.map(|bind| bind.text.to_string()).as_deref(), bound, "{text}");
    }
}

#[test]
fn a_block_may_stand_on_the_line_after_its_word() {
    for (text, is_it) in [
        (
            "race\n{\nlog \"a\"\n}",
            (|kind| matches!(kind, StatementKind::Race { .. })) as fn(&StatementKind) -> bool,
        ),
        ("race // the first\n\n{ log \"a\" }", |kind| {
            matches!(kind, StatementKind::Race { .. })
        }),
        ("try\n{ log \"a\" }\nfinally\n{ log \"b\" }", |kind| {
            matches!(kind, StatementKind::Try { .. })
        }),
        ("spawn\n{ log \"a\" }", |kind| {
            matches!(kind, StatementKind::Expr { .. })
        }),
        ("let t = spawn\n{ log \"a\" }", |kind| {
            matches!(kind, StatementKind::Let { .. })
        }),
        ("within 10m\n{ log \"a\" }", |kind| {
            matches!(kind, StatementKind::Within { .. })
        }),
    ] {
        assert!(is_it(&only(text)), "{text}");
    }
    assert_eq!(statements("race\nspawn\ntry = 3").len(), 3, "free elsewhere");
}

#[test]
fn a_deadline_after_an_await_is_a_statement_of_its_own() {
    let all = statements("await task\nwithin 10m { log \"a\" }");
    assert!(matches!(
        all[0].kind,
        StatementKind::Await {
            limit: Limit::Missing,
            ..
        }
    ));
    assert!(matches!(all[1].kind, StatementKind::Within { .. }));
    let all = statements("await task\nwithin 10m\nlog \"a\"");
    assert!(matches!(
        all[0].kind,
        StatementKind::Await {
            limit: Limit::Within { .. },
            ..
        }
    ));
}

#[test]
fn arms_wait_for_signals_times_events_and_conditions() {
    let text = "await {\nwhen a as x -> log \"1\"\nwhen after 2d -> log \"2\"\nwhen at noon -> log \"3\"\n\
                when event E -> log \"4\"\nwhen after > 3 -> log \"5\"\nwhen at -> log \"6\"\n}";
    let StatementKind::AwaitAny { arms } = only(text) else {
        panic!("arms")
    };
    let kinds = arms.iter().map(|arm| match &arm.on {
        AwaitOn::Expr(value) => match value.kind {
            ExprKind::Name(_) => "name",
            _ => "condition",
        },
        AwaitOn::Event { .. } => "event",
        AwaitOn::After(_) => "after",
        AwaitOn::At(_) => "at",
    });
    let kinds: Vec<&str> = kinds.collect();
    let AwaitOn::After(delay) = &arms[1].on else {
        panic!("a delay")
    };
    assert!(matches!(delay.kind, ExprKind::Duration(172_800_000)));
    assert_eq!(kinds, ["name", "after", "at", "event", "condition", "name"]);
}

#[test]
fn words_that_begin_statements_stay_free_as_names() {
    for word in [
        "race",
        "try",
        "spawn",
        "start",
        "cancel",
        "within",
        "lock",
        "limit",
        "state",
        "goto",
        "step",
        "emit",
        "shift",
        "restart",
        "tag",
        "on",
        "view",
        "transient",
        "event",
        "after",
        "at",
        "until",
        "finally",
        "forever",
        "of",
        "stream",
        "from",
        "produces",
        "type",
        "flow",
        "use",
    ] {
        let text = format!(
            "flow f({word}: int) {{\n  {word}: 1\n  {word} = 3\n  {word}(1)\n  {word}.x()\n  let {word} = {word} + {word}\n  \
             let y = {word} in xs\n  log \"{{{word}}}\"\n  if {word} {{ }}\n  sleep {word}\n  await {word} within {word}\n}}"
        );
        assert_eq!(problems(&text), Vec::<String>::new(), "{word}");
    }
}

#[test]
fn a_catch_with_a_block_belongs_to_the_try_and_one_with_an_arrow_to_the_call() {
    let text = "a.b()\n  catch E -> try { c.d() } catch F { log \"f\" }\n  catch G -> log \"g\"";
    let StatementKind::Expr { tails, .. } = only(text) else {
        panic!("a call")
    };
    assert_eq!(tails.catch.len(), 2);
}

#[test]
fn clauses_of_a_flow_stand_in_any_order() {
    let made =
        flow("flow f(e: E) on E where e.x > 1 key e.id produces file(\"a\") fails A, B { timeout: 1d }");
    assert_eq!(made.fails.len(), 2);
    assert!(made.key.is_some() && made.produces.is_some());
    assert!(made.trigger.is_some_and(|trigger| trigger.condition.is_some()));
    assert_eq!(made.settings.len(), 1);
}

#[test]
fn loops_and_tasks_are_whole_right_sides_only() {
    assert!(matches!(
        only("return for x in xs { x }"),
        StatementKind::Return {
            value: Some(ast::Expr {
                kind: ExprKind::For(_),
                ..
            }),
            ..
        }
    ));
    assert!(!problems("flow f() { let x = g(start a.b()) }").is_empty());
    assert!(!problems("flow f() { let x = [for y in xs { y }] }").is_empty());
}

#[test]
fn deep_statements_end_in_linear_time() {
    for (open, close) in [
        ("try { ", " }"),
        ("try { ", " } catch E { }"),
        ("await { when a -> { ", " } }"),
        ("parallel { when a -> { ", " } }"),
        ("let x = for y in xs { ", " }"),
        ("let x = spawn { ", " }"),
        ("within 1m { ", " } else { }"),
        ("a.b() catch E -> race { ", " }"),
    ] {
        let deep = 60;
        let text = format!("flow f() {{ {}{} }}", open.repeat(deep), close.repeat(deep));
        let (_, found) = read_text(&text);
        assert!(found.len() <= deep, "{open}");
    }
}
