//! What a signed token says of its bearer.

use super::{Caller, Means, Namespaces, Role, namespace};
use flowmesh_mesh::identity::{Claims, Issuer, TokenError};
use jiff::Timestamp;
use std::sync::Arc;

/// The longest name of a bearer that is kept.
const NAME_CHARS_MAX: usize = 200;

/// A provider whose tokens are accepted, and where they say what their bearers may.
#[derive(Clone, Debug)]
pub struct Oidc {
    /// The provider.
    pub issuer: Arc<Issuer>,
    /// Where its tokens say it.
    pub claims: OidcClaims,
}

/// Where tokens say what their bearers may.
#[derive(Clone, Debug)]
pub struct OidcClaims {
    /// The claim with the roles, of which the highest counts: `roles`, `realm_access.roles`.
    pub roles: String,
    /// The claim with the namespaces; without one, a token is good for all.
    pub namespaces: Option<String>,
}

impl Oidc {
    /// Who shows a token.
    ///
    /// # Errors
    /// If it is not to be believed, or nobody can say.
    pub(in crate::server) async fn caller(&self, token: &str, now: Timestamp) -> Result<Caller, TokenError> {
        Ok(self.claims.caller(&self.issuer.verify(token, now).await?))
    }
}

impl OidcClaims {
    fn caller(&self, claims: &Claims) -> Caller {
        let roles = claims.words(&self.roles).into_iter();
        // Providers have roles of other things too.
        let role = roles.filter_map(|word| word.parse::<Role>().ok()).max();
        let namespaces = match &self.namespaces {
            None => Namespaces::All,
            Some(claim) => {
                let words = claims.words(claim).into_iter();
                Namespaces::Only(words.filter_map(|word| namespace(word).ok()).collect())
            }
        };
        let name = claims.subject().unwrap_or("somebody without a subject");
        Caller {
            name: name.chars().take(NAME_CHARS_MAX).collect(),
            means: Means::Signed,
            role,
            namespaces,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn caller(claims: &Value) -> Caller {
        let where_to_look = OidcClaims {
            roles: "realm.roles".to_owned(),
            namespaces: Some("teams".to_owned()),
        };
        where_to_look.caller(&Claims(Arc::new(claims.as_object().unwrap().clone())))
    }

    #[test]
    fn the_highest_role_counts_and_words_of_others_do_not() {
        let ann = caller(
            &json!({"sub": "ann", "realm": {"roles": ["viewer", "operator", "root"]},
                                 "teams": "a b default B"}),
        );
        assert_eq!((ann.name.as_str(), ann.role), ("ann", Some(Role::Operator)));
        let teams = ["a", "b", ""].into_iter().map(flowmesh_ir::Name::new).collect();
        assert_eq!(ann.namespaces, Namespaces::Only(teams));
    }

    #[test]
    fn who_has_no_role_may_nothing_and_who_has_no_namespace_is_nowhere() {
        let nobody = caller(&json!({"roles": ["admin"]}));
        assert_eq!(nobody.role, None);
        assert!(!nobody.may(Role::Viewer));
        assert_eq!(nobody.namespaces.usual(), None);
    }
}
