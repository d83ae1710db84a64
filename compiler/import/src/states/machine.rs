//! A state machine as it was read.

use crate::{
    fields::Fields,
    found::Found,
    node::{Node, Value},
};

/// States, and the first of them.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) node: Node,
    pub(crate) comment: Option<String>,
    pub(crate) start: String,
    pub(crate) states: Vec<State>,
    pub(crate) timeout: Option<u32>,
    pub(crate) notes: Vec<String>,
}

/// A state: what is the same for all kinds.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) node: Node,
    pub(crate) name: String,
    pub(crate) comment: Option<String>,
    pub(crate) kind: Kind,
    /// Where it leads; nothing is the end.
    pub(crate) next: Option<String>,
    pub(crate) input: Option<Node>,
    pub(crate) parameters: Option<Node>,
    pub(crate) selector: Option<Node>,
    pub(crate) result: Option<Node>,
    pub(crate) output: Option<Node>,
    pub(crate) retries: Vec<Retrier>,
    pub(crate) catches: Vec<Catcher>,
    pub(crate) notes: Vec<String>,
}

/// What a state does.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Pass {
        result: Option<Node>,
    },
    Task {
        resource: String,
        timeout: Option<Node>,
    },
    Choice {
        rules: Vec<(Node, String)>,
        default: Option<String>,
    },
    Wait {
        time: Time,
    },
    Succeed,
    Fail {
        error: Option<Node>,
        cause: Option<Node>,
    },
    Parallel {
        branches: Vec<Machine>,
    },
    Map {
        items: Option<Node>,
        each: Option<Machine>,
        most: Option<u32>,
    },
    /// It cannot be told.
    Unknown,
}

/// How long a `Wait` waits.
#[derive(Clone, Debug)]
pub(crate) enum Time {
    Seconds(Node),
    Until(Node),
}

/// How failed attempts are repeated.
#[derive(Clone, Debug)]
pub(crate) struct Retrier {
    pub(crate) node: Node,
    pub(crate) errors: Vec<String>,
    /// Beside the first attempt.
    pub(crate) more: u32,
    pub(crate) interval_ms: u64,
    pub(crate) factor: u64,
    pub(crate) max_ms: Option<u64>,
    pub(crate) jitter: bool,
}

/// Where errors lead.
#[derive(Clone, Debug)]
pub(crate) struct Catcher {
    pub(crate) node: Node,
    pub(crate) errors: Vec<String>,
    pub(crate) next: String,
    pub(crate) result: Option<Node>,
}

/// How deep machines stand in each other.
const MAX_DEPTH: u32 = 12;

impl Machine {
    /// Reads a machine.
    pub(crate) fn read(node: &Node, found: &mut Found) -> Self {
        let mut fields = Fields::of(node, "", found);
        fields.skip(&["Version", "QueryLanguage"]);
        let machine = Self::of(&mut fields, MAX_DEPTH, found);
        fields.end(found);
        machine
    }

    fn of(fields: &mut Fields<'_>, deeper: u32, found: &mut Found) -> Self {
        let start = fields.text("StartAt", found).unwrap_or_default();
        let comment = fields.text("Comment", found);
        let timeout = fields.count("TimeoutSeconds", found);
        let mut notes = found.notes();
        let mut states = Vec::new();
        if let Some(Value::Object(all)) = fields.take("States").map(|it| &it.value) {
            for (name, node) in all {
                states.push(State::read(name, node, deeper, found));
            }
        }
        notes.extend(found.notes());
        Self {
            node: fields.node.clone(),
            comment,
            start,
            states,
            timeout,
            notes,
        }
    }

    /// A state by its name.
    pub(crate) fn state(&self, name: &str) -> Option<&State> {
        self.states.iter().find(|state| state.name == name)
    }
}

impl State {
    fn read(name: &str, node: &Node, deeper: u32, found: &mut Found) -> Self {
        let mut fields = Fields::of(node, name, found);
        let word = fields.text("Type", found).unwrap_or_default();
        fields.skip(&["QueryLanguage"]);
        let comment = fields.text("Comment", found);
        let next = fields.text("Next", found);
        fields.flag("End", found);
        let part = |name: &str| whole(&fields, name).cloned();
        let (input, output, result) = (part("InputPath"), part("OutputPath"), part("ResultPath"));
        let (parameters, selector) = (
            part("Parameters").or_else(|| part("Arguments")),
            part("ResultSelector").or_else(|| part("Output")),
        );
        fields.skip(&[
            "InputPath",
            "OutputPath",
            "ResultPath",
            "Parameters",
            "Arguments",
            "ResultSelector",
            "Output",
        ]);
        fields.lost(
            &[
                ("Assign", "variables of a machine"),
                ("HeartbeatSeconds", "how often a task tells that it lives"),
                ("HeartbeatSecondsPath", "how often a task tells that it lives"),
                ("Credentials", "who a task is called as"),
            ],
            found,
        );
        let kind = kind(&word, &mut fields, deeper, found);
        let retries = fields
            .objects("Retry", found)
            .into_iter()
            .map(|it| retrier(it, found))
            .collect();
        let catches = fields
            .objects("Catch", found)
            .into_iter()
            .map(|it| catcher(it, found))
            .collect();
        fields.end(found);
        Self {
            node: node.clone(),
            name: name.to_owned(),
            comment,
            kind,
            next,
            input,
            parameters,
            selector,
            result,
            output,
            retries,
            catches,
            notes: found.notes(),
        }
    }

