//! What each target can hold of a program: the tables stand beside the emitters, which report by them.

use crate::{Target, gateway_api, istio, linkerd, setting::Setting, workload};

/// Whether a target holds a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// As the program says it.
    Whole,
    /// In part, and how.
    Part(&'static str),
    /// By what is not standard yet, where that is asked for, and how.
    Experimental(&'static str),
    /// Not, and what the nearest thing is.
    Not(&'static str),
}

/// A line of the table of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capability {
    /// The setting, as authors call it.
    pub setting: &'static str,
    /// Whether the target holds it.
    pub holds: Holds,
    /// How, where it is in part; the nearest thing, where it is not.
    pub how: &'static str,
}

/// Whether a target holds a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// As the program says it.
    Whole,
    /// In part.
    Part,
    /// By what is not standard yet, where `--experimental` asks for it.
    Experimental,
    /// Not.
    Not,
}

impl Holds {
    /// A word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Whole => "held",
            Self::Part => "in part",
            Self::Experimental => "experimental",
            Self::Not => "not held",
        }
    }
}

/// Whether a target holds a setting.
pub(crate) fn held(target: Target, setting: Setting) -> Held {
    match target {
        Target::GatewayApi => gateway_api::table::held(setting),
        Target::Istio => istio::table::held(setting),
        Target::Linkerd => linkerd::table::held(setting),
        Target::Kubernetes => workload::table::held(setting),
    }
}

impl Held {
    /// The same where what is not standard yet was asked for, or not.
    pub(crate) fn with(self, experimental: bool) -> Self {
        match self {
            Self::Experimental(how) if experimental => Self::Part(how),
            Self::Experimental(_) => Self::Not("it is not standard yet: `--experimental` writes it"),
            held => held,
        }
    }
}

/// What a target can hold, setting by setting.
#[must_use]
pub fn capabilities(target: Target) -> Vec<Capability> {
    let line = |setting: &Setting| {
        let (holds, how) = match held(target, *setting) {
            Held::Whole => (Holds::Whole, ""),
            Held::Part(how) => (Holds::Part, how),
            Held::Experimental(how) => (Holds::Experimental, how),
            Held::Not(nearest) => (Holds::Not, nearest),
        };
        Capability {
            setting: setting.part(),
            holds,
            how,
        }
    };
    Setting::ALL.iter().map(line).collect()
}
