//! One route: where it is, who may, what it does, and what goes in and comes out. The router, the description of the API
//! and the rights follow from it, so none of them can be forgotten.

use super::{Shared, identity::Role};
use axum::{
    handler::Handler,
    http::Method,
    routing::{MethodRouter, get, post},
};
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// A name, and what it is for people.
pub(super) type Parameter = (&'static str, &'static str);

/// Makes the schema of a type.
pub(super) type Describe = fn(&mut SchemaGenerator) -> Schema;

/// One route.
pub(super) struct Route {
    /// What it is called in the description and in the audit log.
    pub(super) name: &'static str,
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) access: Access,
    /// A sentence without its full stop.
    pub(super) does: &'static str,
    pub(super) handler: MethodRouter<Shared>,
    pub(super) query: Vec<Parameter>,
    pub(super) headers: Vec<Parameter>,
    pub(super) body: Option<Body>,
    pub(super) answers: Vec<(u16, Content)>,
    /// Why a key makes no two requests one, if none does.
    pub(super) unkeyed: Option<&'static str>,
    /// Why it is not written down who did it, if it is not.
    pub(super) unwritten: Option<&'static str>,
}

/// Who may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Whoever reaches the server.
    Open,
    /// Whoever has this role, or one that may more.
    Role(Role),
}

/// What is sent.
#[derive(Clone, Copy)]
pub(super) struct Body {
    pub(super) schema: Describe,
    /// Whether nothing may be sent instead.
    pub(super) optional: bool,
}

/// What is answered.
#[derive(Clone, Copy)]
pub(super) enum Content {
    Json(Describe),
    /// Of a kind that has no schema, such as events.
    Text(&'static str),
    Nothing,
}

/// Any JSON: what it must be follows from the program.
#[derive(JsonSchema)]
#[schemars(transparent, rename = "Any")]
pub(super) struct Any(#[expect(dead_code, reason = "only its schema is wanted")] serde_json::Value);

impl Route {
    /// Something to look at.
    pub(super) fn look<H, T>(name: &'static str, path: &'static str, does: &'static str, handler: H) -> Self
    where
        H: Handler<T, Shared>,
        T: 'static,
    {
        let access = Access::Role(Role::Viewer);
        Self::new(name, Method::GET, path, access, does, get(handler)).without_key("it changes nothing")
    }

    /// Something that changes runs. A key makes two requests one.
    pub(super) fn act<H, T>(name: &'static str, path: &'static str, does: &'static str, handler: H) -> Self
    where
        H: Handler<T, Shared>,
        T: 'static,
    {
        let access = Access::Role(Role::Operator);
        Self::new(name, Method::POST, path, access, does, post(handler))
    }

    /// No key makes two requests one.
    pub(super) fn without_key(self, why: &'static str) -> Self {
        Self {
            unkeyed: Some(why),
            ..self
        }
    }

    /// It is not written down who did it.
    pub(super) fn without_audit(self, why: &'static str) -> Self {
        Self {
            unwritten: Some(why),
            ..self
        }
    }

    fn new(
        name: &'static str,
        method: Method,
        path: &'static str,
        access: Access,
        does: &'static str,
        handler: MethodRouter<Shared>,
    ) -> Self {
        Self {
            name,
            method,
            path,
            access,
            does,
            handler,
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            answers: Vec::new(),
            unkeyed: None,
            unwritten: None,
        }
    }

    /// Others than usual may.
    pub(super) fn for_whom(self, access: Access) -> Self {
        Self { access, ..self }
    }

    pub(super) fn query(mut self, parameters: &[Parameter]) -> Self {
        self.query.extend_from_slice(parameters);
        self
    }

    pub(super) fn header(mut self, parameter: Parameter) -> Self {
        self.headers.push(parameter);
        self
    }

    pub(super) fn takes<T: JsonSchema>(self) -> Self {
        self.with_body::<T>(false)
    }

    pub(super) fn may_take<T: JsonSchema>(self) -> Self {
        self.with_body::<T>(true)
    }

    fn with_body<T: JsonSchema>(mut self, optional: bool) -> Self {
        self.body = Some(Body {
            schema: schema::<T>,
            optional,
        });
        self
    }

    pub(super) fn answers<T: JsonSchema>(self, status: u16) -> Self {
        self.answers_with(status, Content::Json(schema::<T>))
    }

    pub(super) fn answers_with(mut self, status: u16, content: Content) -> Self {
        self.answers.push((status, content));
        self
    }
}

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}
