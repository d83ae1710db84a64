//! Services: where they are, what they can do, and how a request finds its way to a subset of them.

use crate::{
    ErrorId, Name, PolicyId, SecretId, SlotId, SubsetId,
    address::Part,
    expr::{Expr, Raise},
    locality::Zone,
    ty::{Field, Type},
};
use serde::{Deserialize, Serialize};

/// A service as the program sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// Its name.
    pub name: Name,
    /// Its documentation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// Where it is; at least one. A service without named subsets has one whose name is empty.
    pub subsets: Vec<Subset>,
    /// What its addresses take from the operation that is called: the slots that they read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub address_params: Vec<AddressParam>,
    /// Which subset a request goes to: the first rule whose condition holds. The last has no condition.
    pub routes: Vec<Route>,
    /// What holds for a call where the operation says nothing else.
    pub policy: PolicyId,
    /// How we show who we are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// What it can do.
    pub operations: Vec<Operation>,
    /// The protobuf file descriptor set of its gRPC operations, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub descriptors: Option<String>,
}

/// One version, or other part, of a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subset {
    /// `v1`, or empty for the only one.
    pub name: Name,
    /// Its addresses: `http://host:port`, `dns://name:port` (A and AAAA), `srv://_service._proto.name`; each a text
    /// expression over configs and constants, evaluated when the program starts. One that is filled by each call is a
    /// text among whose parts are slots, by the number of [`Service::address_params`]. All of them together are balanced
    /// over.
    pub addresses: Vec<Expr>,
    /// Where what each address leads to stands, in the same order; nothing where nobody says it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<Zone>,
}

/// What an address takes from the operation that is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressParam {
    /// As it is written: `tenant`, `order.tenant`.
    pub name: Name,
    /// Where it stands.
    pub part: Part,
}

/// `when CONDITION -> v1 90%, v2 10%`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// A bool over [`crate::expr::Context::Request`]; `None` always holds.
    pub condition: Option<Expr>,
    /// Where it leads, with weights that add up to 100.
    pub split: Vec<(SubsetId, u32)>,
}

/// How we show who we are to a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    /// `Authorization: Bearer SECRET`
    Bearer(SecretId),
    /// A header of this name with a secret in it.
    ApiKey(Name, SecretId),
    /// `Authorization: Basic ...` from a user name and a secret.
    Basic(String, SecretId),
    /// A token from elsewhere, fetched by the client credentials grant and renewed before it ends.
    OAuth2 {
        /// Where tokens are given, a text over configs and constants.
        url: Box<Expr>,
        /// Who we are there.
        client: String,
        /// What proves it.
        secret: SecretId,
        /// What we ask for.
        scopes: Vec<String>,
    },
}

impl Auth {
    /// The secret in it.
    #[must_use]
    pub fn secret(&self) -> SecretId {
        match self {
            Self::Bearer(id) | Self::ApiKey(_, id) | Self::Basic(_, id) | Self::OAuth2 { secret: id, .. } => {
                *id
            }
        }
    }
}

/// Something that a service can do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// Its name.
    pub name: Name,
    /// Its documentation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// Its parameters: the first slots of the frame of `path`, `query`, `body` and `key`.
    pub params: Vec<Field>,
    /// The type of its reply's body; `Unit` reads none.
    pub result: Type,
    /// The domain errors it declares.
    pub fails: Vec<ErrorId>,
    /// Whether it answers with many results, one after the other, and how to take it up again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<StreamKind>,
    /// How it is reached.
    #[serde(default, skip_serializing_if = "Binding::is_http")]
    pub binding: Binding,
    /// The method; `POST` where it is not reached by HTTP.
    pub method: Method,
    /// The path: literal pieces, and parameters that are percent-encoded as one segment each.
    pub path: Vec<Piece>,
    /// What the addresses of its service take, over the parameters; one for each of [`Service::address_params`], and none
    /// where it is reached without an address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub address: Vec<Expr>,
    /// Parameters that go into the query, by name; a `none` is left out.
    pub query: Vec<(Name, Expr)>,
    /// What goes into the body as JSON, with its type. One that is made from a secret is computed where the request is
    /// sent.
    pub body: Option<(Expr, Type)>,
    /// Further headers: texts; a `none` is left out.
    pub headers: Vec<(Name, Expr)>,
    /// Headers made from secrets: texts that are computed where the request is sent; a `none` is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secret_headers: Vec<(Name, Expr)>,
    /// What makes two requests the same: sent as `Idempotency-Key`.
    pub key: Option<Expr>,
    /// Which status means which error; the fields are over [`crate::expr::Context::Reply`].
    pub on: Vec<OnStatus>,
    /// What holds for a call.
    pub policy: PolicyId,
    /// What repeating it does.
    pub effect: EffectKind,
}

