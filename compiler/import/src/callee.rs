//! Services that flows call, and the errors that they fail with, as they come up.

use crate::{
    name::{Names, camel, quoted, snake},
    out::Out,
};

/// Where a service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// Nobody says it: a config.
    Config,
    /// An address.
    Address(String),
    /// Workers come for its work.
    Nowhere,
}

/// A service and its operations.
#[derive(Clone, Debug)]
struct Callee {
    /// What it is known by: the name of a resource, a host.
    key: String,
    name: String,
    at: At,
    operations: Vec<Called>,
}

/// An operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Called {
    pub(crate) name: String,
    pub(crate) params: String,
    /// The type of what it gives, where that is more than `json`.
    pub(crate) gives: Option<String>,
    /// `POST "/orders"`
    pub(crate) binding: String,
    pub(crate) lines: Vec<String>,
    /// Errors of its own, by their names in the program.
    pub(crate) fails: Vec<String>,
    /// Which statuses are which of them, where that is known.
    pub(crate) statuses: Vec<(String, u16)>,
    pub(crate) notes: Vec<String>,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Callees {
    all: Vec<Callee>,
    /// Services, flows and configs.
    names: Names,
    /// Errors, events and types.
    pub(crate) types: Names,
    /// Errors by the names that others have for them.
    errors: Vec<(String, String)>,
}

/// Statuses that errors are told apart by where nobody says how.
const STATUSES: [u16; 12] = [422, 409, 410, 412, 402, 403, 404, 406, 411, 415, 423, 424];

impl Callees {
    /// The service that is known by a key, made where there is none.
    pub(crate) fn service(&mut self, key: &str, name: &str, at: At) -> usize {
        if let Some(known) = self.all.iter().position(|it| it.key == key) {
            return known;
        }
        let name = self.apart(name);
        self.all.push(Callee {
            key: key.to_owned(),
            name,
            at,
            operations: Vec::new(),
        });
        self.all.len() - 1
    }

    /// A name for a service that no variable of a flow has.
    fn apart(&mut self, name: &str) -> String {
        let own = snake(name);
        let taken = SUFFIXES.iter().any(|end| own.ends_with(end)) || VARIABLES.contains(&own.as_str());
        self.names
            .fresh(&if taken { format!("{own} service") } else { own })
    }

    /// The names of types; those that are there by themselves are taken.
    pub(crate) fn type_names(&mut self) -> &mut Names {
        for name in BUILT_IN {
            self.types.take(name);
        }
        &mut self.types
    }

    /// A name for a flow.
    pub(crate) fn flow(&mut self, name: &str) -> String {
        self.apart(name)
    }

    /// An operation of a service, as a call names it; errors come on top of those that are known.
    pub(crate) fn operation(&mut self, service: usize, wanted: Called) -> String {
        let Some(callee) = self.all.get_mut(service) else {
            return String::new();
        };
        let same = |known: &&mut Called| known.binding == wanted.binding && known.params == wanted.params;
        if let Some(known) = callee.operations.iter_mut().find(same) {
            let more = wanted
                .fails
                .iter()
                .filter(|it| !known.fails.contains(it))
                .cloned()
                .collect::<Vec<_>>();
            known.fails.extend(more);
            let more = wanted
                .statuses
                .iter()
                .filter(|it| !known.statuses.contains(it))
                .cloned()
                .collect::<Vec<_>>();
            known.statuses.extend(more);
            return format!("{}.{}", callee.name, known.name);
        }
        let mut names = Names::default();
        callee
            .operations
            .iter()
            .for_each(|known| drop(names.fresh(&known.name)));
        let name = names.fresh(&wanted.name);
        callee.operations.push(Called {
            name: name.clone(),
            ..wanted
        });
        format!("{}.{name}", callee.name)
    }

    /// The error that others call so.
    pub(crate) fn error(&mut self, name: &str) -> String {
        if let Some((_, known)) = self.errors.iter().find(|(known, _)| known == name) {
            return known.clone();
        }
        let mut own = camel(name);
        let taken = |own: &String| {
            BUILT_IN.contains(&own.as_str())
                || self.types.has(own)
                || self.errors.iter().any(|(_, it)| it == own)
        };
        while taken(&own) {
            own.push_str("Error");
        }
        self.errors.push((name.to_owned(), own.clone()));
        own
    }

    /// Writes them.
    pub(crate) fn write(&self, out: &mut Out) {
        for (_, name) in &self.errors {
            out.line(format!("error {name}(cause: string)"));
        }
        out.gap();
        for callee in self.all.iter().filter(|it| it.at == At::Config) {
            out.line(format!("config {}_url: url", callee.name));
        }
        out.gap();
        for callee in &self.all {
            callee.write(out);
            out.gap();
        }
    }
}

/// How variables of flows end, and what others are called.
const SUFFIXES: [&str; 10] = [
    "_data", "_item", "_index", "_error", "_event", "_result", "_results", "_branch", "_time", "_url",
];
const VARIABLES: [&str; 8] = ["data", "input", "given", "item", "context", "each", "e", "shown"];

/// Errors that are there by themselves.
const BUILT_IN: [&str; 9] = [
    "Timeout",
    "Unavailable",
    "Overloaded",
    "Unknown",
    "BadReply",
    "UnexpectedStatus",
    "BadValue",
    "Arithmetic",
    "Cancelled",
];

impl Callee {
    fn write(&self, out: &mut Out) {
        out.line(format!("service {} {{", self.name));
        match &self.at {
            At::Config => out.line(format!("at: {}_url", self.name)),
            At::Address(address) => out.line(format!("at: {}", quoted(address))),
            At::Nowhere => {}
        }
        for operation in &self.operations {
            out.notes(&operation.notes);
            let fails = match operation.fails.is_empty() {
                true => String::new(),
                false => format!(" fails {}", operation.fails.join(", ")),
            };
            out.line(format!(
                "op {}({}) -> {}{fails} = {} {{",
                operation.name,
                operation.params,
                operation.gives.as_deref().unwrap_or("json"),
                operation.binding
            ));
            for line in &operation.lines {
                out.line(line);
            }
            let line =
                |name: &str, status: u16| format!("on {status}: {name}(cause: reply.body.to_json().text())");
            for (name, status) in &operation.statuses {
                out.line(line(name, *status));
            }
            let told = |name: &&String| operation.statuses.iter().any(|(known, _)| known == *name);
            let free = STATUSES
                .into_iter()
                .filter(|status| operation.statuses.iter().all(|(_, it)| it != status));
            let guessed: Vec<(&String, u16)> = operation
                .fails
                .iter()
                .filter(|name| !told(name))
                .zip(free)
                .collect();
            if !guessed.is_empty() {
                out.line("// needed: which status means which error; these are taken");
            }
            for (name, status) in guessed {
                out.line(line(name, status));
            }
            out.line("}");
        }
        out.line("}");
    }
}
