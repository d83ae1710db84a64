//! A `Job` that carries out the tests of the program, before its pods are let in.

use super::{
    Making,
    pods::{FILES, alone, nobody},
};
use crate::Manifest;
use flowmesh_diagnostics::Source;
use serde_json::{Map, Value, json};

/// Where the texts of the program are.
const TEXTS: &str = "/etc/flowmesh/texts";

/// The most bytes of texts: an object of a cluster is no longer than 1 MiB.
const TEXT_BYTES_MAX: usize = 1_000_000;

/// How long a finished Job is kept, in seconds.
const KEPT: u32 = 24 * 60 * 60;

impl Making<'_> {
    /// The texts of the program, and the Job that tests them; nothing where that is not asked for.
    ///
    /// # Errors
    /// Why there can be none.
    pub(super) fn gate(&self) -> Result<Vec<Manifest>, String> {
        if !self.options.workload.tests {
            return Ok(Vec::new());
        }
        let texts = self.texts();
        let Some(first) = texts.first() else {
            return Err(
                "tests are carried out from the texts of a program, and a compiled one has none".to_owned(),
            );
        };
        let bytes: usize = texts.iter().map(|source| source.text.len()).sum();
        if bytes > TEXT_BYTES_MAX {
            return Err(format!(
                "the texts of the program have {bytes} bytes, and an object of a cluster holds {TEXT_BYTES_MAX} of it"
            ));
        }
        let (mut data, mut items) = (Map::new(), Vec::new());
        for (number, source) in texts.iter().enumerate() {
            let key = format!("text-{number}");
            data.insert(key.clone(), json!(source.text));
            items.push(json!({ "key": key, "path": below(&source.name) }));
        }
        let name = format!("{}-test", self.map_name());
        let map = self.object(
            "v1",
            "ConfigMap",
            &name,
            json!({ "immutable": true, "data": data }),
        );
        let job = self.object(
            "batch/v1",
            "Job",
            &name,
            json!({ "spec": self.job(&name, &items, first) }),
        );
        Ok(vec![map, job])
    }

    fn texts(&self) -> Vec<&Source> {
        let sources = self.options.sources;
        let known = self.program.origins.sources.iter();
        let all = (0..)
            .zip(known)
            .filter_map(|(number, _)| sources?.get(flowmesh_diagnostics::SourceId(number)));
        // The library comes with the image.
        all.filter(|source| !source.name.starts_with("std.") && !source.name.starts_with("std/"))
            .collect()
    }

    fn job(&self, name: &str, items: &[Value], first: &Source) -> Value {
        let file = format!("{TEXTS}/{}", below(&first.name));
        let read = |name: &str, path: &str| json!({ "name": name, "mountPath": path, "readOnly": true });
        let files = format!("{}-files", self.name);
        let container = json!({
            "name": "test",
            "image": self.options.workload.image,
            "workingDir": FILES,
            "args": ["test", file],
            "resources": { "requests": { "cpu": "100m", "memory": "128Mi" }, "limits": { "memory": "512Mi" } },
            "securityContext": alone(),
            "volumeMounts": [read("texts", TEXTS), read("files", FILES)],
        });
        let mut template = json!({
            "spec": {
                "restartPolicy": "Never",
                "automountServiceAccountToken": false,
                "securityContext": nobody(),
                "containers": [container],
                "volumes": [
                    { "name": "texts", "configMap": { "name": name, "items": items } },
                    { "name": "files", "secret": { "secretName": files, "optional": true } },
                ],
            },
        });
        if let (Some(apart), Value::Object(template)) = (self.apart(), &mut template) {
            template.insert("metadata".to_owned(), apart);
        }
        json!({
            "backoffLimit": 0,
            "activeDeadlineSeconds": 600,
            "ttlSecondsAfterFinished": KEPT,
            "template": template,
        })
    }
}

/// The name of a text as a path below a folder.
fn below(name: &str) -> String {
    let parts = name.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
    parts.collect::<Vec<_>>().join("/")
}
