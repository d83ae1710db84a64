//! The guide and the reference: every program in them checks, is in style and passes its tests, every form of the language has a section
//! whose example shows it, and the lists are those of the code.
//!
//! `UPDATE_DOCS=1 cargo test -p flowmesh-tests --test documents` writes the lists anew.

#[path = "documents/forms.rs"]
mod forms;
#[path = "documents/lists.rs"]
mod lists;

use flowmesh_diagnostics::{Diagnostics, SourceId, Sources};
use flowmesh_frontend::{World, ast::Module, check, format, parse};
use flowmesh_host::trial::{self, Options};
use flowmesh_tests::{files, page};
use std::{collections::BTreeMap, env, fs, path::PathBuf};

/// The files that a page shows, by name.
struct Shown(BTreeMap<String, String>);

impl World for Shown {
    fn read(&self, path: &str) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| "no such file".to_owned())
    }
}

fn documents() -> Vec<PathBuf> {
    let mut all = files::below(&files::top().join("docs"), ".md");
    all.push(files::top().join("README.md"));
    all
}

/// What is wrong with a program of a page; nothing if all is well.
fn wrong(world: &Shown, block: &page::Block) -> Option<String> {
    let mut shown = Shown(world.0.clone());
    let name = match &block.name {
        Some(name) if name.ends_with(".flow") => name.clone(),
        _ => "example.flow".to_owned(),
    };
    shown.0.insert(name.clone(), block.text.clone());
    match format::format(&block.text) {
        Ok(styled) if styled == block.text => {}
        Ok(styled) => return Some(format!("it is not in style, which is:\n{styled}")),
        Err(_) => return Some("it cannot be read".to_owned()),
    }
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let compiled = flowmesh_frontend::compile_tests(&shown, &name, &mut sources, &mut found);
    let said = found.sorted().into_iter().map(|one| {
        let help = one.help.as_deref().unwrap_or_default();
        format!(
            "{} {}: {} ({help})",
            sources.place(one.span),
            one.code,
            one.message
        )
    });
    let (program, tests) = compiled.unwrap_or_default();
    let failed = tests.iter().filter_map(|test| {
        let failure = trial::run(&program, test, Options::default()).failure?;
        Some(format!("test \"{}\": {}", test.title, failure.message))
    });
    let said: Vec<String> = said.chain(failed).collect();
    (!said.is_empty()).then(|| said.join("\n"))
}

#[test]
fn every_program_in_a_document_checks_and_passes_its_tests() {
    let mut all = Vec::new();
    let mut programs = 0;
    for path in documents() {
        let blocks = page::blocks(&fs::read_to_string(&path).unwrap());
        let named = |block: &page::Block| Some((block.name.clone()?, block.text.clone()));
        let world = Shown(blocks.iter().filter_map(named).collect());
        for block in blocks.iter().filter(|block| block.language == "flow") {
            programs += 1;
            if let Some(why) = wrong(&world, block) {
                all.push(format!("== {}:{}\n{why}", path.display(), block.line));
            }
        }
    }
    assert!(programs > 60, "only {programs} programs were found");
    assert!(all.is_empty(), "{} programs:\n{}", all.len(), all.join("\n"));
}

#[test]
fn the_lists_of_the_reference_are_those_of_the_code() {
    let folder = files::top().join("docs/reference");
    let mut stale = Vec::new();
    for (name, text) in lists::all() {
        let path = folder.join(name);
        if env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&path, &text).unwrap();
        } else if fs::read_to_string(&path).unwrap_or_default() != text {
            stale.push(name);
        }
    }
    assert!(
        stale.is_empty(),
        "{stale:?}: write them anew with `UPDATE_DOCS=1`"
    );
}

#[test]
fn every_form_has_a_section_whose_example_shows_it() {
    let mut wanted: BTreeMap<&str, usize> = BTreeMap::new();
    for path in files::below(&files::top().join("tests/suite"), ".flow") {
        for form in forms::of(&module(&fs::read_to_string(path).unwrap())) {
            *wanted.entry(form).or_default() += 1;
        }
    }
    let mut shown: BTreeMap<String, String> = BTreeMap::new();
    for name in ["declarations.md", "statements.md", "tests.md", "types.md"] {
        let text = fs::read_to_string(files::top().join("docs/reference").join(name)).unwrap();
        for section in page::sections(&text) {
            shown.insert(section.title, section.text);
        }
    }
    let missing = wanted.keys().filter(|form| {
        let section = shown.get(**form).map(String::as_str).unwrap_or_default();
        let mut examples = page::blocks(section).into_iter();
        !examples.any(|block| forms::of(&module(&block.text)).contains(*form))
    });
    let missing: Vec<_> = missing.collect();
    assert!(
        wanted.len() > 60,
        "only {} forms stand in the suite",
        wanted.len()
    );
    assert!(missing.is_empty(), "no section shows {missing:#?}");
}

#[test]
fn all_that_is_there_by_itself_is_described() {
    let path = files::top().join("docs/reference/expressions.md");
    let page = fs::read_to_string(path).unwrap();
    let missing: Vec<_> = check::surroundings()
        .into_iter()
        .filter(|name| !page.contains(&format!("`{name}`")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn module(text: &str) -> Module {
    parse::parse(SourceId(0), text, &mut Diagnostics::default()).module
}

#[test]
fn the_example_of_the_settings_has_every_setting() {
    let has = |name: &str| lists::ALL_SETTINGS.contains(&format!("{name}: "));
    let missing: Vec<_> = check::SETTINGS
        .iter()
        .filter(|setting| !has(setting.name))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_route_of_the_server_is_on_its_page_with_its_role() {
    let page = fs::read_to_string(files::top().join("docs/reference/server.md")).unwrap();
    let described = flowmesh_host::server::openapi();
    let mut routes = 0;
    for (path, methods) in described["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let role = operation["x-flowmesh-role"].as_str().unwrap_or("");
            let row = format!("| `{} {path}` | {role} |", method.to_uppercase());
            assert!(page.contains(&row), "{row}");
            routes += 1;
        }
    }
    assert!(routes > 10, "the routes stand elsewhere");
}
