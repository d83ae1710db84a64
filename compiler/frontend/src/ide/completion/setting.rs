//! Settings, their parts and their values, from the one table that the checker reads.

use super::{Context, Item, ItemKind, Origin, rank::of_kind};
use crate::{
    ast::ItemKind as Declares,
    check::{Asked, FieldInfo, Place, SETTINGS, Setting, Ty},
    ide::names::NameKind,
    resolve::Def,
};

/// The settings at the head of a flow, which only a flow knows.
const OF_FLOWS: [(&str, &str); 8] = [
    ("timeout", "a duration"),
    ("retry", "{ attempts: 3, backoff: exponential(1s, max: 1m), on: [Unavailable] }"),
    ("priority", "a number"),
    ("concurrency", "{ most: 5, per: order.id }"),
    ("delay", "a duration"),
    ("debounce", "{ wait: 10s, most: 1m }"),
    ("tags", "texts by name"),
    ("queue", "a text"),
];

/// Words in the form of a setting that say what it holds and are not written themselves.
const SAID: [&str; 40] = [
    "a", "an", "or", "of", "the", "to", "by", "as", "and", "such", "name", "policy", "text", "number", "list", "them",
    "duration", "any", "value", "item", "over", "another", "service", "subset", "this", "one", "none", "true", "false",
    "address", "addresses", "file", "secret", "status", "error", "path", "regular", "expression", "percentage", "identifier",
];

