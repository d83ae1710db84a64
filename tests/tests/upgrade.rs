//! Runs of one version of a program in another: which can go on there, which stay and why, and which wait for a
//! `migrate` block.

use flowmesh_ir::{FlowId, Hash, Program, call::Reply};
use flowmesh_machine::{
    CallId, Effect, Event, EventKind, Outcome, Run, Settings, TimerId, apply,
    upgrade::{Home, Homes, Plan, Upgrade, move_run},
    variables,
};
use flowmesh_tests::fuzz;
use jiff::Timestamp;
use uuid::Uuid;

const OLD: &str = r#"type Order { id: string, total: int }

service shop {
  at: "http://127.0.0.1:9000"
  op order(id: string) -> Order = GET "/orders/{id}"
  op reserve(id: string) -> string = POST "/holds" { key: id }
  op release(id: string) = DELETE "/holds/{id}"
  op charge(id: string) -> string = POST "/charges" { key: id }
  op refund(id: string) = DELETE "/charges/{id}"
}

flow buy(id: string) -> string {
  signal approve(by: string)
  let order = shop.order(id)
  let hold = shop.reserve(order.id)
    undo shop.release(hold)
  await approve as a forever
  let receipt = shop.charge(order.id)
    undo shop.refund(receipt)
  sleep 1h
  return "{hold} {receipt} {a.by}"
}
"#;

const ORDER: &str = r#"{"id":"o1","total":5}"#;

/// A run, and what it lives in.
struct Bench {
    program: Program,
    run: Run,
    calls: Vec<CallId>,
    paths: Vec<String>,
    timers: Vec<TimerId>,
}

impl Bench {
    fn start(text: &str) -> Self {
        let program = compiled(text);
        let run = Run::new(Uuid::from_u128(1), FlowId(0));
        let mut bench = Self {
            program,
            run,
            calls: Vec::new(),
            paths: Vec::new(),
            timers: Vec::new(),
        };
        bench.event(EventKind::Started {
            input: br#"{"id":"o1"}"#.as_slice().into(),
            seed: 7,
            key: None,
            terms: flowmesh_machine::Terms::default(),
        });
        bench
    }

    fn event(&mut self, kind: EventKind) {
        let event = Event {
            at: Timestamp::UNIX_EPOCH,
            kind,
        };
        let mut effects = Vec::new();
        apply(
            &self.program,
            &Settings::default(),
            &mut self.run,
            &event,
            &mut effects,
        );
        for effect in effects {
            match effect {
                Effect::Call { call, request, .. } => {
                    self.calls.push(call);
                    self.paths.push(request.path.clone());
                }
                Effect::Timer { timer, .. } => self.timers.push(timer),
                _ => {}
            }
        }
    }

    /// Answers the oldest call.
    fn reply(&mut self, body: &str) -> &mut Self {
        let call = self.calls.remove(0);
        let body = body.as_bytes().into();
        let reply = Reply::Answer { status: 200, body };
        self.event(EventKind::Replied { call, reply });
        self
    }

    fn approve(&mut self) -> &mut Self {
        let payload = br#"{"by":"ann"}"#.as_slice().into();
        self.event(EventKind::Signalled {
            name: "approve".into(),
            payload,
            answer: None,
        });
        self
    }

    fn fire(&mut self) -> &mut Self {
        let timer = self.timers.remove(0);
        self.event(EventKind::Fired { timer });
        self
    }

    fn plan(&self, new: &str) -> Plan {
        Upgrade::new(&self.program, &compiled(new)).plan(&self.run)
    }

    /// Moves, and goes on there.
    fn move_to(&mut self, new: &str) -> &mut Self {
        let new = compiled(new);
        let Plan::Moves(mapping) = Upgrade::new(&self.program, &new).plan(&self.run) else {
            panic!("{:?}", Upgrade::new(&self.program, &new).plan(&self.run));
        };
        self.run = move_run(&self.program, &new, &self.run, &mapping).expect("it was planned");
        self.program = new;
        self.event(EventKind::Moved {
            program: Hash([0; 32]),
            settings: Hash([0; 32]),
            mapping,
        });
        self
    }

    fn outcome(&self) -> String {
        match self.run.outcome() {
            Some(Outcome::Done(_)) => self.run.result_json(&self.program).unwrap_or_default(),
            other => format!("{other:?}"),
        }
    }
}

fn compiled(text: &str) -> Program {
    fuzz::compiled(text).unwrap_or_else(|| panic!("it does not compile: {text}"))
}

/// One that waits for approval.
fn waiting() -> Bench {
    let mut bench = Bench::start(OLD);
    bench.reply(ORDER).reply("\"h1\"");
    bench
}

fn why(plan: Plan) -> (String, String) {
    match plan {
        Plan::Moves(_) => ("moves".to_owned(), String::new()),
        Plan::Stays(stay) => (stay.code().to_string(), stay.words()),
        Plan::NeedsMigration(stay) => (
            format!("migrate {}", stay.code()),
            format!("{}; {}", stay.words(), stay.help()),
        ),
    }
}

