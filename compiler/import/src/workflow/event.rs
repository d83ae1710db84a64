//! Events, and what is run beside services.

use super::{
    call::Asked,
    flow::{Escaping, Flow, Scope},
    task::Task,
};
use crate::{
    callee::{At, Called},
    fields::Fields,
    json::list,
    name::{camel, quoted},
    node::{Node, Value},
    out::Out,
};

impl Flow<'_> {
    /// The event of the program that has a type.
    fn event(&mut self, ty: &str) -> String {
        if let Some((_, known)) = self.shared.events.iter().find(|(known, _)| known == ty) {
            return known.clone();
        }
        let own = self
            .shared
            .callees
            .types
            .fresh_type(&camel(&ty.replace(['.', '/', ':'], " ")));
        self.shared.events.push((ty.to_owned(), own.clone()));
        own
    }

    /// The type of a filter, and a word about what else it asks for.
    fn filtered(&mut self, node: &Node) -> Option<String> {
        let mut fields = Fields::of(node, "listen", self.found);
        let mut with = fields.object("with", self.found)?;
        let ty = with.text("type", self.found);
        with.lost(
            &[
                ("source", "where an event is from"),
                ("subject", "what an event is about"),
                ("data", "what is in an event; write `where`"),
                ("id", "which event it is"),
            ],
            self.found,
        );
        with.end(self.found);
        fields.lost(
            &[("correlate", "which event belongs to the run; write `where`")],
            self.found,
        );
        fields.end(self.found);
        if ty.is_none() {
            self.found.lost(node, "events of any type");
        }
        ty
    }

    /// Waits for events, and hands on what is in them.
    pub(super) fn listen(&mut self, node: &Node, scope: &Scope, out: &mut Out) {
        let mut fields = Fields::of(node, "listen", self.found);
        let to = fields.take("to");
        fields.skip(&["read"]);
        fields.end(self.found);
        let Some(to) = to else { return };
        let mut to = Fields::of(to, "listen.to", self.found);
        let (one, all, any) = (to.take("one"), to.take("all"), to.take("any"));
        to.lost(&[("until", "when nobody listens any more")], self.found);
        to.end(self.found);
        let nodes: Vec<&Node> = one
            .into_iter()
            .chain(all.or(any).map_or(&[][..], Node::items))
            .collect();
        if let Some(node) = any.filter(|it| it.items().len() > 1) {
            self.found.part(
                node,
                "all of the events are waited for, and not the first of them",
            );
        }
        let mut names = Vec::new();
        for node in nodes {
            let Some(ty) = self.filtered(node) else { continue };
            let event = self.event(&ty);
            let name = self.names.fresh(&format!("{ty} event"));
            out.line(format!("await event {event} as {name} forever"));
            names.push(format!("{name}.data"));
        }
        if !names.is_empty() {
            out.line(format!("{} = {}", scope.variables.data, list(&names)));
        }
    }

    /// Tells an event.
    pub(super) fn emit(&mut self, node: &Node, scope: &Scope, out: &mut Out) {
        let mut fields = Fields::of(node, "emit", self.found);
        let event = fields.object("event", self.found);
        fields.end(self.found);
        let Some(mut with) = event.and_then(|mut event| {
            let with = event.object("with", self.found);
            event.end(self.found);
            with
        }) else {
            return;
        };
        let ty = with
            .text("type", self.found)
            .unwrap_or_else(|| "event".to_owned());
        with.skip(&[
            "source",
            "id",
            "time",
            "datacontenttype",
            "specversion",
            "subject",
            "dataschema",
        ]);
        let data = with.take("data").cloned();
        with.end(self.found);
        let data = data
            .and_then(|node| self.value(&node, scope))
            .unwrap_or_else(|| "none as json".to_owned());
        let event = self.event(&ty);
        out.line(format!("emit {event}(data: {data})"));
    }

    /// A process, a script or another workflow.
    pub(super) fn run(&mut self, task: &Task<'_>, node: &Node, scope: &Scope, out: &mut Out) -> Escaping {
        let mut fields = Fields::of(node, "run", self.found);
        fields.lost(&[("await", "whether anybody waits for it")], self.found);
        let workflow = fields.object("workflow", self.found);
        let shell = fields.object("shell", self.found);
        fields.lost(
            &[
                ("container", "a container; write a service that runs it"),
                ("script", "a script; write a service that runs it"),
            ],
            self.found,
        );
        fields.end(self.found);
        if let Some(mut it) = workflow {
            let name = it.text("name", self.found).unwrap_or_default();
            it.skip(&["namespace", "version"]);
            let input = it.take("input").cloned();
            it.end(self.found);
            let input = input
                .and_then(|node| self.value(&node, scope))
                .unwrap_or_else(|| scope.variables.data.clone());
            let asked = Asked {
                key: format!("workflow {name}"),
                service: name.clone(),
                at: At::Config,
                called: Called {
                    name: "start".to_owned(),
                    params: "input: json, key: string".to_owned(),
                    gives: None,
                    binding: "POST \"/\"".to_owned(),
                    lines: vec!["body: input".to_owned(), "key: key".to_owned()],
                    fails: Vec::new(),
                    statuses: Vec::new(),
                    notes: vec![format!(
                        "needed: where the workflow `{name}` is started over HTTP"
                    )],
                },
                arguments: vec![input, "uuid()".to_owned()],
            };
            return self.asks(asked, scope, out);
        }
        if let Some(mut it) = shell {
            let command = it.text("command", self.found).unwrap_or_default();
            let mut words = vec![command];
            match it.take("arguments") {
                Some(Node {
                    value: Value::List(all),
                    ..
                }) => words.extend(all.iter().filter_map(Node::text)),
                Some(node) => self.found.lost(node, "arguments of a process by name"),
                None => {}
            }
            it.lost(&[("environment", "variables of a process")], self.found);
            it.end(self.found);
            if words.iter().any(|word| word.contains("${")) {
                self.found.lost(node, "a command that is computed");
                return Escaping::new();
            }
            let asked = Asked {
                key: "shell".to_owned(),
                service: "processes".to_owned(),
                at: At::Nowhere,
                called: Called {
                    name: task.name.clone(),
                    params: "input: json, key: string".to_owned(),
                    gives: None,
                    binding: format!("run {}", quoted(&words.join(" "))),
                    lines: vec!["body: input".to_owned(), "key: key".to_owned()],
                    fails: Vec::new(),
                    statuses: Vec::new(),
                    notes: Vec::new(),
                },
                arguments: vec![scope.variables.data.clone(), "uuid()".to_owned()],
            };
            return self.asks(asked, scope, out);
        }
        Escaping::new()
    }
}