impl Operation {
    /// Whether a part of its requests is computed where they are sent.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        !self.secret_headers.is_empty() || self.secret_body().is_some()
    }

    /// Its body, if that is made from a secret.
    #[must_use]
    pub fn secret_body(&self) -> Option<&(Expr, Type)> {
        self.body.as_ref().filter(|(expr, _)| expr.is_secret())
    }

    /// Every secret that its requests carry.
    pub fn each_secret(&self, what: &mut impl FnMut(SecretId)) {
        let headers = self.secret_headers.iter().map(|(_, expr)| expr);
        let body = self.body.iter().map(|(expr, _)| expr);
        headers.chain(body).for_each(|expr| expr.each_secret(what));
    }
}

/// How an operation is reached.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binding {
    /// By HTTP: method, path, query, body.
    #[default]
    Http,
    /// By gRPC: `grpc "pkg.Service/Method"`. The body is the message as JSON; the file descriptor set of the service,
    /// which says how it is encoded, is that of [`Service::descriptors`].
    Grpc {
        /// `pkg.Service`
        service: String,
        /// `Method`
        method: String,
    },
    /// A local process: `run "program {arg}"`, without a shell. The body is its standard input.
    Run {
        /// The program, and each of its arguments: pieces that are joined.
        words: Vec<Vec<Piece>>,
    },
    /// Pulled and answered by workers: `worker "queue"`.
    Worker {
        /// The queue.
        queue: String,
    },
}

impl Binding {
    /// Whether it is reached without an address.
    #[must_use]
    pub fn is_local(&self) -> bool {
        matches!(self, Self::Run { .. } | Self::Worker { .. })
    }

    /// Whether it is HTTP.
    #[must_use]
    pub fn is_http(&self) -> bool {
        matches!(self, Self::Http)
    }
}

/// How many results come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StreamKind {
    /// `resume: reply.id`: a text over the item (as [`crate::expr::Context::Reply`], whose body is the item), from which
    /// the service takes the stream up again.
    pub resume: Option<Expr>,
    /// `resume: { after: reply.id }`: parameters that hold this, over the item, when the stream is taken up again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<(SlotId, Expr)>,
}

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// `GET`
    Get,
    /// `HEAD`
    Head,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
    /// `OPTIONS`
    Options,
}

/// A piece of a path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// As it stands, already encoded.
    Literal(String),
    /// A value, encoded as one segment.
    Value(Expr),
}

/// `on 402: Declined(reason: reply.body.reason)`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OnStatus {
    /// The status.
    pub status: u16,
    /// The error it means.
    pub raise: Raise,
}

/// What repeating an operation does. The compiler knows it of every operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectKind {
    /// It changes nothing: GET, HEAD, OPTIONS.
    Read,
    /// Twice is as good as once: PUT, DELETE.
    Idempotent,
    /// It has a key, by which the service knows a repetition.
    Keyed,
    /// Neither: it runs at most once, and after a crash nobody knows whether it did.
    Once,
}

impl Method {
    /// As it stands on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
        }
    }
}

impl EffectKind {
    /// Whether a second sending does no harm.
    #[must_use]
    pub fn repeatable(self) -> bool {
        self != Self::Once
    }
}
