//! Settings, their parts and their values, from the one table that the checker reads.

use super::{Context, Item, ItemKind, Origin, rank::of_kind};
use crate::{
    ast::ItemKind as Declares,
    check::{Asked, Place, SETTINGS, Setting},
    ide::names::NameKind,
};

/// The settings at the head of a flow, which only a flow knows.
const OF_FLOWS: [(&str, &str); 8] = [
    ("timeout", "a duration"),
    (
        "retry",
        "{ attempts: 3, backoff: exponential(1s, max: 1m), on: [Unavailable] }",
    ),
    ("priority", "a number"),
    ("concurrency", "{ most: 5, per: order.id }"),
    ("delay", "a duration"),
    ("debounce", "{ wait: 10s, most: 1m }"),
    ("tags", "texts by name"),
    ("queue", "a text"),
];

/// Words in the form of a setting that say what it holds and are not written themselves.
const SAID: [&str; 40] = [
    "a",
    "an",
    "or",
    "of",
    "the",
    "to",
    "by",
    "as",
    "and",
    "such",
    "name",
    "policy",
    "text",
    "number",
    "list",
    "them",
    "duration",
    "any",
    "value",
    "item",
    "over",
    "another",
    "service",
    "subset",
    "this",
    "one",
    "none",
    "true",
    "false",
    "address",
    "addresses",
    "file",
    "secret",
    "status",
    "error",
    "path",
    "regular",
    "expression",
    "percentage",
    "identifier",
];

impl Context<'_> {
    /// Names of settings, within those of a path.
    pub(super) fn settings(&mut self, path: &[String]) {
        if let Some(Asked::Part(known)) = self.probe.map(|probe| &probe.asked) {
            return self.parts(known);
        }
        let Some((first, rest)) = path.split_first() else {
            return;
        };
        if !rest.is_empty() {
            let known = SETTINGS
                .iter()
                .find(|known| rest.first().is_some_and(|name| name == known.name));
            if let Some(known) = known.filter(|known| !known.parts.is_empty()) {
                self.parts(known);
            }
            return;
        }
        if first == "flow" {
            for (name, form) in OF_FLOWS {
                if !self.site.given.iter().any(|given| given == name) {
                    self.add(
                        Item::new(name, ItemKind::Setting, of_kind(ItemKind::Setting))
                            .detail(form)
                            .snippet(written(name, form, "")),
                    );
                }
            }
            return;
        }
        let Some(place) = place_of(first) else { return };
        if place == Place::Service {
            let rest = self.site.text.get(self.site.start as usize..).unwrap_or("");
            let address = rest.lines().next().unwrap_or("").contains("://");
            let given = self.counts.contains_key("at");
            let score = if address { 130 } else { 30 } + if given { 0 } else { 40 };
            self.add(Item::new("at", ItemKind::Keyword, score).snippet("at"));
            for word in ["op", "route"] {
                self.add(Item::new(word, ItemKind::Keyword, 25));
            }
        }
        self.settings_of(place);
    }

    /// All settings of a place that are not there yet.
    pub(super) fn settings_of(&mut self, place: Place) {
        for known in SETTINGS.iter().filter(|known| known.places.contains(&place)) {
            let given = self.site.given.iter().any(|given| given == known.name);
            let score = of_kind(ItemKind::Setting) + usual(place, known.name) + self.held(known)
                - if given { 100 } else { 0 };
            self.setting(known, score);
        }
    }

    /// How a setting fits a value that is there already and is no record: by the words of its form.
    fn written_value(&self, known: &Setting) -> i32 {
        let rest = self.site.text.get(self.site.start as usize..).unwrap_or("");
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let Some(value) = rest.trim_start().strip_prefix(':') else {
            return 0;
        };
        let value = value.lines().next().unwrap_or("").trim_start();
        let word: String = value
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect();
        let is_number = word.starts_with(|c: char| c.is_ascii_digit());
        let plain = word.chars().all(|c| c.is_ascii_digit());
        match known.form {
            form if !is_number && word.len() > 1 && form.contains(word.as_str()) => 45,
            form if is_number && plain && word != "0" && form.contains("a number") => 40,
            "a duration" if is_number && !plain => 40,
            form if value.starts_with('"') && form.starts_with('"') => 20,
            _ => 0,
        }
    }

    /// How a setting fits the value that is there already.
    fn held(&self, known: &Setting) -> i32 {
        let holds = &self.site.holds;
        match (holds.is_empty(), known.parts.is_empty()) {
            (true, _) => self.written_value(known),
            (false, true) => -30,
            (false, false)
                if holds
                    .iter()
                    .all(|name| known.parts.iter().any(|part| part.name == name)) =>
            {
                80
            }
            (false, false) => -30,
        }
    }

    pub(super) fn parts(&mut self, of: &'static Setting) {
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
            SETTINGS.iter().find(|known| {
                known.name == name && of_place.is_none_or(|place| known.places.contains(&place))
            })
        });
        let known = match (known, names.get(1)) {
            (Some(known), Some(part)) => known
                .parts
                .iter()
                .find(|known| known.name == part)
                .or(Some(known)),
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
        if self.probe.is_some() {
            self.values();
        }
    }

    /// The words that the form of a setting names.
    fn words_of(&mut self, known: &'static Setting) {
        let words = known.form.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        for word in words {
            let is_word = word.starts_with(|c: char| c.is_ascii_lowercase()) && word.len() > 1;
            if !is_word
                || SAID.contains(&word)
                || known.form.contains(&format!("{word}:"))
                || known.form.contains(&format!("\"{word}"))
            {
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
        let usual = self.method();
        for (at, word) in (0i32..).zip(words) {
            let likely = if usual == Some(*word) { 40 } else { 0 };
            self.word(word, 60 - at + likely);
        }
    }

    /// The method by which an operation of such a name is mostly reached.
    fn method(&self) -> Option<&'static str> {
        let before = self.site.text.get(..self.site.start as usize)?;
        let line = before.rsplit('\n').next()?;
        let name = line.trim_start().strip_prefix("op ")?;
        let begins = |words: &[&str]| words.iter().any(|word| name.starts_with(word));
        let item = &self.site.item.0;
        let rest = item.get(self.site.item.1..)?.split("\n  op ").next()?;
        Some(match name {
            _ if begins(&[
                "get", "list", "find", "read", "look", "show", "fetch", "search", "count", "tail", "lines",
            ]) =>
            {
                "GET"
            }
            _ if begins(&["delete", "remove", "release", "give", "cancel", "drop"]) => "DELETE",
            _ if begins(&["put", "set", "replace", "update", "load"]) => "PUT",
            _ if rest.contains("key:") || rest.contains("body:") || !line.contains("->") => "POST",
            _ => "GET",
        })
    }

    fn word(&mut self, word: &str, score: i32) {
        self.add(Item::new(word, ItemKind::Word, score + of_kind(ItemKind::Word)));
    }

    /// The subsets of the service around.
    pub(super) fn subsets(&mut self, score: i32) {
        if let Some(Declares::Service(service)) = self.around.map(|item| &item.kind) {
            for subset in service.at.iter().filter_map(|at| at.subset.as_ref()) {
                let given = if self
                    .counts
                    .get(subset.text.as_str())
                    .is_some_and(|count| *count > 1)
                {
                    0
                } else {
                    20
                };
                let item = Item::new(
                    subset.text.as_str(),
                    ItemKind::Name(NameKind::Subset),
                    score + given,
                );
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
