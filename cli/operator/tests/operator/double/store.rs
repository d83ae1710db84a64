//! The objects, and what happened to them.

use super::{
    apply::{self, Managers},
    kinds::Kind,
};
use flowmesh_operator::crd;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The place of an object: its kind, its namespace, its name.
type Place = (Kind, String, String);

/// What is to become of an object.
pub(crate) enum Change {
    /// All of it, without its status where that stands by itself.
    Replace(Value),
    /// A merge patch.
    Merge(Value),
    /// Server-side apply, and whether it is forced.
    Apply(Value, bool),
    /// Its status alone, as an object or as the status itself.
    Status(Value),
}

/// A refusal: the status, the reason, the words.
pub(crate) type Refusal = (u16, &'static str, String);

/// Something that happened.
pub(super) struct Event {
    pub(super) version: u64,
    pub(super) word: &'static str,
    pub(super) kind: Kind,
    pub(super) object: Value,
}

pub(super) struct Store {
    pub(super) version: u64,
    objects: BTreeMap<Place, (Value, Managers)>,
    pub(super) events: Vec<Event>,
    /// Nothing is known of what happened up to here.
    pub(super) forgotten: u64,
    pub(super) requests: Vec<String>,
    /// Those that change something, or try to.
    pub(super) writes: Vec<String>,
    /// Fields that kinds do not have here, by their places.
    pub(super) lacking: Vec<(Kind, String)>,
    validators: BTreeMap<&'static str, jsonschema::Validator>,
}

impl Store {
    pub(super) fn new() -> Self {
        Self {
            version: 100,
            objects: BTreeMap::new(),
            events: Vec::new(),
            forgotten: 0,
            requests: Vec::new(),
            writes: Vec::new(),
            lacking: Vec::new(),
            validators: validators(),
        }
    }

    pub(super) fn find(&self, kind: Kind, namespace: &str, name: &str) -> Option<Value> {
        let place = (kind, namespace.to_owned(), name.to_owned());
        self.objects.get(&place).map(|(object, _)| object.clone())
    }

    pub(super) fn list(&self, kind: Kind, namespace: Option<&str>) -> Vec<Value> {
        let here = |place: &Place| place.0 == kind && namespace.is_none_or(|it| it == place.1);
        let all = self.objects.iter().filter(|(place, _)| here(place));
        all.map(|(_, (object, _))| object.clone()).collect()
    }

    pub(super) fn create(
        &mut self,
        kind: Kind,
        namespace: &str,
        object: Value,
        manager: &str,
    ) -> Result<Value, Refusal> {
        let name = object["metadata"]["name"].as_str().unwrap().to_owned();
        if self.find(kind, namespace, &name).is_some() {
            return Err((
                409,
                "AlreadyExists",
                format!("{} \"{name}\" already exists", kind.plural),
            ));
        }
        let mut managers = Managers::new();
        apply::wrote(&Value::Null, &object, &mut managers, manager);
        self.born((kind, namespace.to_owned(), name), object, managers)
    }

    fn born(&mut self, place: Place, mut object: Value, managers: Managers) -> Result<Value, Refusal> {
        let uid = format!("00000000-0000-4000-8000-{:012}", self.version);
        let metadata = json!({
            "namespace": place.1, "uid": uid, "generation": 1, "creationTimestamp": "2026-01-01T00:00:00Z",
        });
        apply::merge(&mut object["metadata"], &metadata);
        if place.0.status {
            object.as_object_mut().unwrap().remove("status");
        }
        defaults(place.0, &mut object);
        self.check(place.0, &object)?;
        Ok(self.put(place, object, managers, "ADDED"))
    }

    fn put(&mut self, place: Place, mut object: Value, managers: Managers, word: &'static str) -> Value {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        let event = Event {
            version: self.version,
            word,
            kind: place.0,
            object: object.clone(),
        };
        self.events.push(event);
        match word {
            "DELETED" => drop(self.objects.remove(&place)),
            _ => drop(self.objects.insert(place, (object.clone(), managers))),
        }
        object
    }

    pub(super) fn change(
        &mut self,
        kind: Kind,
        (namespace, name): (&str, &str),
        change: Change,
        manager: &str,
    ) -> Result<Value, Refusal> {
        if let Change::Apply(wanted, _) = &change {
            self.typed(kind, wanted)?;
        }
        let place = (kind, namespace.to_owned(), name.to_owned());
        let Some((live, mut managers)) = self.objects.get(&place).cloned() else {
            return match change {
                Change::Apply(wanted, _) => {
                    let mut managers = Managers::new();
                    let object = apply::apply(&json!({}), &mut managers, (manager, &wanted), true).unwrap();
                    let mut whole = wanted;
                    apply::merge(&mut whole, &object);
                    self.born(place, whole, managers)
                }
                _ => Err((404, "NotFound", format!("{} \"{name}\" not found", kind.plural))),
            };
        };
        let mut object = changed(kind, &live, change, (&mut managers, manager))?;
        defaults(kind, &mut object);
        object["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"].clone();
        if object == live {
            self.objects.insert(place, (live.clone(), managers));
            return Ok(live);
        }
        if object["spec"] != live["spec"] {
            object["metadata"]["generation"] =
                json!(live["metadata"]["generation"].as_u64().unwrap_or(0) + 1);
        }
        self.check(kind, &object)?;
        let gone = !object["metadata"]["deletionTimestamp"].is_null() && is_free(&object);
        match gone {
            true => Ok(self.die(place, object)),
            false => Ok(self.put(place, object, managers, "MODIFIED")),
        }
    }

    pub(super) fn delete(
        &mut self,
        kind: Kind,
        (namespace, name): (&str, &str),
        uid: Option<&str>,
    ) -> Result<Value, Refusal> {
        let place = (kind, namespace.to_owned(), name.to_owned());
        let Some((mut object, managers)) = self.objects.get(&place).cloned() else {
            return Err((404, "NotFound", format!("{} \"{name}\" not found", kind.plural)));
        };
        if uid.is_some_and(|uid| object["metadata"]["uid"] != uid) {
            return Err((
                409,
                "Conflict",
                "the UID in the precondition does not match".to_owned(),
            ));
        }
        if is_free(&object) {
            return Ok(self.die(place, object));
        }
        object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:01Z");
        Ok(self.put(place, object, managers, "MODIFIED"))
    }

    /// It goes, and whatever it alone owned.
    fn die(&mut self, place: Place, object: Value) -> Value {
        let object = self.put(place, object, Managers::new(), "DELETED");
        let uid = object["metadata"]["uid"].as_str().unwrap().to_owned();
        let owned: Vec<Place> = self
            .objects
            .iter()
            .filter(|(_, (object, _))| owners(object).any(|owner| owner["uid"] == *uid))
            .map(|(place, _)| place.clone())
            .collect();
        for place in owned {
            let (mut object, managers) = self.objects[&place].clone();
            apply::take(
                &mut object,
                &["metadata".to_owned(), "ownerReferences".to_owned(), uid.clone()],
            );
            let kept = owners(&object).next().is_some();
            match kept {
                true => drop(self.put(place, object, managers, "MODIFIED")),
                false => drop(self.die(place, object)),
            }
        }
        object
    }

    pub(super) fn forget(&mut self) {
        self.version += 1;
        self.forgotten = self.version;
        self.events.clear();
    }

    /// Whether the kind has all fields of what is applied. Where not, clusters answer as if something was wrong with themselves.
    fn typed(&self, kind: Kind, wanted: &Value) -> Result<(), Refusal> {
        let lacks = |(of, place): &&(Kind, String)| *of == kind && wanted.pointer(place).is_some();
        match self.lacking.iter().find(lacks) {
            None => Ok(()),
            Some((_, place)) => {
                let field = place.replace('/', ".");
                let words = format!(
                    "failed to create typed patch object (/{}; {}, Kind={}): {field}: field not declared in schema",
                    wanted["metadata"]["name"].as_str().unwrap_or_default(),
                    kind.api_version(),
                    kind.kind
                );
                Err((500, "", words))
            }
        }
    }

    /// Whether the definition takes an object.
    fn check(&self, kind: Kind, object: &Value) -> Result<(), Refusal> {
        let Some(validator) = self.validators.get(kind.kind) else {
            return Ok(());
        };
        let faults: Vec<String> = validator
            .iter_errors(object)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        match faults.is_empty() {
            true => Ok(()),
            false => Err((422, "Invalid", faults.join("; "))),
        }
    }
}

