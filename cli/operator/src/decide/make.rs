//! From what a spec says to the objects that should be there, or to what is wrong with it.

use super::{
    shape::{self, Owner},
    size,
    source::{Given, PROGRAM_KEY},
};
use crate::crd::{Finding, ObjectKey, ProgramSpec};
use flowmesh_diagnostics::{Diagnostic, Diagnostics, Severity, Sources};
use flowmesh_frontend::World;
use flowmesh_ir::{Program, json, print};
use flowmesh_kubernetes::{Manifest, Options, Target, Workload};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a spec comes to.
#[derive(Clone, Debug)]
pub struct Made {
    /// The object with its pods, which is called as the program is.
    pub pods: ObjectKey,
    /// The hash of the program.
    pub hash: String,
    /// Whether it has a server, which keeps runs, or counts limits that are shared.
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
    let (manifests, more) = manifests(&program, &sources, spec, around)?;
    warnings.extend(more);
    let objects = objects(&manifests)?;
    let objects = shape::shaped(objects, &spec.secrets, around)?;
    let keys: Vec<ObjectKey> = objects.iter().filter_map(shape::key).collect();
    if !size::fit(&keys, 1) {
        let text = format!(
            "the program comes to {} objects, and a status cannot name so many",
            keys.len()
        );
        return Err(vec![ours(text)]);
    }
    let pods = keys.into_iter().find(shape::is_pods);
    let pods = pods.ok_or_else(|| vec![ours("the program makes no pods".to_owned())])?;
    Ok(Made {
        pods,
        hash: program.hash().to_string(),
        keeps: program.needs_server(),
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
    around: &Around,
) -> Result<(Vec<Manifest>, Vec<Finding>), Vec<Finding>> {
    let mesh = spec.mesh.as_ref();
    let target = mesh.map_or(Ok(Target::Kubernetes), |mesh| target(&mesh.target))?;
    let usual = Workload::default();
    let configs = spec.configs.iter();
    let options = Options {
        interpreter_fills: mesh.is_some_and(|mesh| mesh.interpreter_fills),
        experimental: mesh.is_some_and(|mesh| mesh.experimental),
        gateway_class: mesh.and_then(|mesh| mesh.gateway_class.clone()),
        // Those that are in a mesh differ from others.
        pods: mesh.is_some(),
        sources: Some(sources),
        configs: configs
            .map(|(name, value)| (name.as_str().into(), value.clone()))
            .collect(),
        workload: Workload {
            image: spec.image.clone().unwrap_or(usual.image),
            storage: spec.storage.clone().unwrap_or(usual.storage),
            namespace: around.owner.namespace.clone(),
            monitor: spec.monitor,
            tests: spec.tests,
        },
        ..Options::default()
    };
    let mut found = Diagnostics::default();
    let made = flowmesh_kubernetes::compile(program, target, &options, &mut found);
    flowmesh_frontend::ignore(sources, &mut found);
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
pub(crate) fn ours(text: String) -> Finding {
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
    all.iter().map(told).collect()
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
mod tests;
