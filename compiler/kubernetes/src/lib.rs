//! Manifests for a Kubernetes mesh, from the services and policies of a program.
//!
//! This room writes how traffic moves between Services that the cluster already has, and the program itself as pods. It
//! knows programs and what each target can hold. It does not know the language, a cluster, or where the text it makes is kept.
//!
//! INVARIANT: nothing is dropped silently. What a target cannot hold is a diagnostic at the author's line, or, where
//! the interpreter carries it out, an annotation on the manifest.

mod address;
mod capability;
mod condition;
mod constant;
mod consul;
mod duration;
mod first_match;
mod front;
mod gateway_api;
mod hash;
mod http_route;
mod istio;
mod layout;
mod linkerd;
mod manifest;
mod matcher;
mod operation;
mod precedence;
mod problem;
mod setting;
mod work;
mod workload;
mod yaml;

pub use capability::{Capability, Holds, capabilities};
pub use layout::Layout;
pub use workload::Workload;
pub use yaml::text;

use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_ir::{Name, Program};
use std::{collections::BTreeMap, fmt, str::FromStr};

/// What manifests are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Gateway API 1.6, standard channel, for a mesh that attaches routes to Services (GAMMA).
    GatewayApi,
    /// Istio 1.30, with sidecars or waypoints.
    Istio,
    /// Linkerd 2.20, with its proxies beside callers and called.
    Linkerd,
    /// Consul 1.22 or newer, by the kinds of consul-k8s 2.0, with sidecars.
    Consul,
    /// The program itself as pods of a cluster, that carry everything out as flowmesh does.
    Kubernetes,
}

/// How they are made.
#[derive(Clone, Debug, Default)]
pub struct Options<'a> {
    /// What the target cannot hold is left to the interpreter, and named on the manifest, instead of refused.
    pub interpreter_fills: bool,
    /// The texts of the program, for the line that each manifest comes from.
    pub sources: Option<&'a Sources>,
    /// Values of configs that addresses are made from, before their defaults.
    pub configs: BTreeMap<Name, String>,
    /// What the target has in its experimental channel is written, too.
    pub experimental: bool,
    /// Who carries gateways out, where the target wants to know: the name of a `GatewayClass`.
    pub gateway_class: Option<String>,
    /// Whether a mesh gets the pods of the program itself, too.
    pub pods: bool,
    /// How the pods of the program itself are made.
    pub workload: Workload,
    /// How the files are laid out.
    pub layout: Layout,
}

/// One object of the cluster, as a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// `kind-name.yaml`, with a number before it where objects may not be applied in any order, and in a folder where the
    /// layout has some.
    pub path: String,
    /// The text.
    pub yaml: String,
}

/// Makes the manifests of a program. The same program and options give the same bytes.
pub fn compile(
    program: &Program,
    target: Target,
    options: &Options<'_>,
    found: &mut Diagnostics,
) -> Vec<Manifest> {
    let given = options;
    let options = &given.layout.prepared(program, given);
    let mut all = match target {
        Target::GatewayApi => gateway_api::compile(program, options, found),
        Target::Istio => istio::compile(program, options, found),
        Target::Linkerd => linkerd::compile(program, options, found),
        Target::Consul => consul::compile(program, options, found),
        Target::Kubernetes => workload::compile(program, None, options, found),
    };
    if options.pods && target != Target::Kubernetes {
        all.extend(workload::compile(program, Some(target), options, found));
        all.sort_by(|one, other| one.path.cmp(&other.path));
    }
    given.layout.laid(program, given, all)
}

impl Target {
    /// All targets.
    pub const ALL: [Self; 5] = [
        Self::GatewayApi,
        Self::Istio,
        Self::Linkerd,
        Self::Consul,
        Self::Kubernetes,
    ];

    /// What people call it on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::GatewayApi => "gateway-api",
            Self::Istio => "istio",
            Self::Linkerd => "linkerd",
            Self::Consul => "consul",
            Self::Kubernetes => "kubernetes",
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|target| target.name() == text);
        known.ok_or_else(|| {
            format!(
                "expected a target ({}), found `{text}`",
                Self::ALL.map(Self::name).join(", ")
            )
        })
    }
}
