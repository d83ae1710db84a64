//! Whose tokens a gateway takes: a `JWTProvider`, and a `GatewayPolicy` for each of its listeners, without which nobody would
//! be asked for one.

use super::{Front, asked::Asked, kinds::Listener};
use crate::{
    Manifest, constant,
    consul::{
        Kind,
        claims::{self, Claims, Tokens},
        object,
    },
    manifest::object_name,
    problem::Problem,
    setting::Setting,
};
use flowmesh_ir::{Name, expr::Expr, gateway::Jwt};
use serde::Serialize;

const PROVIDER: Kind = Kind(60, "JWTProvider");
const POLICY: Kind = Kind(86, "GatewayPolicy");

/// The authorities by which whoever has the keys is known; without them Consul would believe anybody.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// What a `JWTProvider` says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Provider {
    issuer: String,
    audiences: Vec<String>,
    json_web_key_set: Keys,
    locations: Vec<Location>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Keys {
    remote: Remote,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Remote {
    uri: String,
    #[serde(rename = "useSNI")]
    use_sni: bool,
    fetch_asynchronously: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks_cluster: Option<Cluster>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Cluster {
    tls_certificates: Certificates,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Certificates {
    #[serde(rename = "trustedCA")]
    trusted: File,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct File {
    filename: &'static str,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Location {
    header: Header,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    name: &'static str,
    value_prefix: &'static str,
    /// What is behind the gateway sees the token, as it does behind flowmesh.
    forward: bool,
}

/// What a `GatewayPolicy` says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Policy {
    target_ref: TargetRef,
    /// Routes cannot ask for less.
    #[serde(rename = "override", skip_serializing_if = "Option::is_none")]
    over: Option<Asked>,
    /// Where a route asks for nothing itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<Asked>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct TargetRef {
    group: &'static str,
    kind: &'static str,
    name: String,
    section_name: String,
}

impl Front<'_, '_> {
    /// Whose tokens are taken; nothing where none are asked for, or where something was reported.
    pub(super) fn token(&mut self) -> Option<Provider> {
        let gateway = self.gateway;
        let jwt = gateway.jwt.as_ref()?;
        self.setting(Setting::Jwt, "@jwt");
        if jwt.optional {
            let setting = Setting::Jwt;
            let reason = "a token is asked of all who come in";
            self.report(&Problem::Here { setting, reason }, "@jwt");
            return None;
        }
        match self.provider(jwt) {
            Ok(provider) => Some(provider),
            Err(config) => {
                let what = "address";
                self.report(&Problem::Late { what, config }, "@jwt");
                None
            }
        }
    }

    fn provider(&self, jwt: &Jwt) -> Result<Provider, Option<Name>> {
        let text = |text: &Expr| constant::text(self.program, self.options, text);
        let uri = text(&jwt.keys)?;
        let secure = uri.starts_with("https://");
        let cluster = Cluster {
            tls_certificates: Certificates {
                trusted: File {
                    filename: AUTHORITIES,
                },
            },
        };
        Ok(Provider {
            issuer: text(&jwt.issuer)?,
            audiences: jwt.audience.iter().map(text).collect::<Result<_, _>>()?,
            json_web_key_set: Keys {
                remote: Remote {
                    uri,
                    use_sni: secure,
                    fetch_asynchronously: true,
                    jwks_cluster: secure.then_some(cluster),
                },
            },
            locations: vec![Location {
                header: Header {
                    name: "Authorization",
                    value_prefix: "Bearer ",
                    forward: true,
                },
            }],
        })
    }

    /// The providers, and what asks for their tokens: the listeners, for all that is asked, where that is the same on all ways.
    pub(super) fn policies(
        &self,
        provider: Option<Provider>,
        listeners: &[Listener],
        alike: Option<Option<&[Claims]>>,
    ) -> Vec<Manifest> {
        let Some(provider) = provider else {
            return Vec::new();
        };
        let name = object_name(&self.gateway.name);
        let named = (0..self.providers()).map(|number| claims::provider(self.gateway, number));
        let mut all: Vec<Manifest> = named
            .map(|name| object(PROVIDER, self.named(&name), provider.clone()))
            .collect();
        let asked = |asked| Asked {
            jwt: Tokens::of(self.gateway, asked),
        };
        for listener in listeners {
            let spec = Policy {
                target_ref: TargetRef {
                    group: "gateway.networking.k8s.io",
                    kind: "Gateway",
                    name: name.clone(),
                    section_name: listener.name.clone(),
                },
                over: alike.map(asked),
                default: alike.is_none().then(|| asked(None)),
            };
            let policy = format!("{name}-{}", listener.name);
            all.push(object(POLICY, self.named(&policy), spec));
        }
        all
    }
}
