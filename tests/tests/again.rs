//! A program that is checked again after a change is checked as if for the first time: same messages, same program.

use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_frontend::{Work, Workspace, World, compile};
use flowmesh_tests::{
    files,
    generate::{Project, Random, project},
};
use std::{cell::Cell, thread};

const ROOT: &str = "main.flow";

/// How often each case of the suite is changed, one change after the other.
const ROUNDS: usize = 2;

/// Compiles both ways and compares; says whether there was a program.
fn compare(workspace: &mut Workspace, world: &dyn World, why: &str) -> bool {
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let new = compile(world, ROOT, &mut sources, &mut found);
    let (mut sources, mut again) = (Sources::default(), Diagnostics::default());
    let kept = workspace.compile(world, ROOT, &mut sources, &mut again);
    let all = |found: &Diagnostics| found.iter().cloned().collect::<Vec<_>>();
    assert_eq!(all(&again), all(&found), "{why}");
    assert_eq!(kept, new, "{why}");
    new.is_some()
}

/// Some change of some line of some module: mostly one that leaves a program, sometimes one that breaks it.
fn edit(world: &mut Project, random: &mut Random) -> String {
    let at = random.below(world.files.len());
    let Some((path, text)) = world.files.iter_mut().nth(at) else {
        return String::new();
    };
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = random.below(lines.len());
    let what = random.below(8);
    match what {
        0 => drop(lines.remove(at)),
        1 => lines.insert(at, lines[at].clone()),
        2 => lines[at] = lines[at].replacen("int", "string", 1),
        3 => lines[at] = lines[at].replacen('_', "", 1),
        4 => lines.push(format!(
            "type New{} {{ one: int, two: string? }}",
            random.below(1000)
        )),
        5 => lines.insert(at, "// what nobody needs to know".to_owned()),
        6 => lines.insert(1, "enum Cash { open, Cash, cold }".to_owned()),
        _ => {
            lines[at] = lines[at]
                .replace('1', "2")
                .replace("(id: string)", "(id: string, more: int?)")
        }
    }
    *text = lines.join("\n") + "\n";
    format!("edit {what} of line {} of {path}", at + 1)
}

#[test]
fn after_any_change_of_a_project_messages_and_program_are_as_from_scratch() {
    let whole = project(10, 250, 3);
    let mut random = Random(11);
    let mut workspace = Workspace::default();
    let mut world = whole.clone();
    let mut programs = 0;
    for round in 0..20 {
        // Twice the same: the second time everything is known.
        programs += usize::from(compare(&mut workspace, &world, &format!("before change {round}")));
        let why = edit(&mut world, &mut random);
        programs += usize::from(compare(&mut workspace, &world, &why));
        if round % 3 == 2 {
            world = whole.clone();
        }
    }
    assert!((10..40).contains(&programs), "{programs} of 40 had a program");
}

/// A world with many hands, the last of which are the quickest.
struct Hands<'p> {
    project: &'p Project,
    pieces: Cell<usize>,
}

impl World for Hands<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        self.project.read(path)
    }

    fn work(&self, all: Vec<Work<'_>>) {
        self.pieces.set(self.pieces.get() + all.len());
        thread::scope(|scope| {
            for work in all.into_iter().rev() {
                scope.spawn(work);
            }
        });
    }
}

#[test]
fn what_is_checked_beside_each_other_is_as_one_after_the_other() {
    let whole = project(20, 3000, 5);
    let mut random = Random(7);
    let mut programs = 0;
    for round in 0..12 {
        let mut world = whole.clone();
        let mut why = String::new();
        for _ in 0..round % 4 {
            why = edit(&mut world, &mut random);
        }
        let hands = Hands {
            project: &world,
            pieces: Cell::new(0),
        };
        compile(&hands, ROOT, &mut Sources::default(), &mut Diagnostics::default());
        let parsed = hands.pieces.take();
        programs += usize::from(compare(&mut Workspace::default(), &hands, &why));
        let checked = hands.pieces.get() - 2 * parsed;
        assert!(round > 0 || checked > 5, "{checked} pieces");
    }
    assert!((3..12).contains(&programs), "{programs} of 12 had a program");
}

