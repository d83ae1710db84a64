//! The program: types, services, policies, functions and flows as state machines; and the values they work on.
//!
//! Everything here is plain data with one JSON form. This room knows no syntax, no clock and no network: the compiler
//! makes programs, the interpreter runs them, the targets write manifests from them, and none of these see each other.
//!
//! INVARIANT: a [`Program`] that passed [`validate()`] has every index in range, every slot written before it is read,
//! and each of its states in one fiber; the machine relies on it.

pub mod access;
pub mod address;
pub mod call;
pub mod cron;
pub mod diff;
pub mod except;
pub mod expr;
pub mod flow;
pub mod gateway;
pub mod grpc;
pub mod json;
pub mod locality;
pub mod numbers;
pub mod policy;
pub mod print;
pub mod program;
pub mod schedule;
pub mod service;
pub mod surroundings;
pub mod test;
pub mod timetable;
pub mod trace;
pub mod traffic;
pub mod ty;
pub mod validate;
pub mod value;
pub mod worst;
pub mod zone;

/// The stable code of an error, for rooms that see this one and not the diagnostics.
pub use flowmesh_diagnostics::Code;
/// A place in the text, for the same rooms.
pub use flowmesh_diagnostics::Span;
/// «Did you mean», for the same rooms.
pub use flowmesh_diagnostics::nearest;
pub use program::{Hash, Program};
pub use validate::validate;
pub use value::Value;

/// A name as the author wrote it.
pub type Name = smol_str::SmolStr;

/// Defines a number that is an index into one table of the program.
macro_rules! index {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// As an index into the table.
            #[must_use]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    )*};
}

index! {
    /// Index into [`Program::types`].
    TypeId;
    /// Index into [`Program::errors`].
    ErrorId;
    /// Index into [`Program::configs`].
    ConfigId;
    /// Index into [`Program::secrets`].
    SecretId;
    /// Index into [`Program::policies`].
    PolicyId;
    /// Index into [`Program::services`].
    ServiceId;
    /// Index into [`service::Service::operations`].
    OperationId;
    /// Index into [`service::Service::subsets`].
    SubsetId;
    /// Index into [`Program::functions`].
    FunctionId;
    /// Index into [`Program::flows`].
    FlowId;
    /// Index into [`Program::events`].
    EventId;
    /// Index into [`Program::gateways`].
    GatewayId;
    /// Index into [`flow::Flow::states`].
    StateId;
    /// Index into [`flow::Flow::slots`], or of a function's own frame.
    SlotId;
    /// Index into [`flow::Flow::signals`].
    SignalId;
    /// Index into [`flow::Flow::steps`].
    StepId;
}

#[cfg(test)]
mod sample;