fn changed(
    kind: Kind,
    live: &Value,
    change: Change,
    (managers, manager): (&mut Managers, &str),
) -> Result<Value, Refusal> {
    let mut object = match change {
        Change::Status(given) => {
            same_version(live, &given)?;
            let mut object = live.clone();
            object["status"] = given.get("status").unwrap_or(&given).clone();
            return Ok(object);
        }
        Change::Apply(wanted, force) => {
            apply::apply(live, managers, (manager, &wanted), force).map_err(|all| {
                let count = all.len();
                (
                    409,
                    "Conflict",
                    format!("Apply failed with {count} conflict: {}", all.join(", ")),
                )
            })?
        }
        Change::Replace(given) => {
            same_version(live, &given)?;
            given
        }
        Change::Merge(patch) => {
            same_version(live, &patch)?;
            let mut object = live.clone();
            apply::merge(&mut object, &patch);
            object
        }
    };
    // What the cluster says stays as it is.
    for name in ["uid", "generation", "creationTimestamp", "deletionTimestamp"] {
        object["metadata"][name] = live["metadata"][name].clone();
        if live["metadata"][name].is_null() {
            object["metadata"].as_object_mut().unwrap().remove(name);
        }
    }
    if kind.status {
        object["status"] = live["status"].clone();
        if live.get("status").is_none() {
            object.as_object_mut().unwrap().remove("status");
        }
    }
    if kind.kind == "StatefulSet"
        && object["spec"]["volumeClaimTemplates"] != live["spec"]["volumeClaimTemplates"]
    {
        let words =
            "spec: Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden";
        return Err((422, "Invalid", words.to_owned()));
    }
    apply::wrote(live, &object, managers, manager);
    Ok(object)
}