fn expect(new: &str, code: &str, words: &str) {
    let (found, text) = why(waiting().plan(new));
    assert_eq!(found, code, "{text}");
    assert!(text.contains(words), "{text}");
}

#[test]
fn a_run_takes_along_what_it_has_and_goes_on_in_what_is_new() {
    let new = OLD
        .replace("  let order =", "  log \"asked\"\n  let order =")
        .replace(
            "\"{hold} {receipt} {a.by}\"",
            "\"new {order.total} {hold} {receipt} {a.by}\"",
        );
    let mut bench = waiting();
    bench.move_to(&new).approve().reply("\"r1\"").fire();
    assert_eq!(bench.outcome(), "\"new 5 h1 r1 ann\"");
}

#[test]
fn what_was_done_is_undone_after_a_move() {
    let mut bench = waiting();
    bench.move_to(&OLD.replace("sleep 1h", "sleep 2h"));
    bench.approve().reply("\"r1\"");
    bench.event(EventKind::Cancelled {
        reason: "enough".to_owned(),
    });
    bench.reply("").reply("");
    assert_eq!(bench.paths[3..], ["/charges/r1", "/holds/h1"]);
}

#[test]
fn a_call_on_its_way_is_answered_in_the_new_program() {
    let mut bench = Bench::start(OLD);
    bench.reply(ORDER);
    bench.move_to(&OLD.replace("  await", "  log \"held {hold}\"\n  await"));
    bench.reply("\"h9\"").approve().reply("\"r1\"").fire();
    assert_eq!(bench.outcome(), "\"h9 r1 ann\"");
}

#[test]
fn a_record_that_has_grown_takes_old_values() {
    let new = OLD
        .replace("total: int }", "total: int, note: string? }")
        .replace("\"{hold} {receipt}", "\"{order.note ?? \"none\"} {receipt}");
    let mut bench = waiting();
    bench.move_to(&new);
    let all = variables(&bench.program, &bench.run);
    assert!(
        all.iter()
            .any(|(name, json)| name == "order" && json.contains("\"o1\"")),
        "{all:?}"
    );
    bench.approve().reply("\"r1\"").fire();
    assert_eq!(bench.outcome(), "\"none r1 ann\"");
    expect(
        &OLD.replace("total: int }", "total: int, note: string }"),
        "F1153",
        "`order` was",
    );
    expect(
        &OLD.replace("total: int }", "total: int where it > 9 }"),
        "F1153",
        "`order` was",
    );
}

#[test]
fn a_value_that_the_run_has_not_got_keeps_it() {
    let new = OLD
        .replace("  await", "  let rate = order.total * 2\n  await")
        .replace("{a.by}\"", "{a.by} {rate}\"");
    expect(&new, "F1153", "`rate` is read behind `await approve`");
    // What is written before it is read is no matter.
    let new = OLD
        .replace("  sleep 1h", "  let rate = order.total * 2\n  sleep 1h")
        .replace("{a.by}\"", "{a.by} {rate}\"");
    let mut bench = waiting();
    bench.move_to(&new).approve().reply("\"r1\"").fire();
    assert_eq!(bench.outcome(), "\"h1 r1 ann 10\"");
}

#[test]
fn a_step_of_another_name_needs_a_migration() {
    let new = OLD.replace("approve", "consent");
    expect(&new, "migrate F1151", "`migrate buy { \"await approve\" ->");
    let new = format!("{new}\nmigrate buy {{\n  \"await approve\" -> \"await consent\"\n}}\n");
    let mut bench = waiting();
    bench.move_to(&new);
    bench.event(EventKind::Signalled {
        name: "consent".into(),
        payload: br#"{"by":"bob"}"#.as_slice().into(),
        answer: None,
    });
    bench.reply("\"r1\"").fire();
    assert_eq!(bench.outcome(), "\"h1 r1 bob\"");
}

#[test]
fn a_step_that_waits_for_something_else_keeps_it() {
    expect(
        &OLD.replace(
            "approve as a forever",
            "approve as a within 1d else return \"late\"",
        ),
        "F1154",
        "it waits for",
    );
    let mut bench = Bench::start(OLD);
    bench.reply(ORDER);
    let new = OLD
        .replace(
            "op reserve(id: string) -> string",
            "op reserve(id: string) -> Order",
        )
        .replace("release(hold)", "release(hold.id)")
        .replace("{hold}", "{hold.id}");
    let (code, words) = why(bench.plan(&new));
    assert_eq!(code, "F1154", "{words}");
}

#[test]
fn steps_in_another_order_need_a_migration() {
    let charge = "  let receipt = shop.charge(order.id)\n    undo shop.refund(receipt)\n";
    let await_ = "  await approve as a forever\n";
    let moved = OLD
        .replace(charge, "")
        .replace(await_, &format!("{charge}{await_}"));
    expect(&moved, "migrate F1152", "`shop.charge` would never be done");
    let reserve = "  let hold = shop.reserve(order.id)\n    undo shop.release(hold)\n";
    let later = OLD
        .replace(reserve, "")
        .replace(await_, &format!("{await_}{reserve}"));
    expect(&later, "migrate F1152", "`shop.reserve` would be done once more");
    // Whoever says that it is meant so is believed.
    let meant = format!("{later}\nmigrate buy {{\n  \"await approve\" -> \"await approve\"\n}}\n");
    expect(&meant, "moves", "");
}

