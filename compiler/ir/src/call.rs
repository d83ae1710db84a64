//! A call on its way between the machine, which says what is to be called, and the mesh, which says how it went.

use crate::{Name, OperationId, PolicyId, ServiceId, Value, service::EffectKind, service::Method};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// The one canonical request: computed once by the machine, used by route, policy, log and upstream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Which service.
    pub service: ServiceId,
    /// Which of its operations.
    pub operation: OperationId,
    /// What holds for it.
    pub policy: PolicyId,
    /// By which way it goes.
    pub wire: Wire,
    /// What the addresses of the service take from the call, each as it may stand in one.
    pub address: Vec<String>,
    /// The method.
    pub method: Method,
    /// The encoded path and query, beginning with `/`.
    pub path: String,
    /// Further headers of the operation; the mesh adds those of its own (auth, key, trace, deadline).
    pub headers: Vec<(Name, String)>,
    /// The JSON body, or empty; also where [`Request::sealed`] says what it is made of.
    pub body: Arc<[u8]>,
    /// What the parts that hold a secret are made of, beside the secret. Whoever sends the request computes them.
    pub sealed: Option<Arc<Sealed>>,
    /// Sent as `Idempotency-Key`, the same over retries and crashes.
    pub key: Option<String>,
    /// Whether it may be repeated.
    pub effect: EffectKind,
}

/// What is known of a request without its secrets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sealed {
    /// The arguments of the operation.
    pub arguments: Vec<Value>,
    /// The identifier of the run that asks.
    pub run: u128,
    /// When it began.
    pub started: Timestamp,
    /// The key it was started with.
    pub key: Option<Arc<str>>,
}

/// By which way a request goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wire {
    /// HTTP.
    #[default]
    Http,
    /// HTTP whose answer is a stream: server-sent events or JSON lines. The text is the cursor from which to take it
    /// up again.
    Stream(Option<String>),
    /// gRPC: `/pkg.Service/Method`; a stream where it says so, with its cursor.
    Grpc {
        /// `/pkg.Service/Method`
        path: String,
        /// Whether the answer is a stream.
        stream: bool,
    },
    /// A local process: the program and its arguments. The body is its standard input.
    Run(Vec<String>),
    /// The queue that workers pull it from.
    Worker(String),
}

/// How a call ended, as the mesh saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// The service answered, whatever the status.
    Answer {
        /// The status.
        status: u16,
        /// The whole body.
        body: Arc<[u8]>,
    },
    /// The service did not answer.
    Failed(Failure),
}

/// Why there is no answer. Each is one of the errors that every call can end with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failure {
    /// `Timeout`: the total, or the last attempt, took too long.
    Timeout(String),
    /// `Unavailable`: no endpoint, none that its breaker does not leave alone, no connection, or a connection that broke; of a call that may be repeated.
    Unavailable(String),
    /// `Overloaded`: a limit or budget refused it before it was sent.
    Overloaded(String),
    /// `Unknown`: it was sent, or may have been, it must not be sent again, and nobody heard how it ended.
    Unknown(String),
    /// `BadReply`: an answer came and could not be read (malformed, too large).
    BadReply(String),
}

impl Failure {
    /// The name of the error that the flow sees.
    #[must_use]
    pub fn error_name(&self) -> &'static str {
        match self {
            Self::Timeout(_) => "Timeout",
            Self::Unavailable(_) => "Unavailable",
            Self::Overloaded(_) => "Overloaded",
            Self::Unknown(_) => "Unknown",
            Self::BadReply(_) => "BadReply",
        }
    }

    /// What happened, for people.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::Timeout(why)
            | Self::Unavailable(why)
            | Self::Overloaded(why)
            | Self::Unknown(why)
            | Self::BadReply(why) => why,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error_name(), self.reason())
    }
}
