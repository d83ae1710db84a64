//! Whatever is made of any program of the suite and of the examples, for any target: clusters take every object of it.

use crate::cluster::Cluster;
use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_kubernetes::{Manifest, Options, Target, compile};
use flowmesh_tests::files;
use std::{collections::BTreeSet, path::Path};

/// An object, and whether it may have what is experimental.
pub(crate) struct Made {
    pub(crate) manifest: Manifest,
    pub(crate) experimental: bool,
}

/// What is made of every program, for every target, with and without an interpreter that fills and what is experimental.
pub(crate) fn made() -> Vec<Made> {
    let top = files::top();
    let suite = files::below(&top.join("tests/suite"), ".flow");
    let programs = suite
        .into_iter()
        .chain(files::below(&top.join("examples"), ".flow"));
    programs.flat_map(|path| of(&path)).collect()
}

fn of(path: &Path) -> Vec<Made> {
    let world = files::Folder {
        root: path.parent().expect("a file is in a folder").to_owned(),
        instead: None,
    };
    let name = path.file_name().expect("a file has a name").to_string_lossy();
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let Some(program) = flowmesh_frontend::compile(&world, &name, &mut sources, &mut found) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    // Linkerd reads connections with TLS by the experimental channel.
    let reads_experimental = |target: Target| target.name() == "linkerd";
    let ways = Target::ALL.into_iter().flat_map(|target| {
        [
            (target, false, false),
            (target, true, false),
            (target, true, true),
        ]
    });
    for (target, interpreter_fills, experimental) in ways {
        // A config without a default would be an error of every address that is made from it.
        let configs = program.configs.iter().filter(|config| config.default.is_none());
        let options = Options {
            interpreter_fills,
            experimental,
            gateway_class: Some("edge".to_owned()),
            sources: Some(&sources),
            configs: configs
                .map(|config| (config.name.clone(), "1".to_owned()))
                .collect(),
            ..Options::default()
        };
        let mut found = Diagnostics::default();
        let manifests = compile(&program, target, &options, &mut found).into_iter();
        if !found.has_errors() {
            all.extend(manifests.map(|manifest| Made {
                manifest,
                experimental: experimental || reads_experimental(target),
            }));
        }
    }
    all
}

#[test]
fn clusters_take_every_object_of_every_program() {
    let Some(cluster) = Cluster::known() else {
        return;
    };
    let (mut seen, mut kinds, mut wrong) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for Made {
        manifest,
        experimental,
    } in made()
    {
        let object: serde_json::Value = serde_saphyr::from_str(&manifest.yaml).expect("a manifest is YAML");
        kinds.insert(format!("{} {}", object["apiVersion"], object["kind"]).replace('"', ""));
        if seen.insert((manifest.yaml.clone(), experimental)) {
            let faults = cluster.faults(&object, experimental);
            wrong.extend(
                faults
                    .into_iter()
                    .map(|fault| format!("{fault}\n{}", manifest.yaml)),
            );
        }
    }
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
    assert!(seen.len() > 300, "only {} objects were made", seen.len());
    let some = [
        "gateway.networking.k8s.io/v1 HTTPRoute",
        "networking.istio.io/v1 VirtualService",
        "apps/v1 Deployment",
    ];
    assert!(some.iter().all(|kind| kinds.contains(*kind)), "{kinds:?}");
}