#[test]
fn of_several_alike_the_same_is_found() {
    let more = "  sleep 1h\n  await";
    let (old, new) = (
        OLD.replace("  await", more),
        OLD.replace("  await", "  sleep 5m\n  sleep 1h\n  await"),
    );
    let mut bench = Bench::start(&old);
    bench.reply(ORDER).reply("\"h1\"");
    // `sleep` was the first, and is the second now.
    bench.move_to(&new).fire();
    assert!(bench.timers.is_empty(), "it has not begun the other sleep");
    bench.approve().reply("\"r1\"").fire();
    assert_eq!(bench.outcome(), "\"h1 r1 ann\"");
    let unclear = OLD.replace("  await", "  sleep 5m\n  sleep 9m\n  await");
    let mut bench = Bench::start(&old.replace("  sleep 1h\n  await", "  sleep 2h\n  await"));
    bench.reply(ORDER).reply("\"h1\"");
    let (code, words) = why(bench.plan(&unclear));
    assert_eq!(code, "migrate F1151", "{words}");
}

#[test]
fn an_undo_that_the_new_program_does_not_have_keeps_it() {
    expect(
        &OLD.replace("\n    undo shop.release(hold)", " undo none"),
        "F1156",
        "undo shop.release",
    );
}

#[test]
fn what_is_around_a_step_must_be_the_same() {
    let new = OLD
        .replace(
            "  await approve as a forever\n",
            "  var by = \"\"\n  lock \"all\" {\n    await approve as a forever\n    by = a.by\n  }\n",
        )
        .replace("{a.by}", "{by}");
    let (code, words) = why(waiting().plan(&new));
    assert_eq!(code, "F1155", "{words}");
    let new = OLD.replace("flow buy", "flow sell");
    expect(&new, "F1150", "no flow `buy`");
}

#[test]
fn a_run_that_is_being_undone_stays() {
    let mut bench = waiting();
    bench.event(EventKind::Cancelled {
        reason: "enough".to_owned(),
    });
    let (code, words) = why(bench.plan(OLD));
    assert_eq!((code.as_str(), words.as_str()), ("F1157", "it is ending already"));
}

#[test]
fn signals_that_wait_must_fit() {
    let old = OLD.replace("  let order =", "  sleep 1h\n  let order =");
    let mut bench = Bench::start(&old);
    bench.approve();
    let (code, words) =
        why(bench.plan(&old.replace("approve(by: string)", "approve(by: string, at: time?)")));
    assert_eq!(code, "F1158", "{words}");
}

#[test]
fn rounds_of_a_loop_and_what_they_gather_move_too() {
    let head = OLD.split("flow buy").next().unwrap_or_default();
    let old = format!(
        "{head}flow buy(id: string) -> [string] {{\n  let ids = [\"a\", \"b\", \"c\"]\n  let all = for x in ids parallel(limit: 2) {{\n    let hold = shop.reserve(x)\n    sleep 1h\n    \"{{x}}{{hold}}\"\n  }}\n  return all\n}}\n"
    );
    let new = old
        .replace("  let ids", "  log \"begin\"\n  let ids")
        .replace("    sleep 1h", "    log \"{x}\"\n    sleep 1h")
        .replace("\"{x}{hold}\"", "\"{x}-{hold}\"");
    let mut bench = Bench::start(&old);
    bench.reply("\"1\"").fire();
    bench.move_to(&new);
    bench.reply("\"2\"").fire();
    bench.move_to(&old).move_to(&new);
    bench.reply("\"3\"").fire();
    assert_eq!(bench.outcome(), r#"["a1","b-2","c-3"]"#);
}

#[test]
fn homes_give_the_same_run_again() {
    let (old, new) = (compiled(OLD), compiled(&OLD.replace("1h", "2h")));
    let mut bench = waiting();
    let Plan::Moves(mapping) = Upgrade::new(&old, &new).plan(&bench.run) else {
        panic!("it moves");
    };
    let event = Event {
        at: Timestamp::UNIX_EPOCH,
        kind: EventKind::Moved {
            program: Hash([0; 32]),
            settings: Hash([0; 32]),
            mapping,
        },
    };
    let settings = Settings::default();
    let all = [&old, &new].map(|program| Home {
        program,
        settings: &settings,
    });
    let mut again = bench.run.clone();
    Homes::new(&all).apply(&mut again, &event, &mut Vec::new());
    bench.move_to(&OLD.replace("1h", "2h"));
    assert_eq!(again, bench.run);
    // A home that is not there changes nothing.
    let mut alone = waiting().run;
    Homes::new(&all[..1]).apply(&mut alone, &event, &mut Vec::new());
    assert_eq!(alone, waiting().run);
}
