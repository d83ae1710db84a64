//! Calls: HTTP, gRPC and OpenAPI as operations of services, and how failures are repeated.

mod place;
mod retry;

use super::{
    flow::{Escaping, Flow, Scope, expression},
    task::Task,
};
use crate::{
    callee::{At, Called},
    fields::Fields,
    json::{Step, get, is_word},
    name::{escaped, quoted, snake},
    node::{Node, Value},
    out::Out,
};
use place::{fresh, place, plain, safe};

/// An operation that is asked for, and what it is given.
pub(super) struct Asked {
    pub(super) key: String,
    pub(super) service: String,
    pub(super) at: At,
    pub(super) called: Called,
    pub(super) arguments: Vec<String>,
}

/// The methods that operations have.
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

impl Flow<'_> {
    /// A call by its word.
    pub(super) fn call(
        &mut self,
        task: &Task<'_>,
        word: &str,
        with: Option<&Node>,
        scope: &Scope,
        out: &mut Out,
    ) -> Escaping {
        let nothing = Node {
            value: Value::Null,
            span: task.node.span,
        };
        let with = with.unwrap_or(&nothing);
        match word {
            "http" => self.http(task, with, scope, out),
            "grpc" => self.grpc(with, scope, out),
            "openapi" => self.openapi(with, scope, out),
            name => {
                let function = self
                    .uses
                    .and_then(|it| it.get("functions"))
                    .and_then(|it| it.get(name))
                    .cloned();
                match function
                    .as_ref()
                    .and_then(|it| it.get("call"))
                    .and_then(Node::text)
                {
                    Some(word) if matches!(word.as_str(), "http" | "grpc" | "openapi") => {
                        let with = function.as_ref().and_then(|it| it.get("with")).unwrap_or(with);
                        self.call(task, &word, Some(with), scope, out)
                    }
                    _ => {
                        self.found.lost(task.node, &format!("a call of `{name}`"));
                        Escaping::new()
                    }
                }
            }
        }
    }

    fn http(&mut self, task: &Task<'_>, with: &Node, scope: &Scope, out: &mut Out) -> Escaping {
        let mut fields = Fields::of(with, format!("{}.with", task.name), self.found);
        let method = fields
            .text("method", self.found)
            .unwrap_or_else(|| "GET".to_owned())
            .to_ascii_uppercase();
        let endpoint = fields.take("endpoint").cloned();
        let (body, query, headers) = (
            fields.take("body").cloned(),
            fields.take("query").cloned(),
            fields.take("headers").cloned(),
        );
        fields.lost(
            &[
                (
                    "output",
                    "an answer with its status and headers; the body is what is given",
                ),
                ("redirect", "redirects that are followed"),
            ],
            self.found,
        );
        fields.end(self.found);
        let uri = endpoint
            .as_ref()
            .and_then(|it| it.text().or_else(|| it.get("uri").and_then(Node::text)));
        if let Some(node) = endpoint.as_ref().and_then(|it| it.get("authentication")) {
            self.found
                .lost(node, "`authentication`; write `auth` at the service");
        }
        let Some(uri) = uri.filter(|_| METHODS.contains(&method.as_str())) else {
            self.found.bad_value(with, "with", "a method and an endpoint");
            return Escaping::new();
        };
        let (at, key, path) = place(&uri);
        if at == At::Config && expression(&uri).is_some() {
            self.found.expression(endpoint.as_ref().unwrap_or(with), &uri);
        }
        let service = key
            .trim_start_matches("https://")
            .trim_start_matches("http://")
            .split([':', '/'])
            .next()
            .unwrap_or_default();
        let service = if at == At::Config {
            task.name.clone()
        } else {
            service
                .trim_start_matches("api.")
                .split('.')
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        let (mut params, mut arguments, mut lines) = (Vec::new(), Vec::new(), Vec::new());
        let template = self.template(&path, &mut params, &mut arguments, scope);
        let reads = matches!(method.as_str(), "GET" | "HEAD" | "DELETE");
        let mut asked = Vec::new();
        if let Some(Value::Object(all)) = query.as_ref().map(|it| &it.value) {
            for (name, node) in all {
                let own = fresh(&params, name);
                params.push(format!("{own}: string"));
                arguments.push(self.shown(node, scope));
                asked.push((name.clone(), own));
            }
        }
        if !asked.is_empty() && asked.iter().all(|(name, _)| is_word(name)) {
            let each: Vec<String> = asked.iter().map(|(name, own)| format!("{name}: {own}")).collect();
            lines.push(format!("query: {{ {} }}", each.join(", ")));
        }
        if !reads {
            params.push("body: json".to_owned());
            lines.push("body: body".to_owned());
            let value = body.as_ref().and_then(|node| self.value(node, scope));
            arguments.push(value.unwrap_or_else(|| scope.variables.data.clone()));
        } else if let Some(node) = &body {
            self.found.lost(node, &format!("the body of a {method}"));
        }
        if let Some(Value::Object(all)) = headers.as_ref().map(|it| &it.value) {
            self.headers(all, &mut lines);
        }
        if matches!(method.as_str(), "POST" | "PATCH") {
            params.push("key: string".to_owned());
            arguments.push("uuid()".to_owned());
            lines.push("key: key".to_owned());
        }
        let called = Called {
            name: task.name.clone(),
            params: params.join(", "),
            gives: None,
            binding: format!("{method} {template}"),
            lines,
            fails: Vec::new(),
            statuses: Vec::new(),
            notes: if at == At::Config {
                vec!["needed: the address, which nothing says".to_owned()]
            } else {
                Vec::new()
            },
        };
        self.asks(
            Asked {
                key,
                service,
                at,
                called,
                arguments,
            },
            scope,
            out,
        )
    }

    /// Headers that are known before.
    fn headers(&mut self, all: &[(String, Node)], lines: &mut Vec<String>) {
        let mut known = Vec::new();
        for (name, node) in all {
            let text = node.text().filter(|text| expression(text).is_none());
            let own = snake(name);
            match text.filter(|_| own.replace('_', "-").eq_ignore_ascii_case(name)) {
                Some(_) if name.eq_ignore_ascii_case("content-type") => {}
                Some(text) => known.push(format!("{own}: {}", quoted(&text))),
                None => self.found.lost(node, &format!("the header `{name}`")),
            }
        }
        if !known.is_empty() {
            lines.push(format!("headers: {{ {} }}", known.join(", ")));
        }
    }

    /// A path with `{name}` for what is read of the data.
    fn template(
        &mut self,
        path: &str,
        params: &mut Vec<String>,
        arguments: &mut Vec<String>,
        scope: &Scope,
    ) -> String {
        let mut text = String::from("\"");
        let mut rest = path;
        while let Some((before, behind)) = rest.split_once('{') {
            text += &escaped(before);
            let Some((name, behind)) = behind.split_once('}') else {
                break;
            };
            let own = fresh(params, name);
            params.push(format!("{own}: string"));
            let read = get(&scope.variables.data, &[Step::Field(name.to_owned())]);
            arguments.push(format!("shown({})", read.json()));
            text += &format!("{{{own}}}");
            rest = behind;
        }
        if !rest.contains('{') {
            text += &escaped(rest);
        }
        text + "\""
    }

    /// A value as a text.
    fn shown(&mut self, node: &Node, scope: &Scope) -> String {
        match node.text().filter(|text| expression(text).is_none()) {
            Some(text) => quoted(&text),
            None => self
                .value(node, scope)
                .map_or("\"\"".to_owned(), |value| format!("shown({value})")),
        }
    }

    fn grpc(&mut self, with: &Node, scope: &Scope, out: &mut Out) -> Escaping {
        let mut fields = Fields::of(with, "with", self.found);
        fields.skip(&["proto"]);
        let method = fields.text("method", self.found).unwrap_or_default();
        let arguments = fields.take("arguments").cloned();
        let (mut name, mut host, mut port) = (String::new(), None, 443);
        if let Some(mut service) = fields.object("service", self.found) {
            name = service.text("name", self.found).unwrap_or_default();
            host = service.text("host", self.found);
            port = service.count("port", self.found).unwrap_or(443);
            service.lost(
                &[(
                    "authentication",
                    "who is called as whom; write `auth` at the service",
                )],
                self.found,
            );
            service.end(self.found);
        }
        fields.end(self.found);
        let at = host
            .as_ref()
            .filter(|host| plain(host))
            .map_or(At::Config, |host| At::Address(format!("http://{host}:{port}")));
        let value = arguments
            .and_then(|node| self.value(&node, scope))
            .unwrap_or_else(|| scope.variables.data.clone());
        // By gRPC the types are those of a description, which is not here.
        self.found.lost(
            with,
            &format!("a call of `{name}/{method}` by gRPC; write `service ... from \"....proto\"`"),
        );
        let called = Called {
            name: method.clone(),
            params: "body: json, key: string".to_owned(),
            gives: None,
            binding: format!("POST \"/{}/{}\"", safe(&name), safe(&method)),
            lines: vec!["body: body".to_owned(), "key: key".to_owned()],
            fails: Vec::new(),
            statuses: Vec::new(),
            notes: Vec::new(),
        };
        let service = name.rsplit('.').next().unwrap_or(&name).to_owned();
        self.asks(
            Asked {
                key: name,
                service,
                at,
                called,
                arguments: vec![value, "uuid()".to_owned()],
            },
            scope,
            out,
        )
    }

    fn openapi(&mut self, with: &Node, scope: &Scope, out: &mut Out) -> Escaping {
        let mut fields = Fields::of(with, "with", self.found);
        let document = fields.take("document").cloned();
        let operation = fields.text("operationId", self.found).unwrap_or_default();
        let parameters = fields.take("parameters").cloned();
        fields.lost(
            &[
                ("output", "an answer with its status and headers"),
                (
                    "authentication",
                    "who is called as whom; write `auth` at the service",
                ),
            ],
            self.found,
        );
        fields.end(self.found);
        let uri = document
            .as_ref()
            .and_then(|it| it.get("endpoint").or(Some(it)))
            .and_then(|it| it.text().or_else(|| it.get("uri").and_then(Node::text)));
        let uri = uri.unwrap_or_default();
        let (_, key, path) = place(&uri);
        self.found.part(with, &format!("`{operation}` of `{uri}` is asked for by its name; write `service ... from` with the document"));
        let name = path
            .rsplit('/')
            .next()
            .and_then(|file| file.split('.').next())
            .unwrap_or_default()
            .to_owned();
        let value = parameters
            .and_then(|node| self.value(&node, scope))
            .unwrap_or_else(|| scope.variables.data.clone());
        let called = Called {
            name: operation.clone(),
            params: "parameters: json, key: string".to_owned(),
            gives: None,
            binding: format!("POST \"/{}\"", safe(&operation)),
            lines: vec!["body: parameters".to_owned(), "key: key".to_owned()],
            fails: Vec::new(),
            statuses: Vec::new(),
            notes: Vec::new(),
        };
        let key = format!("{key}{path}");
        self.asks(
            Asked {
                key,
                service: name,
                at: At::Config,
                called,
                arguments: vec![value, "uuid()".to_owned()],
            },
            scope,
            out,
        )
    }

    /// The call of an operation, whose result is handed on.
    pub(super) fn asks(&mut self, asked: Asked, scope: &Scope, out: &mut Out) -> Escaping {
        let Asked {
            key,
            service,
            at,
            mut called,
            arguments,
        } = asked;
        if !matches!(called.binding.split(' ').next(), Some("worker" | "run")) {
            called.statuses.clone_from(&self.statuses);
            called.fails = self.statuses.iter().map(|(name, _)| name.clone()).collect();
        }
        let fails = called.fails.clone();
        let service = self.shared.callees.service(&key, &service, at);
        let name = self.shared.callees.operation(service, called);
        out.notes(&self.found.notes());
        out.line(format!(
            "{} = {name}({})\nundo none",
            scope.variables.data,
            arguments.join(", ")
        ));
        if let Some(retry) = &self.retry {
            out.line(format!("with {{ {retry} }}"));
        }
        fails.into_iter().collect()
    }
}
