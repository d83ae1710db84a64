//! A chart for Helm. Objects are made with words that no program has in the places of the values, and the words become
//! templates at the end, so that a chart says what the manifests say.

use crate::{Manifest, Options, Workload, yaml};
use flowmesh_ir::Program;
use serde_json::json;

/// What stands for the namespace of the release, for the image, and for the size of the volume.
const NAMESPACE: &str = "flowmesh-helm-namespace";
const IMAGE: &str = "flowmesh-helm-image";
const STORAGE: &str = "flowmesh-helm-storage";

/// What Helm puts in their places.
const TEMPLATES: [(&str, &str); 3] = [
    (NAMESPACE, "{{ .Release.Namespace }}"),
    (IMAGE, "{{ .Values.image | quote }}"),
    (STORAGE, "{{ .Values.storage | quote }}"),
];

/// The same options with words in the places of values.
pub(super) fn prepared<'a>(options: &Options<'a>) -> Options<'a> {
    Options {
        workload: Workload {
            image: IMAGE.to_owned(),
            namespace: NAMESPACE.to_owned(),
            storage: STORAGE.to_owned(),
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
    all.extend(manifests.into_iter().map(|manifest| Manifest {
        path: format!("templates/{}", manifest.path.replace(NAMESPACE, "release")),
        yaml: template(&manifest.yaml),
    }));
    all
}

/// An object as a template: what Helm would take for an instruction stands as a text, and the words become instructions.
fn template(yaml: &str) -> String {
    let escaped = yaml.replace("{{", "{{ \"{{\" }}");
    TEMPLATES
        .iter()
        .fold(escaped, |text, (word, by)| text.replace(word, by))
}

#[cfg(test)]
mod tests {
    use super::template;

    #[test]
    fn what_helm_would_read_stands_as_it_is() {
        assert_eq!(
            template("a: \"{{x}}\"\nnamespace: flowmesh-helm-namespace\nimage: flowmesh-helm-image\n"),
            "a: \"{{ \"{{\" }}x}}\"\nnamespace: {{ .Release.Namespace }}\nimage: {{ .Values.image | quote }}\n"
        );
    }
}
