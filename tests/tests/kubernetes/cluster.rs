//! All that a cluster knows of objects: the definitions of the meshes and its own kinds, with what they say is wrong.

use crate::schema;
use flowmesh_tests::files;
use jsonschema::Validator;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    sync::{Mutex, OnceLock},
};

/// The definitions that a cluster has, by their folders; one channel of Gateway API is there, and not the other.
const FOLDERS: [&str; 3] = ["istio", "linkerd", "consul"];
const CHANNELS: [&str; 2] = ["gateway-api/standard", "gateway-api/experimental"];

/// The cluster.
pub(crate) struct Cluster {
    /// The schemas of versions that are served, by `group/version/Kind`, for each channel of Gateway API.
    schemas: [BTreeMap<String, Value>; 2],
    /// The kinds that it has by itself, and their schemas.
    index: Value,
    own: Value,
    validators: Mutex<BTreeMap<(bool, String), &'static Validator>>,
}

impl Cluster {
    /// The cluster with all that there is; `None`, with a word about it, where the schemas are not at hand.
    pub(crate) fn known() -> Option<&'static Self> {
        static KNOWN: OnceLock<Option<Cluster>> = OnceLock::new();
        KNOWN.get_or_init(Self::read).as_ref()
    }

    fn read() -> Option<Self> {
        let folder = files::shared("the schemas of manifests")?.join("schemas");
        let own = |name: &str| -> Value {
            let text =
                fs::read_to_string(folder.join("kubernetes").join(name)).expect("the shared folder has it");
            serde_json::from_str(&text).expect("it is JSON")
        };
        let meshes: Vec<Value> = FOLDERS.iter().flat_map(|folder| of_folder(folder)).collect();
        let schemas = CHANNELS.map(|channel| {
            let all = of_folder(channel);
            meshes.iter().chain(&all).flat_map(versions).collect()
        });
        Some(Self {
            schemas,
            index: own("gvk-index.json"),
            own: own("definitions-v1.36.0-strict.json"),
            validators: Mutex::default(),
        })
    }

    /// The schema of a kind of the meshes.
    fn schema(&self, object: &Value, experimental: bool) -> Option<&Value> {
        self.schemas[usize::from(experimental)].get(&kind(object))
    }

    /// What is wrong with an object: by its schema, and by its rules where that finds nothing.
    pub(crate) fn faults(&self, object: &Value, experimental: bool) -> Vec<String> {
        let Some(validator) = self.validator(object, experimental) else {
            return vec![format!("no cluster has the kind {}", kind(object))];
        };
        let found = validator.iter_errors(object);
        let found: Vec<String> = found
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        match self.schema(object, experimental) {
            Some(schema) if found.is_empty() => flowmesh_tests::crd::broken(schema, object),
            Some(_) => found,
            None => found.into_iter().chain(empty(object, "")).collect(),
        }
    }

    /// Made once for each kind: those of the cluster itself are long. They live as long as the tests.
    fn validator(&self, object: &Value, experimental: bool) -> Option<&'static Validator> {
        let mut made = self.validators.lock().expect("no test fails in here");
        let name = (experimental, kind(object));
        if let Some(validator) = made.get(&name) {
            return Some(validator);
        }
        let validator = match self.schema(object, experimental) {
            Some(schema) => schema::validator(schema),
            None => {
                let name = self.index[kind(object)].as_str()?;
                let schema = json!({ "$ref": format!("#/$defs/{name}"), "$defs": self.own["$defs"] });
                jsonschema::validator_for(&schema).expect("it is a schema")
            }
        };
        let validator: &'static Validator = Box::leak(Box::new(validator));
        made.insert(name, validator);
        Some(validator)
    }
}

/// The empty lists of an object, by their places. A cluster keeps none in its own kinds, and older ones write the object anew at
/// each apply that says one.
fn empty(value: &Value, place: &str) -> Vec<String> {
    match value {
        Value::Array(all) if all.is_empty() => {
            vec![format!("{place}: an empty list, which no cluster keeps")]
        }
        Value::Array(all) => (0..)
            .zip(all)
            .flat_map(|(number, value)| empty(value, &format!("{place}/{number}")))
            .collect(),
        Value::Object(all) => all
            .iter()
            .flat_map(|(name, value)| empty(value, &format!("{place}/{name}")))
            .collect(),
        _ => Vec::new(),
    }
}

/// `group/version/Kind`
fn kind(object: &Value) -> String {
    let text = |name: &str| object[name].as_str().unwrap_or_default();
    format!("{}/{}", text("apiVersion"), text("kind"))
}

/// The definitions of a folder of the schemas.
pub(crate) fn of_folder(folder: &str) -> Vec<Value> {
    let Some(shared) = files::shared("the schemas of manifests") else {
        return Vec::new();
    };
    let schemas = shared.join("schemas");
    let mut all = Vec::new();
    for path in files::below(&schemas.join(folder), ".yaml") {
        let path = path
            .strip_prefix(&schemas)
            .expect("it is below")
            .to_string_lossy()
            .into_owned();
        all.extend(schema::definitions(&path).into_iter().flatten());
    }
    all.retain(|one| one["kind"] == "CustomResourceDefinition");
    all
}

/// The schemas of a definition, by `group/version/Kind`.
pub(crate) fn versions(definition: &Value) -> Vec<(String, Value)> {
    let spec = &definition["spec"];
    let (group, kind) = (
        spec["group"].as_str().expect("a group"),
        spec["names"]["kind"].as_str().expect("a kind"),
    );
    let versions = spec["versions"]
        .as_array()
        .expect("versions")
        .iter()
        .filter(|version| version["served"] == true);
    let schema = |version: &Value| {
        let name = format!("{group}/{}/{kind}", version["name"].as_str().expect("a name"));
        (name, version["schema"]["openAPIV3Schema"].clone())
    };
    versions.map(schema).collect()
}
