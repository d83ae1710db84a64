//! A chart for Helm. Objects are made with words in the places of the values, and the words become templates at the end, so
//! that a chart says what the manifests say. The hash of the program is in the words: no program has its own hash in it.

use crate::{Manifest, Options, Workload, yaml};
use flowmesh_ir::Program;
use serde_json::json;

/// What Helm puts in the places of words.
const TEMPLATES: [(&str, &str); 3] = [
    (NAMESPACE, "{{ .Release.Namespace }}"),
    ("image", "{{ .Values.image | quote }}"),
    ("storage", "{{ .Values.storage | quote }}"),
];
const NAMESPACE: &str = "namespace";

/// What stands for a value of the chart of a program; also a name that the cluster takes.
fn word(program: &Program, of: &str) -> String {
    let hash = program.hash().to_string();
    format!("flowmesh-{}-{of}", hash.get(..16).unwrap_or(&hash))
}

/// The same options with words in the places of values.
pub(super) fn prepared<'a>(program: &Program, options: &Options<'a>) -> Options<'a> {
    Options {
        workload: Workload {
            image: word(program, "image"),
            namespace: word(program, NAMESPACE),
            storage: word(program, "storage"),
            ..options.workload.clone()
        },
        ..options.clone()
    }
}

/// The chart.
pub(super) fn chart(program: &Program, options: &Options<'_>, manifests: Vec<Manifest>) -> Vec<Manifest> {
    let name = crate::manifest::object_name(&program.name).to_lowercase();
    let hash = program.hash().to_string();
    let about = json!({
        "apiVersion": "v2",
        "name": name,
        "description": format!("The program {name}, made by flowmesh"),
        "type": "application",
        "version": "0.1.0",
        "appVersion": hash.get(..12).unwrap_or(&hash),
    });
    // What was asked for is the value where nobody says another.
    let values = json!({ "image": options.workload.image, "storage": options.workload.storage });
    let file = |path: &str, object: &serde_json::Value| Manifest {
        path: path.to_owned(),
        yaml: yaml::manifest("", "", object).yaml,
    };
    let mut all = vec![file("Chart.yaml", &about), file("values.yaml", &values)];
    let namespace = word(program, NAMESPACE);
    let words = TEMPLATES.map(|(of, by)| (word(program, of), by));
    all.extend(manifests.into_iter().map(|manifest| Manifest {
        path: format!("templates/{}", manifest.path.replace(&namespace, "release")),
        yaml: template(&manifest.yaml, &words),
    }));
    all
}

/// An object as a template: what Helm would take for an instruction stands as a text, and the words become instructions.
fn template(yaml: &str, words: &[(String, &str)]) -> String {
    let escaped = yaml.replace("{{", "{{ \"{{\" }}");
    words
        .iter()
        .fold(escaped, |text, (word, by)| text.replace(word, by))
}

#[cfg(test)]
mod tests {
    use super::template;

    #[test]
    fn what_helm_would_read_stands_as_it_is() {
        let words = [("there".to_owned(), "{{ .Release.Namespace }}")];
        assert_eq!(
            template("a: \"{{x}}\"\nnamespace: there\n", &words),
            "a: \"{{ \"{{\" }}x}}\"\nnamespace: {{ .Release.Namespace }}\n"
        );
    }
}
