//! Gateways: visitors come in here, and take the same way as the calls of flows.
//!
//! A request is made canonical, then: who asks (`identify`), where it leads (the tree of routes), whether they may
//! (`decide::access`), how many may (`limit`), and on to a service (`Mesh::relay`), an operation or a flow
//! ([`Behind`]). `visit` is that order; `listen` accepts connections within limits and lets them end, `converse` speaks on them; `pass` hands on connections that are not opened here;
//! `refusal` is what a
//! stranger is told, which is never why in detail; `record` is what the operator is told.

mod behind;
mod body;
mod converse;
mod cors;
pub(crate) mod forwarded;
pub(crate) mod identify;
mod lead;
mod listen;
mod login;
mod measured;
mod options;
pub(crate) mod pass;
mod plan;
mod record;
mod refusal;
mod rules;
mod side;
mod traced;
mod upgrade;
mod visit;

pub use crate::tls::{Certificate, CertificateError};
pub use behind::{Answered, Answering, Behind, Visit};
pub use identify::Ways;
pub use listen::{Door, ListenError, Listener};
pub use options::GatewayOptions;
pub use plan::{Fit, Holds, Looked, Plan, Said};
pub use record::{Attempt, Called, Log, Proof, Record, Trail, Wanted};
pub use rules::Rules;
pub use side::{Inbound, Outbound, Side};
