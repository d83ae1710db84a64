//! What cannot become a manifest, with its words.

use crate::{
    Target,
    capability::{Held, held},
    setting::Setting,
};
use flowmesh_diagnostics::{Code, Diagnostic, Severity, Span};
use flowmesh_ir::Name;

/// Something of a service that a target cannot hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// A declaration that is not written as a manifest.
    Declaration(&'static str),
    /// A setting for which the target has no field.
    Setting(Setting),
    /// A setting that the target holds in part.
    Part(Setting),
    /// A setting that is said of an operation or a route, and that the target holds for whole services.
    Whole(Setting),
    /// A setting of a service outside of the cluster, where the target holds it for others.
    Outside(Setting),
    /// Something of a setting, where the target holds other things of it.
    Here { setting: Setting, reason: &'static str },
    /// An address that names no Service of the cluster.
    Address { address: String, reason: &'static str },
    /// Something that is known only when the program starts.
    Late {
        what: &'static str,
        config: Option<Name>,
    },
    /// An address that each call fills.
    Template,
    /// Several addresses, or subsets in several namespaces.
    Spread { reason: &'static str },
    /// A condition that no match can say.
    Condition { reason: &'static str },
    /// A rule of who may call what that the target cannot say.
    Rule { reason: &'static str },
    /// A later route that the target prefers to an earlier one.
    Order { first: usize, second: usize },
    /// Two operations with settings of their own that no match can tell apart.
    Alike { one: Name, other: Name },
    /// Two services that are the same Service of the cluster.
    Same { one: Name, other: Name },
    /// Nobody is named who would carry gateways out.
    Class,
    /// More than the target takes.
    Limit { reason: String },
}

impl Problem {
    /// As a diagnostic at a place.
    pub(crate) fn diagnostic(&self, target: Target, severity: Severity, span: Span) -> Diagnostic {
        let (code, message, help) = self.words(target);
        let diagnostic = match severity {
            Severity::Error => Diagnostic::error(code, span, message),
            Severity::Warning => Diagnostic::warning(code, span, message),
        };
        diagnostic.help(help)
    }

    fn words(&self, target: Target) -> (Code, String, String) {
        match self {
            Self::Declaration(word) => (
                Code(715),
                format!("the target `{target}` does not take `{word}` yet"),
                "leave it to the interpreter with `--interpreter-fills`".to_owned(),
            ),
            Self::Setting(setting) => (
                setting.code(),
                format!("the target `{target}` cannot hold `{}`", setting.part()),
                match held(target, *setting).with(false) {
                    Held::Not(nearest) => format!("{nearest}; or leave it to the interpreter with `--interpreter-fills`"),
                    Held::Whole | Held::Part(_) | Held::Experimental(_) => "leave it to the interpreter with `--interpreter-fills`".to_owned(),
                },
            ),
            Self::Part(setting) => (
                Code(717),
                format!("the target `{target}` holds `{}` in part", setting.part()),
                match held(target, *setting) {
                    Held::Part(how) | Held::Experimental(how) => how.to_owned(),
                    Held::Whole | Held::Not(_) => String::new(),
                },
            ),
            Self::Whole(setting) => (
                setting.code(),
                format!("the target `{target}` cannot hold `{}` for a part of a service", setting.part()),
                "say it of the service; or leave it to the interpreter with `--interpreter-fills`".to_owned(),
            ),
            Self::Outside(setting) => (
                setting.code(),
                format!("the target `{target}` cannot hold `{}` for a service outside of the cluster", setting.part()),
                "leave it to the interpreter with `--interpreter-fills`".to_owned(),
            ),
            Self::Here { setting, reason } => (
                setting.code(),
                format!("the target `{target}` cannot hold this of `{}`: {reason}", setting.part()),
                "say it otherwise; or leave it to the interpreter with `--interpreter-fills`".to_owned(),
            ),
            Self::Address { address, reason } => (
                Code(705),
                format!("expected the address of a Service, found `{address}`: {reason}"),
                "write it as `dns://name.namespace.svc.cluster.local:port`".to_owned(),
            ),
            Self::Late { what, config: Some(config) } => (
                Code(706),
                format!("the {what} depends on the config `{config}`, which has no value yet"),
                format!("give it one with `--set {config}=...`, or a default"),
            ),
            Self::Late { what, config: None } => (
                Code(706),
                format!("the {what} is only known when the program starts"),
                "write it as a text, or as a config".to_owned(),
            ),
            Self::Template => (
                Code(716),
                format!("the target `{target}` cannot hold an address that each call fills: a route leads to one Service"),
                "leave the service to the interpreter with `--interpreter-fills`, or declare one for each place".to_owned(),
            ),
            Self::Spread { reason } => (
                Code(707),
                (*reason).to_owned(),
                "give every subset one Service of its own, all of them in one namespace".to_owned(),
            ),
            Self::Condition { reason } => (
                Code(708),
                format!("the target `{target}` cannot hold this condition: {reason}"),
                "compare the method, the path, a header or a query parameter with a text, joined by `and` or `or`"
                    .to_owned(),
            ),
            Self::Rule { reason } => (
                Code(708),
                format!("the target `{target}` cannot hold this rule: {reason}"),
                "say it otherwise; or leave the rules of the service to the interpreter with `--interpreter-fills`".to_owned(),
            ),
            Self::Order { first, second } => (
                Code(709),
                match target {
                    Target::GatewayApi => format!("the target `{target}` leaves it open whether route {second} is preferred to route {first}, and some requests fit both: a path with parameters is a regular expression there"),
                    _ => format!("the target `{target}` prefers route {second} to route {first}, and some requests fit both"),
                },
                match target {
                    Target::GatewayApi => "give one of them a path that the other does not fit; or let them lead to the same place".to_owned(),
                    _ => "put the more specific first: exact path, longer prefix, method, more headers, more of the query".to_owned(),
                },
            ),
            Self::Alike { one, other } => (
                Code(710),
                format!("the target `{target}` cannot tell `{one}` from `{other}`, and not the same holds for both"),
                match target {
                    Target::GatewayApi => "give both the same settings, or paths that differ before their first parameter".to_owned(),
                    Target::Istio | Target::Linkerd | Target::Consul | Target::Kubernetes => "give both the same settings, or paths that differ".to_owned(),
                },
            ),
            Self::Same { one, other } => (
                Code(711),
                format!("the services `{one}` and `{other}` are the same Service, and the target `{target}` takes one of them"),
                "make one service of both".to_owned(),
            ),
            Self::Class => (
                Code(718),
                format!("the target `{target}` wants to know who carries the gateway out, and no class is named"),
                "name it with `--gateway-class NAME`; `kubectl get gatewayclasses` lists those of a cluster".to_owned(),
            ),
            Self::Limit { reason } => {
                (Code(711), reason.clone(), "make it smaller, or split the service into several".to_owned())
            }
        }
    }
}
