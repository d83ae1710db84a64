//! From what a spec says to the objects that should be there, or to what is wrong with it.

use super::{
    shape::{self, Owner},
    source::{Given, PROGRAM_KEY},
};
use crate::crd::{Finding, ObjectKey, ProgramSpec};
use flowmesh_diagnostics::{Diagnostic, Diagnostics, Severity, Sources};
use flowmesh_frontend::World;
use flowmesh_ir::{Program, json, print};
use flowmesh_kubernetes::{Manifest, Options, Target, Workload};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How many findings are told.
const FINDINGS_MAX: usize = 20;

/// What a spec comes to.
#[derive(Clone, Debug)]
pub struct Made {
    /// The object with its pods, which is called as the program is.
    pub pods: ObjectKey,
    /// The hash of the program.
    pub hash: String,
    /// Whether it has flows, and so a server that keeps runs.
    pub keeps: bool,
    /// The compiled program.
    pub text: String,
    /// What should be there, in the order in which it is applied.
    pub objects: Vec<Value>,
    /// What else was found.
    pub warnings: Vec<Finding>,
}

/// What makes it differ, beside the spec.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// Who owns the objects.
    pub owner: Owner,
    /// Other namespaces that the operator may write to.
    pub into: BTreeSet<String>,
}

/// Compiles, and makes the objects.
///
/// # Errors
/// What was found, where nothing can be made.
pub fn make(given: &Given, spec: &ProgramSpec, around: &Around) -> Result<Made, Vec<Finding>> {
    let (program, sources, found) = compiled(given)?;
    let mut warnings = told(&found, &sources);
    let (workload, more) = manifests(&program, &sources, spec, (Target::Kubernetes, false), around)?;
    warnings.extend(more);
    let mut objects = objects(&workload)?;
    if let Some(mesh) = &spec.mesh {
        let target = target(&mesh.target)?;
        let (made, more) = manifests(&program, &sources, spec, (target, mesh.interpreter_fills), around)?;
        warnings.extend(more);
        objects.extend(self::objects(&made)?);
    }
    warnings.truncate(FINDINGS_MAX);
    let objects = shape::shaped(objects, &spec.secrets, around)?;
    let pods = objects.iter().filter_map(shape::key).find(shape::is_pods);
    let pods = pods.ok_or_else(|| vec![ours("the program makes no pods".to_owned())])?;
    Ok(Made {
        pods,
        hash: program.hash().to_string(),
        keeps: !program.flows.is_empty(),
        text: print::json(&program),
        objects,
        warnings,
    })
}

/// Texts as the compiler asks for them.
struct Files<'f>(&'f BTreeMap<String, String>);

impl World for Files<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        let text = self.0.get(path);
        text.cloned().ok_or_else(|| "it is none of the files".to_owned())
    }
}

fn compiled(given: &Given) -> Result<(Program, Sources, Diagnostics), Vec<Finding>> {
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    match given {
        Given::Compiled(text) => match json::load(text.as_bytes()) {
            Ok(program) => Ok((program, sources, found)),
            Err(why) => Err(vec![Finding {
                code: why.code().to_string(),
                severity: "error".to_owned(),
                place: PROGRAM_KEY.to_owned(),
                text: why.to_string(),
                help: Some(why.help().to_owned()),
            }]),
        },
        Given::Files { main, files } => {
            let program = flowmesh_frontend::compile(&Files(files), main, &mut sources, &mut found);
            match program.filter(|_| !found.has_errors()) {
                Some(program) => Ok((program, sources, found)),
                None => Err(told(&found, &sources)),
            }
        }
    }
}

fn manifests(
    program: &Program,
    sources: &Sources,
    spec: &ProgramSpec,
    (target, interpreter_fills): (Target, bool),
    around: &Around,
) -> Result<(Vec<Manifest>, Vec<Finding>), Vec<Finding>> {
    let usual = Workload::default();
    let configs = spec.configs.iter();
    let options = Options {
        interpreter_fills,
        sources: Some(sources),
        configs: configs
            .map(|(name, value)| (name.as_str().into(), value.clone()))
            .collect(),
        workload: Workload {
            image: spec.image.clone().unwrap_or(usual.image),
            storage: spec.storage.clone().unwrap_or(usual.storage),
            namespace: around.owner.namespace.clone(),
            ..Workload::default()
        },
        ..Options::default()
    };
    let mut found = Diagnostics::default();
    let made = flowmesh_kubernetes::compile(program, target, &options, &mut found);
    let told = told(&found, sources);
    match found.has_errors() {
        true => Err(told),
        false => Ok((made, told)),
    }
}

fn objects(manifests: &[Manifest]) -> Result<Vec<Value>, Vec<Finding>> {
    let read = |manifest: &Manifest| {
        serde_saphyr::from_str(&manifest.yaml).map_err(|why| vec![ours(format!("{}: {why}", manifest.path))])
    };
    manifests.iter().map(read).collect()
}

fn target(name: &str) -> Result<Target, Vec<Finding>> {
    match name.parse() {
        Ok(Target::Kubernetes) => Err(vec![ours(
            "`mesh.target` names a mesh; the program's own pods are made in any case".to_owned(),
        )]),
        Ok(target) => Ok(target),
        Err(why) => Err(vec![ours(why)]),
    }
}

/// An error of the spec, which has no place in the text of the program.
pub(super) fn ours(text: String) -> Finding {
    Finding {
        severity: "error".to_owned(),
        place: "spec".to_owned(),
        text,
        ..Finding::default()
    }
}

