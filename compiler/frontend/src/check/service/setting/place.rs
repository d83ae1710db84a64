//! What places of settings are called.

use super::Place;

impl Place {
    /// As it is called in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Policy => "a policy",
            Self::Service => "a service",
            Self::Operation => "an operation",
            Self::With => "`with`",
            Self::Gateway => "a gateway",
            Self::GatewayRoute => "a route of a gateway",
            Self::Mesh => "`mesh`",
            Self::Schedule => "a schedule",
        }
    }
}