/// Modules whose declarations look into the types of another in every way that there is.
const LOOKING: [(&str, &str); 3] = [
    (
        "kinds.flow",
        r##"
type Amount = int
type Sum = Amount
type Many = [Sum]
type Item { sku: string, count: Sum, price: decimal }
type Order { id: string, items: [Item], state: State, note: string? }
enum State { open, paid(by: string), gone }
enum Colour { red, green }
event Shipped(order: string, count: Sum)
error Refused(reason: string, left: Amount)
fn least(count: Sum) -> bool = count > 0
"##,
    ),
    (
        "calls.flow",
        r##"
use kinds
use kinds.Colour
use kinds.State
use kinds.Refused
fn same() -> bool = green == green
fn shade(colour: Colour) -> string = if colour == red { "dark" } else { "light" }
policy even { balance: ring_hash("{shade(green)}") }
service store {
  at: "http://127.0.0.1:7001"
  policy: even
  op put(order: kinds.Order, left: kinds.Sum where it > 0) -> kinds.Item fails Refused = POST "/orders" {
    key: order.id
    on 409: Refused(reason: reply.body.reason, left: 1)
  }
  op find(state: State, colour: Colour) -> [kinds.Item] = GET "/orders/{colour}"
}
"##,
    ),
    (
        "flows.flow",
        r##"
use kinds
use kinds.Refused
use kinds.Shipped
use calls
fn total(items: [kinds.Item]) -> decimal = items.map(i => i.price * i.count).sum()
fn is_open(order: kinds.Order) -> bool = order.state == open
fn some(sku: string) -> kinds.Item = { sku: sku, count: 1, price: 2.5 }
fn first(all: kinds.Many) -> kinds.Sum = all.first() ?? 0
fn only(item: kinds.Item?) -> kinds.Item? = item
flow buy(order: kinds.Order, left: kinds.Sum where kinds.least(it)) -> decimal fails Refused key order.id {
  let item = calls.store.put(order, left)
  match order.state {
    when paid(by) -> log "paid by {by}"
    else -> log "{order.note ?? "nothing"}"
  }
  emit Shipped(order: order.id, count: left)
  if item.count > 3 { fail Refused(reason: "{item.sku}", left: 2) }
  return total(order.items)
}
flow pass(order: kinds.Order) -> kinds.Order { return order }
"##,
    ),
];

/// Texts that stand for each other by turns; some leave no program.
const TYPES: [[&str; 2]; 20] = [
    ["type Amount = int", "type Amount = int where it > 2"],
    ["type Amount = int", "type Amount = decimal"],
    ["type Amount = int", "type Amount = [Many]"],
    ["type Sum = Amount", "type Sum = Sum"],
    ["type Sum = Amount", "type Sum = int"],
    ["type Many = [Sum]", "type Many = [Amount]"],
    ["sku: string, count", "sku: string, more: int?, count"],
    ["sku: string, count", "sku: string, more: int, count"],
    ["price: decimal", "price: float"],
    ["price: decimal", "price: decimal where it > 0"],
    ["note: string?", "note: int?"],
    ["note: string?", "note: string?, colour: Colour?"],
    ["{ open,", "{ open, green,"],
    ["paid(by: string)", "paid(by: Colour)"],
    ["enum Colour { red,", "enum Colour { red, open,"],
    ["enum Colour { red,", "enum Colour { dark,"],
    ["order: string, count", "order: string, also: string?, count"],
    ["left: Amount)", "left: Sum, more: int)"],
    ["least(count: Sum)", "least(count: Amount)"],
    ["type Item {", "type Other { item: Item? }\ntype Item {"],
];

#[test]
fn what_a_type_is_made_of_counts_for_all_that_look_into_it() {
    let mut world = Project::default();
    let root = "use flows\n\nfn one() -> decimal = flows.total([])\n";
    world.files.insert(ROOT.to_owned(), root.to_owned());
    for (path, text) in LOOKING {
        world.files.insert(path.to_owned(), text.to_owned());
    }
    let mut workspace = Workspace::default();
    assert!(compare(&mut workspace, &world, "before any change"));
    let mut random = Random(23);
    let mut programs = 0;
    for round in 0..300 {
        let [one, other] = TYPES[random.below(TYPES.len())];
        let text = world.files.get_mut("kinds.flow").expect("the module is there");
        // Back as soon as a change is met that was made, so that most texts are right.
        *text = match text.contains(other) {
            true => text.replacen(other, one, 1),
            false if round % 4 == 0 => LOOKING[0].1.replacen(one, other, 1),
            false => text.replacen(one, other, 1),
        };
        programs += usize::from(compare(
            &mut workspace,
            &world,
            &format!("round {round}: {one}, {other}"),
        ));
    }
    assert!((60..280).contains(&programs), "{programs} of 300 had a program");
}

