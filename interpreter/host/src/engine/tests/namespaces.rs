//! What happens in one namespace is the same whatever happens in another one beside it.

use super::super::*;
use super::world::World;
use crate::{engine::view::Choosing, simulate::Chance, store::Filter};
use flowmesh_ir::Name;

/// How many commands a history has.
const LENGTH: usize = 60;

/// What somebody in a namespace does.
#[derive(Clone, Debug)]
enum Step {
    Tell(Box<Command>),
    /// Every call of the namespace that is outstanding is answered.
    Answer,
    /// Everything stops and is read again.
    Crash,
}

/// Runs of `a` have even numbers, those of the other namespace odd ones; both ask after runs of both.
fn step(chance: &mut Chance, namespace: &str, number: u128) -> Step {
    let own = RunId(number * 2 + u128::from(namespace != "a"));
    let any = RunId(u128::from(chance.below(2 * LENGTH as u64)));
    let reason = || "enough".to_owned();
    Step::Tell(Box::new(match chance.below(16) {
        0..=4 => start(chance, own),
        5 => Command::Emit {
            id: own,
            event: "paid".into(),
            payload: br#"{"order":"o7"}"#[..].into(),
        },
        6 => Command::Get(any),
        7 => Command::Steer(any, Verb::Cancel { reason: reason() }),
        8 => Command::Steer(any, Verb::Pause { reason: reason() }),
        9 => Command::Steer(any, Verb::Terminate { reason: reason() }),
        10 => Command::Signal {
            run: any,
            name: "approve".into(),
            payload: br#"{"by":"ann"}"#[..].into(),
        },
        11 => Command::Search(Search::Page(Filter::default(), 100)),
        12 => Command::Search(Search::Choose(Filter::default(), Choosing::Live, 100)),
        13 => Command::Flows,
        14 => return Step::Answer,
        _ => Command::View(any, None),
    }))
}

fn start(chance: &mut Chance, run: RunId) -> Command {
    let (flow, input) = match chance.below(5) {
        0 => ("hear", "{}".to_owned()),
        1 => ("listen", "{}".to_owned()),
        2 => ("guarded", r#"{"id":"g"}"#.to_owned()),
        3 => ("parent", r#"{"id":"p"}"#.to_owned()),
        _ => ("tell", r#"{"id":"o7"}"#.to_owned()),
    };
    // Few keys, so that both namespaces use the same ones.
    let key = (chance.below(2) == 0).then(|| format!("k{}", chance.below(3)));
    Command::Start(Start {
        run,
        seed: 1,
        flow: flow.into(),
        input: input.as_bytes().into(),
        key,
        lineage: None,
        terms: flowmesh_machine::Terms::default(),
    })
}

/// What `a` hears and sees of its own when this happens.
fn seen_in_a(steps: &[(&str, u64, Step)]) -> Vec<String> {
    let mut world = World::new();
    let mut seen = Vec::new();
    let mut open: Vec<(Name, RunId, u32)> = Vec::new();
    for (namespace, ticket, step) in steps {
        let told = Ticket(1000 + ticket);
        match step {
            Step::Tell(command) => {
                let input = Input::Within(told, Name::new(namespace), command.as_ref().clone());
                world.handle(input);
            }
            Step::Answer => {
                let (own, others) = open.into_iter().partition(|(of, ..)| of == namespace);
                open = others;
                let own: Vec<(Name, RunId, u32)> = own;
                own.iter()
                    .for_each(|(_, run, call)| world.reply(run.0, *call, r#""held""#));
            }
            Step::Crash => {
                world = world.crash();
                open.clear();
            }
        }
        for output in world.settle() {
            if let Output::Call(call) = &output {
                open.push((call.namespace.clone(), call.run, call.call.0));
            }
            let shown = match &output {
                Output::Answer(ticket, _) if *ticket == told && *namespace != "a" => None,
                Output::Answer(ticket, _) if ticket.0 < 1000 => None,
                Output::Call(call) if call.namespace != "a" => None,
                Output::Call(call) => Some(format!("{} {:?} {:?}", call.run, call.call, call.request)),
                other => Some(format!("{other:?}")),
            };
            seen.extend(shown);
        }
    }
    world.settle();
    seen.extend(world.views_in("a").into_iter().map(|view| format!("{view:?}")));
    seen
}

#[test]
fn what_is_seen_in_a_namespace_does_not_depend_on_others() {
    let mut heard = 0;
    for seed in 0..60 {
        for other in ["b", ""] {
            let mut chance = Chance::new(seed);
            let mut steps = Vec::new();
            for number in 0..LENGTH as u64 {
                let namespace = if chance.below(2) == 0 { "a" } else { other };
                let step = match chance.below(20) {
                    0 => Step::Crash,
                    _ => step(&mut chance, namespace, u128::from(number)),
                };
                steps.push((namespace, number, step));
            }
            let both = seen_in_a(&steps);
            steps.retain(|(namespace, _, step)| *namespace == "a" || matches!(step, Step::Crash));
            let alone = seen_in_a(&steps);
            let apart = both.iter().zip(&alone).find(|(both, alone)| both != alone);
            assert_eq!(apart, None, "seed {seed}, beside {other:?}");
            assert_eq!(both.len(), alone.len(), "seed {seed}, beside {other:?}");
            heard += alone.len();
        }
    }
    assert!(heard > 1000, "only {heard} things were seen");
}

#[test]
fn a_run_of_another_namespace_is_as_one_that_does_not_exist() {
    let mut world = World::new();
    world.start(1, "hear", "{}", Some("k"));
    world.settle();
    let mut ask = |namespace: &str, command: Command| {
        world.handle(Input::Within(Ticket(7), namespace.into(), command));
        world
            .settle()
            .into_iter()
            .map(|output| format!("{output:?}"))
            .collect::<Vec<_>>()
    };
    let (there, nowhere) = (RunId(1), RunId(2));
    let commands: [fn(RunId) -> Command; 8] = [
        Command::Get,
        Command::History,
        Command::Wait,
        Command::Watch,
        Command::Variables,
        |run| Command::View(run, None),
        |run| Command::Steer(run, Verb::Resume),
        |run| Command::Signal {
            run,
            name: "approve".into(),
            payload: br#"{"by":"ann"}"#[..].into(),
        },
    ];
    for command in commands {
        let hidden: Vec<String> = ask("other", command(there));
        let missing: Vec<String> = ask("other", command(nowhere));
        let renamed: Vec<String> = missing
            .iter()
            .map(|text| text.replace(&nowhere.to_string(), &there.to_string()))
            .collect();
        assert_eq!(hidden, renamed);
        assert!(hidden.concat().contains("UnknownRun"), "{hidden:?}");
    }
    let found = ask("", Command::Get(there));
    assert!(found.concat().contains("hear"), "{found:?}");
}
