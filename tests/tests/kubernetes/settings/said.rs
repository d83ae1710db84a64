//! A program that says one thing at one place, and what each target makes of it.

use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_frontend::{World, compile};
use flowmesh_ir::Program;
use flowmesh_kubernetes::{Options, Target};
use serde_json::Value;
use std::collections::BTreeSet;

struct Alone(String);

impl World for Alone {
    fn read(&self, _: &str) -> Result<String, String> {
        Ok(self.0.clone())
    }
}

/// A program, and where in it something is said.
pub(crate) struct Said {
    sources: Sources,
    program: Program,
    /// The lines on which it stands, or is taken over.
    lines: BTreeSet<u32>,
}

/// What a target makes of it.
pub(crate) struct Made {
    /// The objects, without what says only where they come from; nothing where there are errors, since none is written then.
    pub(crate) objects: Option<Vec<Value>>,
    /// What is told at the lines where it is said.
    told: BTreeSet<String>,
    /// What is told of whole declarations that are left out.
    refused: bool,
    /// What is left to the interpreter.
    filled: BTreeSet<String>,
}

/// Stands where something is said, so that its line is found.
const MARK: &str = "// here";

/// What is said stands on one line, and whoever takes over a policy with it on another; both are marked. So are the
/// gateway and its route: what is said of their requests may be told there.
fn text(said: &str, place: &str) -> String {
    let said_at = |at: &str| match place == at && !said.is_empty() {
        true => format!("{said} {MARK}\n"),
        false => String::new(),
    };
    let (policy, takes) = match said_at("Policy") {
        policy if policy.is_empty() => (policy, String::new()),
        policy => (
            format!("policy own {{\n{policy}}}\n"),
            format!("policy: own {MARK}\n"),
        ),
    };
    let listen = match said {
        said if said.starts_with("listen") => "",
        // What is led on by its name needs an address with TLS.
        said if said.starts_with("tls \"") => {
            "listen: \"https://0.0.0.0:443\"\ntls: { certificate: \"a.pem\", key: \"a.key\" }\n"
        }
        _ => "listen: \"http://0.0.0.0:80\"\n",
    };
    let gateway = match place {
        "Gateway" | "GatewayRoute" | "Routes" => format!(
            "allow gateway front to s\ngateway front {{ {MARK}\n{listen}{}{}any \"/items/{{id}}\" -> s {{ {MARK}\n{}}}\n}}\n",
            said_at("Gateway"),
            said_at("Routes"),
            said_at("GatewayRoute"),
        ),
        _ => String::new(),
    };
    // A rule for a flow would be one more than some targets take, so that beside gateways none is needed.
    let flow = match gateway.is_empty() {
        true => "flow main(id: string) -> json { return s.read(id) }",
        false => "flow main(id: string) -> string { return id }",
    };
    let mesh = match said_at("Mesh") {
        mesh if mesh.is_empty() => mesh,
        mesh => format!("mesh {{ {MARK}\n{mesh}}}\n"),
    };
    format!(
        "secret token\npolicy careful {{ timeout: {{ total: 3s }} }}\npolicy balanced {{ balance: round_robin }}\nservice other {{ at: \"dns://other.shop.svc:80\" }}\n{policy}\
         service s {{\nat: \"dns://s.shop.svc:80\"\n{takes}{}op read(id: string) -> json = GET \"/items/{{id}}\" {{\n{}}}\n\
         op write(id: string) -> json = PUT \"/items/{{id}}\"\n}}\n\
         {flow}\n{gateway}{mesh}{}",
        said_at("Service"),
        said_at("Operation"),
        said_at("Top"),
    )
}

impl Said {
    /// A program that says this at a place; why it is none, where it is none.
    pub(crate) fn new(said: &str, place: &str) -> Result<Self, String> {
        let text = text(said, place);
        let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
        let program = compile(&Alone(text.clone()), "main.flow", &mut sources, &mut found);
        let program = program.ok_or_else(|| {
            let found: Vec<&str> = found
                .sorted()
                .iter()
                .map(|found| found.message.as_str())
                .collect();
            format!("`{said}` at {place}: {found:?}")
        })?;
        let lines = (1..)
            .zip(text.lines())
            .filter(|(_, line)| line.contains(MARK))
            .map(|(number, _)| number);
        Ok(Self {
            sources,
            program,
            lines: lines.collect(),
        })
    }

    /// What a target makes of it.
    pub(crate) fn made(&self, target: Target, interpreter_fills: bool) -> Made {
        let options = Options {
            interpreter_fills,
            gateway_class: Some("edge".to_owned()),
            sources: Some(&self.sources),
            ..Options::default()
        };
        let mut found = Diagnostics::default();
        let manifests = flowmesh_kubernetes::compile(&self.program, target, &options, &mut found);
        let hash = self.program.hash().to_string();
        let read = |yaml: &str| -> Value { serde_saphyr::from_str(yaml).expect("a manifest is YAML") };
        let (mut objects, mut filled) = (Vec::new(), BTreeSet::new());
        for manifest in manifests.iter().filter(|_| !found.has_errors()) {
            let mut object = read(&manifest.yaml.replace(&hash[..12], "HASH"));
            let annotations = object["metadata"]["annotations"]
                .as_object_mut()
                .expect("every object has them");
            annotations.remove("flowmesh/source");
            annotations.remove("flowmesh/program");
            let left = annotations
                .get("flowmesh/interpreter")
                .and_then(Value::as_str)
                .unwrap_or_default();
            filled.extend(left.split(", ").map(str::to_owned));
            // A program says where its parts stand, and that is no difference.
            if let Some(program) = object["data"].get_mut("program.json") {
                *program = hash.clone().into();
            }
            objects.push(object);
        }
        let (mut told, mut refused) = (BTreeSet::new(), false);
        for one in found.sorted() {
            let source = self.sources.get(one.span.source).expect("a source");
            let line = source.line_column(one.span.start).0;
            refused |= ["`gateway`", "`mesh`"]
                .iter()
                .any(|whole| one.message.contains(whole));
            if self.lines.contains(&line) {
                told.insert(one.message.clone());
            }
        }
        Made {
            objects: (!found.has_errors()).then_some(objects),
            told,
            refused,
            filled,
        }
    }
}

impl Made {
    /// Whether something else is written.
    pub(crate) fn differs(&self, other: &Self) -> bool {
        self.objects.is_some() && other.objects.is_some() && self.objects != other.objects
    }

    /// Whether a setting is told of at its line, or in what is left to the interpreter.
    pub(crate) fn names(&self, setting: &str) -> bool {
        let of_it = |text: &str| {
            let rest = text.strip_prefix("mesh: ").unwrap_or(text);
            rest.strip_prefix(setting)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        };
        let told = self
            .told
            .iter()
            .any(|message| message.split('`').skip(1).step_by(2).any(of_it));
        told || self.filled.iter().any(|filled| of_it(filled))
    }

    /// Whether more is told at those lines.
    pub(crate) fn says_more_than(&self, other: &Self) -> bool {
        !self.told.is_subset(&other.told) || !self.filled.is_subset(&other.filled)
    }

    /// Whether the whole declaration that it stands in is left out, and somebody is told so.
    pub(crate) fn refuses_all(&self) -> bool {
        self.refused
    }
}