fn same_version(live: &Value, given: &Value) -> Result<(), Refusal> {
    let version = &given["metadata"]["resourceVersion"];
    match version.is_null() || version == &live["metadata"]["resourceVersion"] {
        true => Ok(()),
        false => Err((
            409,
            "Conflict",
            "the object has been modified; please apply your changes to the latest version".to_owned(),
        )),
    }
}

fn is_free(object: &Value) -> bool {
    object["metadata"]["finalizers"]
        .as_array()
        .is_none_or(Vec::is_empty)
}

fn owners(object: &Value) -> impl Iterator<Item = &Value> {
    object["metadata"]["ownerReferences"]
        .as_array()
        .into_iter()
        .flatten()
}

/// What a cluster adds.
fn defaults(kind: Kind, object: &mut Value) {
    let added = match kind.kind {
        "Service" => json!({ "spec": { "clusterIP": "10.0.0.1", "type": "ClusterIP" } }),
        "StatefulSet" | "Deployment" => {
            json!({ "spec": { "template": { "spec": { "restartPolicy": "Always" } } } })
        }
        _ => return,
    };
    apply::merge(object, &added);
}

/// The schemas of our own definitions.
fn validators() -> BTreeMap<&'static str, jsonschema::Validator> {
    let mut all = BTreeMap::new();
    for (kind, definition) in ["Program", "Run"].into_iter().zip(crd::definitions()) {
        let definition = serde_json::to_value(definition).unwrap();
        assert_eq!(definition["spec"]["names"]["kind"], kind);
        let mut schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone();
        for part in ["spec", "status"] {
            nullable(&mut schema["properties"][part]);
        }
        all.insert(kind, jsonschema::validator_for(&schema).unwrap());
    }
    all
}

/// `nullable` of OpenAPI as JSON Schema has it, and no field that the schema does not know: a cluster would drop it.
fn nullable(schema: &mut Value) {
    let Value::Object(map) = schema else { return };
    map.values_mut().for_each(nullable);
    if map.get("nullable") == Some(&json!(true)) && map.get("type").is_some_and(Value::is_string) {
        let of = map["type"].clone();
        map.insert("type".to_owned(), json!([of, "null"]));
        if let Some(Value::Array(all)) = map.get_mut("enum") {
            all.push(Value::Null);
        }
    }
    if map.contains_key("properties") {
        map.entry("additionalProperties").or_insert(json!(false));
    }
}