#[test]
fn who_calls_whom_can_turn_round() {
    let mut world = Project::default();
    let root = "use sums\n\nfn one() -> int = sums.first()\n";
    world.files.insert(ROOT.to_owned(), root.to_owned());
    let mut workspace = Workspace::default();
    let ways = [
        "fn first() -> int = 1\nfn second() -> int = first()\n",
        "fn first() -> int = second()\nfn second() -> int = 1\n",
        "fn first() -> int = second()\nfn second() -> int = first()\n",
        "fn first() -> int = 2\nfn second() -> int = 1\n",
    ];
    for (round, text) in ways.iter().cycle().take(9).enumerate() {
        world.files.insert("sums.flow".to_owned(), (*text).to_owned());
        compare(&mut workspace, &world, &format!("round {round}"));
    }
}

/// What somebody writes in the root: names that other modules have too, and declarations that are not ready yet.
const COMING: [&str; 9] = [
    "",
    "fn total(count: int) -> int = count\n",
    "fn total(count: int) -> in\n",
    "fn other() -> int = 1 +\n",
    "fn other() -> int = one_more()\nfn one_more() -> int = 1\n",
    "type Item { a: int }\n",
    "error Refused(why: int)\n",
    "enum Shade { red, open }\n",
    "flow some(id: string) { log \"here\" }\n",
];

#[test]
fn what_comes_and_goes_in_the_root_leaves_all_else_what_it_is() {
    let mut world = Project::default();
    for (path, text) in LOOKING {
        world.files.insert(path.to_owned(), text.to_owned());
    }
    let root = "use flows\n\nfn one() -> decimal = flows.total([])\n";
    let mut workspace = Workspace::default();
    let mut programs = 0;
    for (before, one) in COMING.iter().enumerate() {
        // Each follows each.
        for other in COMING.iter().skip(before) {
            for text in [one, other] {
                world.files.insert(ROOT.to_owned(), format!("{text}{root}"));
                programs += usize::from(compare(&mut workspace, &world, text));
            }
        }
    }
    assert!((30..90).contains(&programs), "{programs} of 90 had a program");
}

#[test]
fn a_module_of_the_same_text_is_another() {
    let mut world = Project::default();
    let text = "type Item { id: string }\nerror Gone(item: Item)\nfn total(count: int) -> int = count\n";
    for path in ["x.flow", "y.flow"] {
        world.files.insert(path.to_owned(), text.to_owned());
    }
    let mut workspace = Workspace::default();
    // What the root calls the same has the names of its module in the program.
    for own in [
        "fn total() -> int = 1\n",
        "type Item { a: int }\n",
        "error Gone()\n",
    ] {
        for module in ["x", "y", "x"] {
            let root = format!("use {module}\n\n{own}fn one() -> int = {module}.total(1)\n");
            world.files.insert(ROOT.to_owned(), root);
            assert!(compare(&mut workspace, &world, &format!("{module}: {own}")));
        }
    }
}

#[test]
fn what_only_moves_is_found_where_it_is_now() {
    let mut world = project(10, 250, 3);
    let mut workspace = Workspace::default();
    compare(&mut workspace, &world, "before any change");
    let paths: Vec<String> = world.files.keys().cloned().collect();
    for path in paths {
        let text = world.files.get_mut(&path).expect("the module is there");
        text.insert_str(0, "// further down\n");
        assert!(compare(&mut workspace, &world, &path), "{path}");
    }
}

#[test]
fn after_any_change_of_a_case_of_the_suite_messages_and_program_are_as_from_scratch() {
    let mut random = Random(5);
    let mut workspace = Workspace::default();
    let mut world = Project::default();
    let mut programs = 0;
    for path in files::below(&files::top().join("tests/suite"), ".flow") {
        let text = std::fs::read_to_string(&path).expect("the suite can be read");
        // The root is always looked at anew, so the case is another module.
        let name = "case.flow";
        world
            .files
            .insert(ROOT.to_owned(), "use case\n\nfn one() -> int = 1\n".to_owned());
        world.files.insert(name.to_owned(), text);
        let why = path.display().to_string();
        programs += usize::from(compare(&mut workspace, &world, &why));
        compare(&mut workspace, &world, &why);
        for _ in 0..ROUNDS {
            let change = edit(&mut world, &mut random);
            compare(&mut workspace, &world, &format!("{why}: {change}"));
        }
    }
    assert!(programs > 0);
}
