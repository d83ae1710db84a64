//! Whose tokens a gateway takes: a `RequestAuthentication`, which refuses tokens that are not good, and the
//! `AuthorizationPolicy` without which it would let in whoever shows none.

use super::PODS;
use crate::{
    Manifest, constant,
    front::Front,
    istio::{
        access::kinds::{From, Policy, PolicyRule, Selector, Source},
        object,
    },
    manifest::{metadata, object_name},
    problem::Problem,
    setting::Setting,
};
use flowmesh_ir::{expr::Expr, gateway::Jwt};
use serde::Serialize;

const VERSION: &str = "security.istio.io/v1";

/// Where Istio's own installation has the pods of gateways.
const NAMESPACE: &str = "istio-system";

/// What a `RequestAuthentication` says.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Authentication {
    selector: Selector,
    jwt_rules: Vec<Rule>,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    issuer: String,
    audiences: Vec<String>,
    jwks_uri: String,
    /// What is behind the gateway sees the token, as it does behind flowmesh.
    forward_original_token: bool,
}

impl Front<'_, '_> {
    /// The manifests for the tokens of the gateway; nothing where it takes none, or where something was reported.
    pub(super) fn jwt(&mut self) -> Vec<Manifest> {
        let gateway = self.gateway;
        let Some(jwt) = &gateway.jwt else {
            return Vec::new();
        };
        self.setting(Setting::Jwt, "@jwt");
        if self
            .program
            .gateways
            .iter()
            .any(|other| other.jwt.as_ref() != Some(jwt))
        {
            let reason = "another gateway takes other tokens, or none, and Istio asks the same of all that come in by the same pods";
            let reason = reason.to_owned();
            self.report(&Problem::Limit { reason }, "@jwt");
            return Vec::new();
        }
        let Some(rule) = self.rule(jwt) else {
            return Vec::new();
        };
        let name = object_name(&gateway.name);
        let selector = || Selector {
            match_labels: [(PODS.0.to_owned(), PODS.1.to_owned())].into(),
        };
        let named = |name: &str| metadata(self.program, self.options, name, NAMESPACE, self.span("@jwt"));
        let spec = Authentication {
            selector: selector(),
            jwt_rules: vec![rule],
        };
        let mut all = vec![object("RequestAuthentication", VERSION, named(&name), spec)];
        if !jwt.optional {
            let source = Source {
                not_request_principals: vec!["*".to_owned()],
                ..Source::default()
            };
            let spec = Policy {
                selector: selector(),
                action: "DENY",
                rules: vec![PolicyRule {
                    from: vec![From { source }],
                    ..PolicyRule::default()
                }],
            };
            let name = format!("{name}-without-token");
            all.push(object("AuthorizationPolicy", VERSION, named(&name), spec));
        }
        all
    }

    fn rule(&mut self, jwt: &Jwt) -> Option<Rule> {
        let mut texts = [&jwt.issuer, &jwt.keys]
            .into_iter()
            .chain(&jwt.audience)
            .map(|text| self.text(text))
            .collect::<Vec<_>>();
        let late = texts.iter().find_map(|text| text.as_ref().err().cloned());
        if let Some(config) = late {
            let what = "address";
            self.report(&Problem::Late { what, config }, "@jwt");
            return None;
        }
        let mut known = texts.drain(..).flatten();
        let (issuer, jwks_uri) = (known.next()?, known.next()?);
        Some(Rule {
            issuer,
            jwks_uri,
            audiences: known.collect(),
            forward_original_token: true,
        })
    }

    fn text(&self, text: &Expr) -> Result<String, Option<flowmesh_ir::Name>> {
        constant::text(self.program, self.options, text)
    }
}
