//! Warnings that are known and meant: whatever is warned of can be ignored, by a comment that an editor writes, that the formatter
//! leaves where it means the same, and that means the same whenever it is looked at.

use flowmesh_diagnostics::{Code, Diagnostic, Diagnostics, Severity, SourceId, Span};
use flowmesh_frontend::{
    Workspace,
    format::format,
    ide::{self, Action, Index, Snapshot},
};
use flowmesh_tests::{annotate, files};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// A program of the suite, which can have another text.
struct Case {
    root: PathBuf,
    name: String,
    text: String,
}

impl Case {
    fn of(path: &Path) -> Self {
        Self {
            root: path.parent().unwrap().to_owned(),
            name: path.file_name().unwrap().to_string_lossy().into_owned(),
            text: annotate::strip(&fs::read_to_string(path).unwrap()),
        }
    }

    fn world(&self, text: &str) -> files::Folder {
        files::Folder {
            root: self.root.clone(),
            instead: Some((self.name.clone(), text.to_owned())),
        }
    }

    fn seen(&self, text: &str) -> Snapshot {
        Snapshot::new(&self.world(text), &self.name)
    }
}

fn cases() -> Vec<Case> {
    let suite = files::top().join("tests/suite");
    let alone = |path: &PathBuf| {
        let folder = path.parent().unwrap();
        !folder.ends_with("modules") && !folder.ends_with("format") && !folder.ends_with("import")
    };
    let paths = files::below(&suite, ".flow").into_iter().filter(alone);
    paths.map(|path| Case::of(&path)).collect()
}

/// How often each thing is said of a program, wherever.
fn said(found: &Diagnostics) -> BTreeMap<(Code, String), usize> {
    let mut said = BTreeMap::new();
    for d in found.iter() {
        *said.entry((d.code, d.message.clone())).or_default() += 1;
    }
    said
}

fn warnings(snapshot: &Snapshot) -> Vec<Diagnostic> {
    let own = |d: &&Diagnostic| d.severity == Severity::Warning && d.span.source == SourceId(0);
    snapshot.found.iter().filter(own).cloned().collect()
}

/// What is offered against a warning: all comments about its code at its place.
fn offered(snapshot: &Snapshot, warning: &Diagnostic) -> Vec<Action> {
    let start = warning.span.start;
    let at = Span::new(SourceId(0), start, start);
    let title = format!("ignore {} here", warning.code);
    let all = ide::actions(snapshot, &Index::default(), SourceId(0), at);
    all.into_iter().filter(|action| action.title == title).collect()
}

fn after(text: &str, action: &Action) -> String {
    let mut text = text.to_owned();
    for edit in action.edits.iter().rev() {
        text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
    }
    text
}

#[test]
fn every_warning_of_the_suite_can_be_ignored_where_it_stands() {
    let (mut ignored, mut wrong) = (0, Vec::new());
    for case in cases() {
        let before = case.seen(&case.text);
        let mut workspace = Workspace::default();
        for warning in warnings(&before) {
            if (220..=223).contains(&warning.code.0) {
                continue;
            }
            let what = format!(
                "{} {} {}",
                before.sources.place(warning.span),
                warning.code,
                warning.message
            );
            let mut left = said(&before.found);
            let own = (warning.code, warning.message.clone());
            *left.entry(own.clone()).or_default() -= 1;
            left.retain(|_, count| *count > 0);
            let texts: Vec<String> = offered(&before, &warning)
                .iter()
                .map(|action| after(&case.text, action))
                .collect();
            // Two warnings of one line are ignored by one comment.
            let fits = |text: &&String| {
                let now = said(&case.seen(text).found);
                now.get(&own) < said(&before.found).get(&own)
                    && now.iter().all(|(what, count)| left.get(what) >= Some(count))
            };
            let Some(text) = texts.iter().find(fits) else {
                wrong.push(format!("{what}: {texts:#?}"));
                continue;
            };
            ignored += 1;
            let fresh = case.seen(text);
            let again = Snapshot::again(&mut workspace, &case.world(text), &case.name);
            let words = |found: &Diagnostics| format!("{:#?}", found.sorted());
            if words(&fresh.found) != words(&again.found) {
                wrong.push(format!("{what}: another answer the second time"));
            }
            let styled = format(text).unwrap_or_default();
            if said(&case.seen(&styled).found) != said(&fresh.found) {
                wrong.push(format!("{what}: another answer in style, which is\n{styled}"));
            }
        }
    }
    println!("{ignored} warnings were ignored");
    assert!(ignored > 70, "only {ignored} warnings were ignored");
    assert!(
        wrong.is_empty(),
        "{} warnings:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn comments_about_warnings_mean_the_same_in_style() {
    let mut seen = 0;
    for path in files::below(&files::top().join("tests/suite/ignore"), ".flow") {
        let case = Case::of(&path);
        let styled = format(&case.text).expect("it can be read");
        let (own, other) = (case.seen(&case.text), case.seen(&styled));
        assert_eq!(said(&own.found), said(&other.found), "{}\n{styled}", case.name);
        seen += own.found.len();
    }
    assert!(seen > 10, "only {seen} findings");
}

#[test]
fn the_codes_of_warnings_are_those_that_warn_in_the_suite() {
    let mut met = BTreeSet::new();
    for case in cases() {
        met.extend(warnings(&case.seen(&case.text)).iter().map(|d| d.code));
    }
    let known = flowmesh_diagnostics::pages().iter().map(|page| page.code);
    let known: BTreeSet<Code> = known
        .filter(|code| code.is_warning() && code.stage() < 7)
        .collect();
    assert_eq!(met, known);
}

#[test]
fn what_a_target_warns_of_is_ignored_as_well() {
    let service = "service shop {\n  at: \"dns://shop.shop.svc.cluster.local:80\"\n";
    let text = |comment: &str| {
        format!(
            "{service}{comment}  breaker: {{ failures: 5, within: 10s, open: 30s }}\n  op buy() = POST \"/\"\n}}\n"
        )
    };
    let found = |comment: &str| {
        let case = Case {
            root: files::top(),
            name: "main.flow".to_owned(),
            text: text(comment),
        };
        let mut seen = case.seen(&case.text);
        let program = seen.analysis.program.take().expect("it compiles");
        let options = files::options_of(&case.root, &seen.sources);
        let mut found = Diagnostics::default();
        flowmesh_kubernetes::compile(&program, flowmesh_kubernetes::Target::Istio, &options, &mut found);
        flowmesh_frontend::ignore(&seen.sources, &mut found);
        let before = seen.found.iter().map(|d| d.code);
        before.chain(found.iter().map(|d| d.code)).collect::<Vec<_>>()
    };
    assert_eq!(found(""), [Code(717)]);
    let comment = "  // ignore F0717: its own breaker is good enough\n";
    assert_eq!(found(comment), Vec::<Code>::new());
}