impl Context<'_> {
    /// Names of settings, within those of a path.
    pub(super) fn settings(&mut self, path: Vec<String>) {
        if let Some(Asked::Part(known)) = self.probe.map(|probe| &probe.asked) {
            return self.parts(known);
        }
        let Some((first, rest)) = path.split_first() else { return };
        if !rest.is_empty() {
            let known = SETTINGS.iter().find(|known| rest.first().is_some_and(|name| name == known.name));
            if let Some(known) = known.filter(|known| !known.parts.is_empty()) {
                self.parts(known);
            }
            return;
        }
        if first == "flow" {
            for (name, form) in OF_FLOWS {
                if !self.site.given.iter().any(|given| given == name) {
                    self.add(Item::new(name, ItemKind::Setting, of_kind(ItemKind::Setting)).detail(form).snippet(written(name, form, "")));
                }
            }
            return;
        }
        let Some(place) = place_of(first) else { return };
        self.settings_of(place);
    }

    /// All settings of a place that are not there yet.
    pub(super) fn settings_of(&mut self, place: Place) {
        for known in SETTINGS.iter().filter(|known| known.places.contains(&place)) {
            let given = self.site.given.iter().any(|given| given == known.name);
            let score = of_kind(ItemKind::Setting) + usual(place, known.name) - if given { 100 } else { 0 };
            self.setting(known, score);
        }
    }

    fn parts(&mut self, of: &'static Setting) {
        for (at, known) in (0i32..).zip(of.parts) {
            let given = self.site.given.iter().any(|given| given == known.name);
            let score = of_kind(ItemKind::Setting) + 30 - at - if given { 100 } else { 0 };
            self.setting(known, score);
        }
    }

    fn setting(&mut self, known: &'static Setting, score: i32) {
        let follows = self.site.text.get(self.site.start as usize..).unwrap_or("");
        let behind = follows.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let insert = written(known.name, known.form, behind);
        let item = Item::new(known.name, ItemKind::Setting, score).detail(known.form);
        self.add(item.snippet(insert).of(Origin::Said(known.doc)));
    }

    /// What the setting at hand can hold.
    pub(super) fn setting_values(&mut self, path: &[String]) {
        if let Some(Asked::Words(words)) = self.probe.map(|probe| &probe.asked) {
            let words = words.clone();
            words.into_iter().for_each(|word| self.word(word, 90));
        }
        let (place, names) = match path.split_first() {
            Some((place, names)) => (place.as_str(), names),
            None => return,
        };
        let known = names.first().and_then(|name| {
            let of_place = place_of(place);
            SETTINGS.iter().find(|known| known.name == name && of_place.is_none_or(|place| known.places.contains(&place)))
        });
        let known = match (known, names.get(1)) {
            (Some(known), Some(part)) => known.parts.iter().find(|known| known.name == part).or(Some(known)),
            (known, _) => known,
        };
        let last = names.last().map_or("", String::as_str);
        if let Some(known) = known {
            self.words_of(known);
        }
        match last {
            "policy" => self.of_kinds(&[NameKind::Policy, NameKind::Module], 60),
            "on" => self.of_kinds(&[NameKind::Error], 30),
            "to" | "failover" => {
                self.subsets(60);
                self.of_kinds(&[NameKind::Service], 30);
            }
            "auth" => {
                for word in ["bearer", "basic", "api_key", "oauth2"] {
                    self.word(word, 30);
                }
                self.of_kinds(&[NameKind::Secret], if place == "service" { 55 } else { 20 });
            }
            _ => {}
        }
        let secret = known.is_some_and(|known| known.form.contains("secret"));
        if secret {
            self.of_kinds(&[NameKind::Secret], 70);
        }
        self.values();
    }

    /// The words that the form of a setting names.
    fn words_of(&mut self, known: &'static Setting) {
        let words = known.form.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        for word in words {
            let is_word = word.starts_with(|c: char| c.is_ascii_lowercase()) && word.len() > 1;
            if !is_word || SAID.contains(&word) || known.form.contains(&format!("{word}:")) || known.form.contains(&format!("\"{word}")) {
                continue;
            }
            let called = known.form.contains(&format!("{word}("));
            let score = match (called, self.site.after.call) {
                (true, true) => 110,
                (false, false) => 80,
                (true, false) => 60,
                (false, true) => -40,
            };
            let given = self.site.given.iter().any(|given| given == word);
            self.word(word, score - if given { 120 } else { 0 });
        }
        if known.form.contains("none") {
            self.add(Item::new("none", ItemKind::Keyword, 45));
        }
        if known.form.contains("true") {
            self.add(Item::new("true", ItemKind::Keyword, 70));
            self.add(Item::new("false", ItemKind::Keyword, 60));
        }
    }

    pub(super) fn words(&mut self, words: &[&str]) {
        for (at, word) in (0i32..).zip(words) {
            self.word(word, 60 - at);
        }
    }

    fn word(&mut self, word: &str, score: i32) {
        self.add(Item::new(word, ItemKind::Word, score + of_kind(ItemKind::Word)));
    }

    /// Names in a record: parts of a setting, or fields of the type that is expected.
    pub(super) fn entries(&mut self) {
        match self.probe.map(|probe| &probe.asked) {
            Some(Asked::Part(known)) => self.parts(known),
            _ => self.field_names(),
        }
    }

    /// The fields of the records in sight that have those which are there already.
    fn field_names(&mut self) {
        let types = self.module.scope.values().filter_map(|entry| match entry.def {
            Def::Type(id) => Some(Ty::Named(flowmesh_ir::TypeId(id))),
            _ => None,
        });
        let types: Vec<Ty> = types.collect();
        for ty in types {
            let Some((_, fields)) = self.globals.record(&ty) else { continue };
            let all = self.site.given.iter().all(|given| fields.iter().any(|field| field.name == *given));
            if all && !self.site.given.is_empty() {
                let fields = fields.to_vec();
                self.names_of(&fields, NameKind::Field, 40);
            }
        }
    }

    /// The names of the parameters of what is called here.
    pub(super) fn argument_names(&mut self) {
        let Some(name) = self.called_name() else { return };
        let mut found: Vec<FieldInfo> = Vec::new();
        let globals = self.globals;
        let signatures = globals.functions.iter().chain(&globals.flows).chain(&globals.templates).chain(&globals.errors);
        let operations = globals.services.iter().flat_map(|service| &service.operations);
        let all = signatures.chain(operations.map(|operation| &operation.signature));
        for signature in all.filter(|signature| signature.name == name) {
            found.extend(signature.params.iter().cloned());
        }
        for info in &globals.types {
            match &info.shape {
                crate::check::ShapeInfo::Record(fields) if info.name == name => found.extend(fields.iter().cloned()),
                crate::check::ShapeInfo::Enum(cases) => {
                    let own = cases.iter().filter(|case| case.name == name);
                    found.extend(own.flat_map(|case| case.fields.iter().cloned()));
                }
                _ => {}
            }
        }
        self.names_of(&found, NameKind::Field, 70);
        for native in flowmesh_stdlib::methods(&name).chain(flowmesh_stdlib::free(&name)) {
            for param in native.params {
                self.add(Item::new(param.name, ItemKind::Name(NameKind::Param), 60));
            }
        }
    }

    fn names_of(&mut self, fields: &[FieldInfo], kind: NameKind, score: i32) {
        for (at, field) in (0i32..).zip(fields) {
            let given = self.site.given.iter().any(|given| field.name == *given);
            let score = score - at - if given { 100 } else { 0 };
            let item = Item::new(field.name.as_str(), ItemKind::Name(kind), score).typed(self.globals, field.ty.clone());
            self.add(item.of(Origin::Field(field.span)));
        }
    }

    /// The word before the bracket that is open at the place.
    fn called_name(&self) -> Option<String> {
        let before = self.site.text.get(..self.site.start as usize)?;
        let mut depth = 0i32;
        for (at, letter) in before.char_indices().rev() {
            match letter {
                ')' | ']' | '}' => depth += 1,
                '(' if depth == 0 => {
                    let head = before.get(..at)?;
                    let name = head.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
                    return Some(name.to_owned());
                }
                '(' | '[' | '{' => depth -= 1,
                _ => {}
            }
        }
        None
    }

    /// The subsets of the service around.
    pub(super) fn subsets(&mut self, score: i32) {
        let at = self.site.start;
        let item = self.module.ast.items.iter().find(|item| item.span.touches(at));
        if let Some(Declares::Service(service)) = item.map(|item| &item.kind) {
            for subset in service.at.iter().filter_map(|at| at.subset.as_ref()) {
                let given = if self.counts.get(subset.text.as_str()).is_some_and(|count| *count > 1) { 0 } else { 20 };
                let item = Item::new(subset.text.as_str(), ItemKind::Name(NameKind::Subset), score + given);
                self.add(item.of(Origin::Field(subset.span)));
            }
        }
    }
}

