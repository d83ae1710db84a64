//! The places of settings, and what they are called.

/// Where settings stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `policy NAME { ... }`
    Policy,
    /// `service NAME { ... }`
    Service,
    /// `op ... { ... }`
    Operation,
    /// `with { ... }`
    With,
    /// `gateway NAME { ... }`
    Gateway,
    /// A route of a gateway.
    GatewayRoute,
    /// `mesh { ... }`
    Mesh,
    /// `schedule ... { ... }`
    Schedule,
}

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