/// What was found, errors first.
fn told(found: &Diagnostics, sources: &Sources) -> Vec<Finding> {
    let mut all: Vec<&Diagnostic> = found.sorted();
    all.sort_by_key(|diagnostic| diagnostic.severity);
    let told = |diagnostic: &&Diagnostic| Finding {
        code: diagnostic.code.to_string(),
        severity: match diagnostic.severity {
            Severity::Error => "error".to_owned(),
            Severity::Warning => "warning".to_owned(),
        },
        place: sources.place(diagnostic.span),
        text: diagnostic.message.clone(),
        help: diagnostic.help.clone(),
    };
    all.iter().take(FINDINGS_MAX).map(told).collect()
}

/// Findings as the text of a condition: the first of them, and how many there are.
#[must_use]
pub fn sentence(findings: &[Finding]) -> String {
    let line = |it: &Finding| match it.code.is_empty() {
        true => format!("{}: {}", it.place, it.text),
        false => format!("{} {}: {}", it.code, it.place, it.text),
    };
    let lines: Vec<String> = findings.iter().take(5).map(line).collect();
    match findings.len().saturating_sub(5) {
        0 => lines.join("\n"),
        more => format!("{}\nand {more} more", lines.join("\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Around, make, sentence};
    use crate::{
        crd::{MeshSpec, ProgramSpec, Source},
        decide::{
            shape::Owner,
            source::{Given, given},
        },
    };
    use serde_json::Value;
    use std::collections::BTreeMap;

    fn around() -> Around {
        let owner = Owner {
            namespace: "shop".to_owned(),
            name: "orders".to_owned(),
            uid: "u-1".to_owned(),
        };
        Around {
            owner,
            ..Around::default()
        }
    }

    fn files(all: &[(&str, &str)]) -> BTreeMap<String, String> {
        all.iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
            .collect()
    }

    fn source(all: &[(&str, &str)]) -> Source {
        Source {
            files: Some(files(all)),
            ..Source::default()
        }
    }

    fn kinds(objects: &[Value]) -> Vec<&str> {
        objects
            .iter()
            .filter_map(|object| object["kind"].as_str())
            .collect()
    }

    #[test]
    fn a_program_with_flows_becomes_a_set_of_pods_and_a_compiled_one_the_same() {
        let spec = ProgramSpec::default();
        let flow = "flow hello(name: string) -> string { return \"hello {name}\" }\n";
        let texts = given(&source(&[("shop.flow", flow)]), None).unwrap();
        let made = make(&texts, &spec, &around()).unwrap();
        assert_eq!(
            (made.pods.name.as_str(), made.pods.kind.as_str()),
            ("shop", "StatefulSet")
        );
        assert!(made.keeps);
        let again = make(&Given::Compiled(made.text.clone()), &spec, &around()).unwrap();
        assert_eq!(again.hash, made.hash);
        assert_eq!(kinds(&again.objects), kinds(&made.objects));
    }

    #[test]
    fn what_is_wrong_is_told_with_code_and_place() {
        let texts = given(&source(&[("shop.flow", "flow a() {\n  missing()\n}\n")]), None).unwrap();
        let wrong = make(&texts, &ProgramSpec::default(), &around()).unwrap_err();
        assert!(wrong[0].place.starts_with("shop.flow:2:"), "{wrong:?}");
        assert!(sentence(&wrong).starts_with(&format!("{} shop.flow:2:", wrong[0].code)));
        let broken = make(
            &Given::Compiled("{".to_owned()),
            &ProgramSpec::default(),
            &around(),
        )
        .unwrap_err();
        assert!(broken[0].code.starts_with('F'), "{broken:?}");
    }

    #[test]
    fn a_config_without_a_value_is_told() {
        let text = "config team: string\nflow a() -> string { return team }\n";
        let texts = given(&source(&[("shop.flow", text)]), None).unwrap();
        let wrong = make(&texts, &ProgramSpec::default(), &around()).unwrap_err();
        assert!(wrong[0].text.contains("team"), "{wrong:?}");
        let configs = files(&[("team", "blue")]);
        assert!(
            make(
                &texts,
                &ProgramSpec {
                    configs,
                    ..ProgramSpec::default()
                },
                &around()
            )
            .is_ok()
        );
    }

    #[test]
    fn a_mesh_adds_its_own_objects() {
        let text = "service payments {\n  at: \"dns://payments.shop.svc.cluster.local:8080\"\n  timeout: { total: 2s }\n  \
                    op charge(id: string) = PUT \"/charges/{id}\"\n}\nflow a(id: string) { payments.charge(id) }\n";
        let texts = given(&source(&[("shop.flow", text)]), None).unwrap();
        let mesh = |target: &str| ProgramSpec {
            mesh: Some(MeshSpec {
                target: target.to_owned(),
                interpreter_fills: false,
            }),
            ..ProgramSpec::default()
        };
        let made = make(&texts, &mesh("istio"), &around()).unwrap();
        assert!(
            kinds(&made.objects).contains(&"VirtualService"),
            "{:?}",
            kinds(&made.objects)
        );
        assert!(
            make(&texts, &mesh("kubernetes"), &around()).unwrap_err()[0]
                .text
                .contains("mesh.target")
        );
        assert!(
            make(&texts, &mesh("nowhere"), &around()).unwrap_err()[0]
                .text
                .contains("nowhere")
        );
    }
}
