//! The whole program and its content hash.

mod origins;

pub use origins::{Origins, Places};

use crate::{
    ConfigId, ErrorId, EventId, FlowId, FunctionId, GatewayId, Name, PolicyId, ServiceId, TypeId, Value,
    access::{Mesh, Rule},
    expr::Function,
    flow::Flow,
    gateway::Gateway,
    policy::Policy,
    schedule::Schedule,
    service::Service,
    ty::{ErrorDef, EventDef, Type, TypeDef},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr, sync::Arc};

/// The version of this representation; a program of another version is refused with a clear error.
pub const VERSION: u32 = 1;

/// Everything the interpreter and the targets need to know.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// [`VERSION`] when it was made.
    pub version: u32,
    /// The name of the root module.
    pub name: Name,
    /// Settings from outside.
    pub configs: Vec<Config>,
    /// Names of secrets; their values are never here.
    pub secrets: Vec<Name>,
    /// Declared records, enums and aliases.
    pub types: Vec<TypeDef>,
    /// Declared errors; first the [`BUILTIN_ERRORS`], in their order.
    pub errors: Vec<ErrorDef>,
    /// Declared events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventDef>,
    /// Policies after all overrides, without doubles.
    pub policies: Vec<Policy>,
    /// Services.
    pub services: Vec<Arc<Service>>,
    /// Pure functions; each calls only those before it.
    pub functions: Vec<Arc<Function>>,
    /// Flows.
    pub flows: Vec<Arc<Flow>>,
    /// Where visitors come in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gateways: Vec<Gateway>,
    /// Who may call what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access: Vec<Rule>,
    /// What holds for the whole mesh.
    #[serde(default, skip_serializing_if = "Mesh::is_default")]
    pub mesh: Mesh,
    /// When flows begin by themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedules: Vec<Schedule>,
    /// Where runs of the version before go on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub migrations: Vec<Migration>,
    /// Where things stand in the text; not part of the hash.
    #[serde(default)]
    pub origins: Origins,
}

/// Runs of the version before that rest at one step go on at another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migration {
    /// The name of their flow.
    pub flow: Name,
    /// The title of the step in the version before.
    pub from: String,
    /// The title of the step in this version.
    pub to: String,
}

/// A setting from outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Its name; the environment variable is this in capitals.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// Its value where nobody gives one.
    pub default: Option<Value>,
}

/// SHA-256 of a program's canonical JSON without its origins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Hash(pub [u8; 32]);

/// The errors that every program has, with the fields they carry. The first six are ends of calls; the last is the end
/// of a child run that was cancelled.
pub const BUILTIN_ERRORS: [(&str, &[(&str, Type)]); 9] = [
    ("Timeout", &[("reason", Type::String)]),
    ("Unavailable", &[("reason", Type::String)]),
    ("Overloaded", &[("reason", Type::String)]),
    ("Unknown", &[("reason", Type::String)]),
    ("BadReply", &[("reason", Type::String)]),
    ("UnexpectedStatus", &[("status", Type::Int), ("body", Type::Json)]),
    ("BadValue", &[("reason", Type::String)]),
    ("Arithmetic", &[("reason", Type::String)]),
    ("Cancelled", &[("reason", Type::String)]),
];

impl Program {
    /// The content hash. The same meaning gives the same hash; moving text about does not change it.
    #[must_use]
    pub fn hash(&self) -> Hash {
        let bare = Self {
            origins: Origins::default(),
            ..self.clone()
        };
        let bytes = serde_json::to_vec(&bare).unwrap_or_default();
        Hash::of(&bytes)
    }

    /// A declared type.
    #[must_use]
    pub fn ty(&self, id: TypeId) -> Option<&TypeDef> {
        self.types.get(id.index())
    }

    /// An error.
    #[must_use]
    pub fn error(&self, id: ErrorId) -> Option<&ErrorDef> {
        self.errors.get(id.index())
    }

    /// The error with this name.
    #[must_use]
    pub fn error_named(&self, name: &str) -> Option<ErrorId> {
        let at = self.errors.iter().position(|error| error.name == name)?;
        u32::try_from(at).ok().map(ErrorId)
    }

    /// An event.
    #[must_use]
    pub fn event(&self, id: EventId) -> Option<&EventDef> {
        self.events.get(id.index())
    }

    /// A config.
    #[must_use]
    pub fn config(&self, id: ConfigId) -> Option<&Config> {
        self.configs.get(id.index())
    }

    /// A policy.
    #[must_use]
    pub fn policy(&self, id: PolicyId) -> Option<&Policy> {
        self.policies.get(id.index())
    }

    /// A service.
    #[must_use]
    pub fn service(&self, id: ServiceId) -> Option<&Service> {
        self.services.get(id.index()).map(Arc::as_ref)
    }

    /// A function.
    #[must_use]
    pub fn function(&self, id: FunctionId) -> Option<&Function> {
        self.functions.get(id.index()).map(Arc::as_ref)
    }

    /// A flow.
    #[must_use]
    pub fn flow(&self, id: FlowId) -> Option<&Flow> {
        self.flows.get(id.index()).map(Arc::as_ref)
    }

    /// A gateway.
    #[must_use]
    pub fn gateway(&self, id: GatewayId) -> Option<&Gateway> {
        self.gateways.get(id.index())
    }

    /// The flow with this name.
    #[must_use]
    pub fn flow_named(&self, name: &str) -> Option<FlowId> {
        let at = self.flows.iter().position(|flow| flow.name == name)?;
        u32::try_from(at).ok().map(FlowId)
    }
}

impl Hash {
    /// SHA-256 of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("expected 64 hexadecimal digits, found `{text}`");
        if text.len() != 64 || !text.is_ascii() {
            return Err(wrong());
        }
        let mut hash = [0; 32];
        for (at, byte) in hash.iter_mut().enumerate() {
            let pair = text.get(2 * at..2 * at + 2).ok_or_else(wrong)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
        }
        Ok(Self(hash))
    }
}
