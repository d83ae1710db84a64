//! How fast an editor is answered on a large project: `cargo bench -p flowmesh-tests --bench ide`.
//!
//! Keys are typed into one module of the project, one after the other, a name that is not finished yet most of the time;
//! after each everything is asked that an editor asks. The worst of a hundred is what is promised.

use flowmesh_frontend::{
    Work, Workspace, World,
    ide::{self, Snapshot},
};
use flowmesh_tests::generate::{Project, project};
use std::{
    fs,
    time::{Duration, Instant},
};

const MODULES: usize = 200;
const LINES: usize = 50_000;
const SEED: u64 = 7;

/// The module that is typed into, and the whole project.
const PLACES: [&str; 2] = ["d20/orders_20.flow", "main.flow"];

/// What is typed, key by key, before the last statement of a flow.
const TYPED: &str = "let more = order.items.map(i => i.count).sum()\n  log \"{more} of {order.id}\"\n  ";

fn main() {
    let world = project(MODULES, LINES, SEED);
    println!(
        "{} modules, {} lines, {} bytes",
        world.files.len(),
        world.lines(),
        world.bytes()
    );
    for root in PLACES {
        let mut workspace = Workspace::default();
        let started = Instant::now();
        let snapshot = Snapshot::again(&mut workspace, &world, root);
        println!(
            "{root}: cold start to diagnostics {:.1?}, {} found",
            started.elapsed(),
            snapshot.found.len()
        );
        drop(snapshot);
        typing(&world, root, &mut workspace);
    }
    let paths: Vec<String> = world.files.keys().cloned().collect();
    let started = Instant::now();
    let all = Snapshot::project(&world, &paths);
    println!(
        "names of the whole project: {:.1?}, {} places",
        started.elapsed(),
        all.names().iter().count()
    );
    println!("peak memory {} MiB, now {} MiB", memory("VmHWM"), memory("VmRSS"));
}

/// A project in which one text is another.
struct Typed<'p> {
    project: &'p Project,
    path: &'p str,
    text: String,
}

impl World for Typed<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        if path == self.path {
            return Ok(self.text.clone());
        }
        self.project.read(path)
    }

    fn work(&self, all: Vec<Work<'_>>) {
        self.project.work(all);
    }
}

fn typing(project: &Project, root: &str, workspace: &mut Workspace) {
    let text = project.read(root).expect("the module is there");
    let at = text.rfind("  return ").unwrap_or(text.len());
    let mut world = Typed {
        project,
        path: root,
        text: text.clone(),
    };
    let mut completions = Workspace::default();
    let mut took: [Vec<Duration>; 4] = Default::default();
    for end in (0..=TYPED.len()).chain(0..=TYPED.len()) {
        world.text = [&text[..at], &TYPED[..end], &text[at..]].concat();
        let offset = u32::try_from(at + end).expect("a small text");
        let (snapshot, time) = timed(|| Snapshot::again(workspace, &world, root));
        took[0].push(time);
        let source = snapshot.source(root).expect("the root is there");
        took[1]
            .push(timed(|| ide::complete(&mut completions, &world, root, offset, ide::Known::default())).1);
        took[2].push(timed(|| ide::hover(&snapshot.analysis, source, offset.saturating_sub(3))).1);
        took[3].push(timed(|| ide::tokens(&snapshot, source, None)).1);
    }
    for (what, mut times) in [
        "key stroke to diagnostics",
        "completion",
        "hover",
        "semantic tokens",
    ]
    .iter()
    .zip(took)
    {
        times.sort_unstable();
        let of = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
        println!(
            "{root}: {what}: median {:.1?}, p99 {:.1?}, most {:.1?}",
            of(50),
            of(99),
            of(100)
        );
    }
}

fn timed<T>(what: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let made = what();
    (made, started.elapsed())
}

/// What this process has resident, in MiB, as Linux counts it; 0 elsewhere.
fn memory(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with(field))
        .unwrap_or_default();
    let number: String = line.chars().filter(char::is_ascii_digit).collect();
    number.parse::<u64>().unwrap_or(0) / 1024
}