fn place_of(word: &str) -> Option<Place> {
    Some(match word {
        "policy" => Place::Policy,
        "service" => Place::Service,
        "operation" => Place::Operation,
        "with" => Place::With,
        "gateway" => Place::Gateway,
        "route" => Place::GatewayRoute,
        "mesh" => Place::Mesh,
        "schedule" => Place::Schedule,
        _ => return None,
    })
}

/// What is written for a setting: its name, and the form of its value as far as that is plain.
fn written(name: &str, form: &str, behind: &str) -> String {
    if behind.trim_start().starts_with(':') && !behind.trim_start().starts_with(": 0") {
        return name.to_owned();
    }
    let value = match form {
        "a duration" => "${1:1s}".to_owned(),
        form if form.starts_with('{') => {
            let record = form.split(", or none").next().unwrap_or(form);
            format!("${{1:{}}}", record.replace('}', "\\}"))
        }
        _ => "$1".to_owned(),
    };
    format!("{name}: {value}")
}

/// How usual a setting is at a place.
fn usual(place: Place, name: &str) -> i32 {
    match (place, name) {
        (Place::Operation, "key") => 25,
        (Place::Operation, "body") => 18,
        (Place::Service, "policy") => 22,
        (Place::With, "timeout") | (Place::Policy, "timeout") | (Place::Gateway, "listen") => 22,
        (Place::Policy | Place::Service | Place::With, "retry") => 16,
        (Place::Service, "timeout") => 16,
        (Place::Schedule, "overlap") | (Place::Mesh, "access") | (Place::Service, "auth") => 14,
        (_, "limit" | "breaker" | "timeout" | "jwt" | "catch_up") => 8,
        _ => 0,
    }
}
