//! The description of the API: OpenAPI 3.1, made from the table of routes and the types that go in and come out.

use super::{
    once,
    problem::Problem,
    route::{Access, Content, Describe, Parameter, Route},
    table,
};
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

const ABOUT: &str = "Starts, shows and steers durable flows. Whatever is acknowledged with a 2xx is on stable storage. \
                     Errors are `application/problem+json` (RFC 9457) with a stable code.";

/// The whole description.
#[must_use]
pub fn openapi() -> Value {
    let mut makers = Makers::new();
    let mut paths = Map::new();
    for route in table::all() {
        let operation = makers.operation(&route);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Value::Object(path) = path {
            path.insert(route.method.as_str().to_ascii_lowercase(), operation);
        }
    }
    let problem = makers.answered.subschema_for::<Problem>().to_value();
    let schemas = makers.schemas();
    json!({
        "openapi": "3.1.0",
        "info": {"title": "flowmesh", "version": env!("CARGO_PKG_VERSION"), "description": ABOUT},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {"Problem": {
                "description": "What was asked for is refused, and why",
                "content": {"application/problem+json": {"schema": problem}},
            }},
            "securitySchemes": {"bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "An API token (`flowmesh token create`), or a token of the OpenID provider that the server trusts",
            }},
        },
    })
}

/// Types look different when they are read: what has a default may be left out.
struct Makers {
    taken: SchemaGenerator,
    answered: SchemaGenerator,
}

impl Makers {
    fn new() -> Self {
        let settings = || {
            let mut settings = SchemaSettings::draft2020_12();
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
            settings
        };
        Self {
            taken: settings().into_generator(),
            answered: settings().for_serialize().into_generator(),
        }
    }

    /// All types that were named.
    fn schemas(&mut self) -> Map<String, Value> {
        let mut schemas = self.answered.take_definitions(true);
        for (name, schema) in self.taken.take_definitions(true) {
            let before = schemas.insert(name, schema.clone());
            debug_assert!(
                before.is_none_or(|before| before == schema),
                "one name for two types"
            );
        }
        schemas
    }

    fn operation(&mut self, route: &Route) -> Value {
        let mut operation = json!({
            "operationId": route.name,
            "summary": route.does,
            "parameters": parameters(route),
            "responses": self.responses(route),
        });
        let Value::Object(parts) = &mut operation else {
            return operation;
        };
        match route.access {
            Access::Open => parts.insert("security".to_owned(), json!([])),
            Access::Role(role) => {
                parts.insert("x-flowmesh-role".to_owned(), json!(role));
                parts.insert("security".to_owned(), json!([{"bearer": []}]))
            }
        };
        if let Some(body) = &route.body {
            let schema = schema(&mut self.taken, body.schema);
            let content =
                json!({"required": !body.optional, "content": {"application/json": {"schema": schema}}});
            parts.insert("requestBody".to_owned(), content);
        }
        operation
    }

    fn responses(&mut self, route: &Route) -> Value {
        let mut responses = Map::new();
        for (status, content) in &route.answers {
            let described = match content {
                Content::Json(describe) => {
                    let schema = schema(&mut self.answered, *describe);
                    json!({"description": "Done", "content": {"application/json": {"schema": schema}}})
                }
                Content::Text(kind) => {
                    json!({"description": "Done", "content": {*kind: {"schema": {"type": "string"}}}})
                }
                Content::Nothing => json!({"description": "Done; there is nothing to say"}),
            };
            responses.insert(status.to_string(), described);
        }
        responses.insert(
            "default".to_owned(),
            json!({"$ref": "#/components/responses/Problem"}),
        );
        Value::Object(responses)
    }
}

fn schema(generator: &mut SchemaGenerator, describe: Describe) -> Value {
    describe(generator).to_value()
}

fn parameters(route: &Route) -> Vec<Value> {
    let names = route.path.split('{').skip(1);
    let places = names.filter_map(|rest| Some((rest.split('}').next()?, "")));
    let parameter = |place: &str, (name, does): Parameter| {
        let mut parameter = json!({
            "name": name, "in": place, "required": place == "path", "schema": {"type": "string"},
        });
        if let (Value::Object(parts), false) = (&mut parameter, does.is_empty()) {
            parts.insert("description".to_owned(), json!(does));
        }
        parameter
    };
    let places = places.map(|place| parameter("path", place));
    let query = route.query.iter().map(|one| parameter("query", *one));
    let key = route.unkeyed.is_none().then_some(&once::KEY);
    let headers = route
        .headers
        .iter()
        .chain(key)
        .map(|one| parameter("header", *one));
    places.chain(query).chain(headers).collect()
}
