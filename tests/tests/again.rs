//! A program that is checked again after a change is checked as if for the first time: same messages, same program.

use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_frontend::{Workspace, compile};
use flowmesh_tests::{
    files,
    generate::{Project, Random, project},
};

const ROOT: &str = "main.flow";

/// How often each case of the suite is changed, one change after the other.
const ROUNDS: usize = 2;

/// Compiles both ways and compares; says whether there was a program.
fn compare(workspace: &mut Workspace, world: &Project, why: &str) -> bool {
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
