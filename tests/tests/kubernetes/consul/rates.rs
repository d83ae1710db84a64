//! Rates must be to Consul what they are to the program: what is counted together there is counted together here, and as much
//! of it is let through; or they are refused.

use super::{read, reader};
use flowmesh_diagnostics::Diagnostics;
use flowmesh_kubernetes::{Options, Target, compile};
use flowmesh_tests::fuzz::compiled;

/// Operations, with a path that each of them may have.
const OPERATIONS: [(&str, &str, &str, &str); 5] = [
    ("charge", "POST", "/charges", "/charges"),
    ("list", "GET", "/charges", "/charges"),
    ("read", "GET", "/charges/{id}", "/charges/7"),
    ("fresh", "GET", "/charges/new", "/charges/new"),
    ("refund", "POST", "/charges/{id}/refund", "/charges/7/refund"),
];

/// What an operation may say, and how much that lets through.
const SAID: [(&str, Option<Rate>); 4] = [
    ("", None),
    ("limit: none", None),
    ("limit: { rate: 10/s }", Some((10, 10))),
    ("limit: { rate: 1200/m, burst: 40 }", Some((20, 40))),
];

/// In a second, and at once.
type Rate = (u64, u64);

fn text(whole: bool, said: &[usize; 5]) -> String {
    let operations = OPERATIONS
        .iter()
        .zip(said)
        .map(|((name, method, path, _), said)| {
            let id = if path.contains("{id}") { "id: string" } else { "" };
            let said = match SAID[*said].0 {
                "" => String::new(),
                said => format!(" {{ {said} }}"),
            };
            format!("  op {name}({id}) -> json = {method} \"{path}\"{said}\n")
        });
    let operations: String = operations.collect();
    let whole = if whole { "  limit: { rate: 100/s }\n" } else { "" };
    format!("service s {{\n  at: \"dns://s.shop.svc:80\"\n{whole}{operations}}}\n")
}

/// What the program counts a call of an operation with, and how much of that it lets through.
fn counted(whole: bool, said: &[usize; 5], number: usize) -> Option<(&'static str, Rate)> {
    match SAID[said[number]] {
        ("", _) => whole.then_some(("s", (100, 100))),
        (_, rate) => rate.map(|rate| (OPERATIONS[number].0, rate)),
    }
}

/// Whether an operation may be taken for another by its path.
fn taken(one: usize, other: usize) -> bool {
    let (template, path) = (OPERATIONS[other].2, OPERATIONS[one].3);
    let (wanted, found): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    let fits = |(wanted, found): (&&str, &&str)| wanted == found || *wanted == "{id}";
    wanted.len() == found.len() && wanted.iter().zip(&found).all(fits)
}

/// Whether nothing of Consul says it: it looks at no methods, has no route that lets everything through, and no route that
/// counts with others.
fn unsaid(whole: bool, said: &[usize; 5]) -> bool {
    let own = |number: usize| SAID[said[number]].1.is_some();
    let off = whole && said.contains(&1);
    let mut pairs = (0..5).flat_map(|one| (0..5).map(move |other| (one, other)));
    off || pairs.any(|(one, other)| {
        let same = OPERATIONS[one].2 == OPERATIONS[other].2;
        one != other && own(other) && taken(one, other) && (same || !own(one))
    })
}

#[test]
fn as_much_is_let_through_here_as_there() {
    let (mut held, mut refused) = (0, 0);
    for number in 0..4_usize.pow(5) * 2 {
        let whole = number % 2 == 1;
        let said = [0, 1, 2, 3, 4].map(|place| number / 2 / 4_usize.pow(place) % 4);
        let text = text(whole, &said);
        let program = compiled(&text).unwrap_or_else(|| panic!("{text}"));
        let mut found = Diagnostics::default();
        let manifests = compile(&program, Target::Consul, &Options::default(), &mut found);
        assert_eq!(
            found.has_errors(),
            unsaid(whole, &said),
            "{text}\n{:?}",
            found.sorted()
        );
        if found.has_errors() {
            refused += 1;
            continue;
        }
        held += 1;
        let objects = read(manifests);
        let both = (0..5).map(|number| {
            let there = reader::rate(&objects, "s", OPERATIONS[number].3);
            (counted(whole, &said, number), there)
        });
        let both: Vec<_> = both.collect();
        for (here, there) in &both {
            let (here, there) = (here.map(|(_, rate)| rate), there.as_ref().map(|(_, rate)| *rate));
            assert_eq!(here, there, "{text}\n{objects:#?}");
        }
        for ((here, there), (here_too, there_too)) in both
            .iter()
            .flat_map(|one| both.iter().map(move |other| (one, other)))
        {
            assert_eq!(here == here_too, there == there_too, "{text}\n{objects:#?}");
        }
    }
    assert!(held > 50 && refused > 50, "{held} are held, {refused} refused");
}
