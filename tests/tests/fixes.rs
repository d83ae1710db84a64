//! Fixes and next steps: what a diagnostic offers can be done, and most diagnostics offer something.

use flowmesh_diagnostics::{Code, Diagnostic, Diagnostics, Severity, SourceId, Sources, mended, pages};
use flowmesh_tests::{annotate, files};
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
};

/// A case of the suite as its author wrote it.
struct Case {
    root: PathBuf,
    name: String,
    text: String,
}

fn cases() -> Vec<Case> {
    let suite = files::top().join("tests/suite");
    let paths = files::below(&suite, ".flow").into_iter();
    // What is only formatted does not have to mean anything.
    let alone = paths.filter(|path| {
        let folder = path.parent().unwrap();
        !folder.ends_with("modules") && !folder.ends_with("format")
    });
    alone.map(|path| case(&path)).collect()
}

fn case(path: &Path) -> Case {
    Case {
        root: path.parent().unwrap().to_owned(),
        name: path.file_name().unwrap().to_string_lossy().into_owned(),
        text: annotate::strip(&fs::read_to_string(path).unwrap()),
    }
}

fn world_of(case: &Case, text: &str) -> files::Folder {
    files::Folder {
        root: case.root.clone(),
        instead: Some((case.name.clone(), text.to_owned())),
    }
}

fn analysed(case: &Case, text: &str) -> (Sources, Diagnostics) {
    let world = world_of(case, text);
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let program = flowmesh_frontend::compile(&world, &case.name, &mut sources, &mut found);
    if let (Some(program), Some(target)) = (program, files::target_of(&case.root)) {
        let options = files::options_of(&case.root, &sources);
        flowmesh_kubernetes::compile(&program, target, &options, &mut found);
        flowmesh_frontend::ignore(&sources, &mut found);
    }
    (sources, found)
}

/// How often each thing is said.
fn said(found: &Diagnostics) -> BTreeMap<(Severity, Code, String), usize> {
    let mut said = BTreeMap::new();
    for d in found.iter() {
        *said.entry((d.severity, d.code, d.message.clone())).or_default() += 1;
    }
    said
}

/// What is wrong with a fix, if something is.
fn misled(case: &Case, sources: &Sources, before: &Diagnostics, diagnostic: &Diagnostic) -> Option<String> {
    let fix = diagnostic.fix.as_ref()?;
    let after = mended(sources, SourceId(0), &[fix])?;
    let (_, found) = analysed(case, &after);
    let (mut old, new) = (said(before), said(&found));
    // What was wrong before, and was not said because of something else, is not the fix's doing.
    let (mut sources_before, mut all) = (Sources::default(), Diagnostics::default());
    let world = world_of(case, &case.text);
    flowmesh_frontend::everything(&world, &case.name, &mut sources_before, &mut all);
    let own = (diagnostic.severity, diagnostic.code, diagnostic.message.clone());
    let stays = new.get(&own) >= old.get(&own);
    for (what, count) in said(&all) {
        let known = old.entry(what).or_default();
        *known = count.max(*known);
    }
    let worse: Vec<_> = new
        .iter()
        .filter(|((severity, ..), _)| *severity == Severity::Error)
        .filter(|(what, count)| old.get(what).is_none_or(|before| before < *count))
        .map(|((_, code, message), _)| format!("{code} {message}"))
        .collect();
    let place = sources.place(diagnostic.span);
    let what = format!(
        "{place} {} {} [{}]",
        diagnostic.code, diagnostic.message, fix.title
    );
    match (stays, worse.is_empty()) {
        (true, _) => Some(format!("{what}: does not mend it")),
        (false, false) => Some(format!("{what}: brings {}", worse.join("; "))),
        (false, true) => None,
    }
}

#[test]
fn every_fix_mends_what_it_is_offered_for_and_breaks_nothing() {
    let mut wrong = Vec::new();
    let mut fixes = 0;
    for case in cases() {
        let (sources, found) = analysed(&case, &case.text);
        let own = |d: &&Diagnostic| d.fix.is_some() && d.span.source == SourceId(0);
        for diagnostic in found.iter().filter(own) {
            fixes += 1;
            wrong.extend(misled(&case, &sources, &found, diagnostic));
        }
    }
    println!("{fixes} fixes of the suite were made");
    assert!(fixes > 300, "only {fixes} fixes are offered");
    assert!(
        wrong.is_empty(),
        "{} fixes mislead:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn what_is_mended_stands_beside_and_compiles() {
    let folder = files::top().join("tests/suite/mend");
    let update = env::var_os("UPDATE_SUITE").is_some();
    let mut wrong = Vec::new();
    for path in files::below(&folder, ".flow") {
        let case = case(&path);
        let mending = flowmesh_frontend::mend(&world_of(&case, &case.text), &case.name);
        let after = mending
            .texts
            .get(&case.name)
            .map_or(&case.text, |text| &text.after);
        let (_, found) = analysed(&case, after);
        let left = found.iter().filter(|d| d.severity == Severity::Error);
        wrong.extend(left.map(|d| format!("{}: still {} {}", case.name, d.code, d.message)));
        let more = flowmesh_frontend::mend(&world_of(&case, after), &case.name).made;
        wrong.extend(
            more.iter()
                .map(|made| format!("{}: {} again", case.name, made.title)),
        );
        let beside = path.with_extension("mended");
        if update {
            fs::write(&beside, after).unwrap();
        } else if fs::read_to_string(&beside).ok().as_deref() != Some(after) {
            wrong.push(format!("{} is not what is made:\n{after}", beside.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn most_codes_say_what_to_do_and_many_of_them_do_it() {
    let (mut helped, mut fixed, mut met) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for case in cases() {
        let (_, found) = analysed(&case, &case.text);
        for diagnostic in found.iter() {
            met.insert(diagnostic.code);
            if diagnostic.help.is_some() || diagnostic.fix.is_some() {
                helped.insert(diagnostic.code);
            }
            if diagnostic.fix.is_some() {
                fixed.insert(diagnostic.code);
            }
        }
    }
    let of_authors = |code: &Code| code.0 < 800;
    let all: BTreeSet<Code> = pages().iter().map(|page| page.code).filter(of_authors).collect();
    let share = |some: &BTreeSet<Code>| 100 * some.intersection(&all).count() / all.len();
    let without = |some: &BTreeSet<Code>| {
        let missing: Vec<_> = all.difference(some).map(Code::to_string).collect();
        missing.join(" ")
    };
    println!(
        "{} codes for authors, {} of them in the suite",
        all.len(),
        met.len()
    );
    println!(
        "{}% with a next step; without: {}",
        share(&helped),
        without(&helped)
    );
    println!("{}% with a fix; without: {}", share(&fixed), without(&fixed));
    assert!(share(&helped) >= 90, "{}% have a next step", share(&helped));
    // The goal is half. This floor keeps what there is, with room for codes that nothing can mend.
    assert!(share(&fixed) >= 57, "{}% have a fix", share(&fixed));
}