    /// All states that it leads to.
    pub(crate) fn leads_to(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self.next.iter().map(String::as_str).collect();
        if let Kind::Choice { rules, default } = &self.kind {
            all.extend(rules.iter().map(|(_, next)| next.as_str()));
            all.extend(default.iter().map(String::as_str));
        }
        all.extend(self.catches.iter().map(|it| it.next.as_str()));
        all
    }
}

/// A field as it stands there, `null` too.
fn whole<'a>(fields: &Fields<'a>, name: &str) -> Option<&'a Node> {
    fields.node.get(name)
}

fn kind(word: &str, fields: &mut Fields<'_>, deeper: u32, found: &mut Found) -> Kind {
    match word {
        "Pass" => Kind::Pass {
            result: fields.take("Result").cloned(),
        },
        "Task" => {
            let timeout = fields
                .take("TimeoutSeconds")
                .or_else(|| fields.take("TimeoutSecondsPath"))
                .cloned();
            Kind::Task {
                resource: fields.text("Resource", found).unwrap_or_default(),
                timeout,
            }
        }
        "Choice" => {
            let rules = fields.items("Choices").iter().map(|rule| {
                let next = rule.get("Next").and_then(Node::text).unwrap_or_default();
                (rule.clone(), next)
            });
            let rules = rules.collect();
            Kind::Choice {
                rules,
                default: fields.text("Default", found),
            }
        }
        "Wait" => {
            let seconds = fields.take("Seconds").or_else(|| fields.take("SecondsPath"));
            let until = fields.take("Timestamp").or_else(|| fields.take("TimestampPath"));
            match (seconds, until) {
                (Some(node), _) => Kind::Wait {
                    time: Time::Seconds(node.clone()),
                },
                (None, Some(node)) => Kind::Wait {
                    time: Time::Until(node.clone()),
                },
                (None, None) => {
                    found.bad_value(fields.node, &fields.of_field("Seconds"), "how long it waits");
                    Kind::Unknown
                }
            }
        }
        "Succeed" => Kind::Succeed,
        "Fail" => Kind::Fail {
            error: fields.take("Error").or_else(|| fields.take("ErrorPath")).cloned(),
            cause: fields.take("Cause").or_else(|| fields.take("CausePath")).cloned(),
        },
        "Parallel" if deeper > 0 => Kind::Parallel {
            branches: fields
                .objects("Branches", found)
                .into_iter()
                .map(|mut it| {
                    let machine = Machine::of(&mut it, deeper - 1, found);
                    it.end(found);
                    machine
                })
                .collect(),
        },
        "Map" if deeper > 0 => map(fields, deeper, found),
        other => {
            found.bad_value(
                fields.node,
                &fields.of_field("Type"),
                &format!("the type of a state, and not `{other}`"),
            );
            Kind::Unknown
        }
    }
}

fn map(fields: &mut Fields<'_>, deeper: u32, found: &mut Found) -> Kind {
    let items = fields.take("ItemsPath").or_else(|| fields.take("Items")).cloned();
    let most = fields.count("MaxConcurrency", found).filter(|it| *it > 0);
    fields.lost(
        &[
            ("ItemReader", "elements that are read from a file"),
            ("ResultWriter", "results that are written to a file"),
            ("ItemBatcher", "elements in batches"),
            ("ToleratedFailurePercentage", "rounds that may fail"),
            ("ToleratedFailureCount", "rounds that may fail"),
            (
                "MaxConcurrencyPath",
                "how many rounds go on at once, from the data",
            ),
            ("Label", "a name for runs"),
        ],
        found,
    );
    let inner = fields
        .object("ItemProcessor", found)
        .or_else(|| fields.object("Iterator", found));
    let each = inner.map(|mut it| {
        it.skip(&["ProcessorConfig"]);
        let machine = Machine::of(&mut it, deeper - 1, found);
        it.end(found);
        machine
    });
    fields.skip(&["ItemSelector"]);
    Kind::Map { items, each, most }
}

fn retrier(mut fields: Fields<'_>, found: &mut Found) -> Retrier {
    let errors = fields.texts("ErrorEquals", found);
    let more = fields.count("MaxAttempts", found).unwrap_or(3);
    let interval_ms = u64::from(fields.count("IntervalSeconds", found).unwrap_or(1)) * 1_000;
    let rate = fields.take("BackoffRate").map(|it| it.value.clone());
    let max_ms = fields
        .count("MaxDelaySeconds", found)
        .map(|it| u64::from(it) * 1_000);
    let jitter = fields.text("JitterStrategy", found).as_deref() == Some("FULL");
    let (factor, odd) = match rate {
        None => (2, false),
        Some(Value::Int(it)) => (u64::try_from(it).unwrap_or(1).clamp(1, 100), false),
        Some(Value::Float(it)) => (
            format!("{:.0}", it.round().clamp(1.0, 100.0))
                .parse()
                .unwrap_or(2),
            it.fract() != 0.0,
        ),
        Some(_) => (2, true),
    };
    if odd {
        found.part(fields.node, "waits grow by a whole factor");
    }
    let node = fields.node.clone();
    fields.end(found);
    Retrier {
        node,
        errors,
        more,
        interval_ms,
        factor,
        max_ms,
        jitter,
    }
}

fn catcher(mut fields: Fields<'_>, found: &mut Found) -> Catcher {
    let errors = fields.texts("ErrorEquals", found);
    let next = fields.text("Next", found).unwrap_or_default();
    let result = whole(&fields, "ResultPath").cloned();
    fields.skip(&["ResultPath", "Comment"]);
    fields.lost(
        &[
            ("Assign", "variables of a machine"),
            ("Output", "what a catch makes of the error"),
        ],
        found,
    );
    let node = fields.node.clone();
    fields.end(found);
    Catcher {
        node,
        errors,
        next,
        result,
    }
}
