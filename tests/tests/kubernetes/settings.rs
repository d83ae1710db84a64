//! Nothing that a program says is dropped, whatever it is compiled for: it shows in what is written, or somebody is told.
#[path = "settings/forms.rs"]
mod forms;
#[path = "settings/said.rs"]
mod said;

use flowmesh_frontend::check::{SETTINGS, Setting};
use flowmesh_kubernetes::Target;
use forms::{DECLARED, FORMS, Form, OF_FLOWMESH, WITHIN};
use said::{Made, Said};
use std::collections::{BTreeMap, BTreeSet};

/// Where what is said is carried out by flowmesh alone: a call of a flow, and when a flow begins.
const OF_FLOWS: [&str; 2] = ["With", "Schedule"];

/// The places of a setting at which a mesh has to do with it.
fn places(setting: &Setting) -> Vec<String> {
    let places = setting.places.iter().map(|place| format!("{place:?}"));
    let own = |place: &String| {
        let here =
            |(name, places): &(&str, &[&str])| *name == setting.name && places.contains(&place.as_str());
        OF_FLOWS.contains(&place.as_str()) || OF_FLOWMESH.iter().any(here)
    };
    places.filter(|place| !own(place)).collect()
}

/// Every form at every place where it is said.
fn all() -> Vec<(&'static Form, String)> {
    let mut all = Vec::new();
    for form in FORMS {
        let name = form.name.split('.').next().expect("a name");
        let setting = SETTINGS
            .iter()
            .find(|setting| setting.name == name)
            .expect("the language has it");
        let places = places(setting).into_iter();
        let here = |place: &String| form.places.is_empty() || form.places.contains(&place.as_str());
        all.extend(places.filter(here).map(|place| (form, place)));
    }
    all
}

#[test]
fn every_setting_and_part_is_said_at_every_place() {
    let all = all();
    let said: BTreeSet<(&str, &str)> = all
        .iter()
        .map(|(form, place)| (form.name.split('.').next().expect("a name"), place.as_str()))
        .collect();
    let mut missing = Vec::new();
    for setting in SETTINGS {
        for place in places(setting) {
            if !said.contains(&(setting.name, place.as_str())) {
                // A route of TLS is another kind of route.
                let pass = setting.name == "proxy_protocol" && place == "GatewayRoute";
                missing.extend((!pass).then(|| format!("{} at {place}", setting.name)));
            }
        }
        let of_flows = places(setting).is_empty();
        for part in setting.parts.iter().filter(|_| !of_flows) {
            let name = format!("{}.{}", setting.name, part.name);
            if !all.iter().any(|(form, _)| form.name == name) && !WITHIN.contains(&name.as_str()) {
                missing.push(name);
            }
        }
    }
    assert!(missing.is_empty(), "nothing says {missing:#?}");
}

/// Whether somebody sees that it was said: in what is written, or by a word about it at its line.
fn shows(form: &Form, with: &Made, without: &Made) -> bool {
    let name = form.name.split('.').next().expect("a name");
    with.differs(without) || with.names(name) || with.says_more_than(without) || with.refuses_all()
}

#[test]
fn no_setting_is_dropped_by_any_target() {
    let (mut dropped, mut broken) = (Vec::new(), Vec::new());
    // Many forms are beside the same one without.
    let mut beside: BTreeMap<(&str, String), Result<Said, String>> = BTreeMap::new();
    let declared = DECLARED
        .iter()
        .flat_map(|form| form.places.iter().map(move |place| (form, (*place).to_owned())));
    for (form, place) in all().into_iter().chain(declared) {
        let without = beside
            .entry((form.without, place.clone()))
            .or_insert_with(|| Said::new(form.without, &place));
        let (with, without) = match (Said::new(form.with, &place), without) {
            (Ok(with), Ok(without)) => (with, without),
            (Err(error), _) => {
                broken.push(error);
                continue;
            }
            (_, Err(error)) => {
                broken.push(error.clone());
                continue;
            }
        };
        for (target, fills) in Target::ALL
            .into_iter()
            .flat_map(|target| [(target, false), (target, true)])
        {
            let (with, without) = (with.made(target, fills), without.made(target, fills));
            if !shows(form, &with, &without) {
                let filled = if fills {
                    ", where the interpreter fills"
                } else {
                    ""
                };
                dropped.push(format!(
                    "{target}{filled}: {} at {place}: {}",
                    form.name, form.with
                ));
            }
        }
    }
    assert!(
        broken.is_empty(),
        "{} are no programs:\n{}",
        broken.len(),
        broken.join("\n")
    );
    assert!(
        dropped.is_empty(),
        "{} are dropped:\n{}",
        dropped.len(),
        dropped.join("\n")
    );
}

#[test]
fn what_says_nothing_shows_nowhere() {
    let said = |said: &str, place: &str| Said::new(said, place).expect("it is a program");
    for (place, same) in [
        ("Service", "// nothing"),
        ("Gateway", "// nothing"),
        ("Mesh", "access: written"),
    ] {
        let (one, other) = (said("", place), said(same, place));
        for target in Target::ALL {
            let (one, other) = (one.made(target, true), other.made(target, true));
            assert_eq!(one.objects, other.objects, "{target} at {place}");
            assert!(
                !one.says_more_than(&other) && !other.says_more_than(&one),
                "{target} at {place}"
            );
        }
    }
}
