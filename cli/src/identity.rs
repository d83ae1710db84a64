//! How a server knows who asks: options of `serve`, and where API tokens are kept.

use crate::{error::Error, exit::Exit};
use clap::Args;
use flowmesh_host::server::{
    Identity,
    identity::{Oidc, OidcClaims, Tokens, TokensError},
};
use flowmesh_ir::Code;
use flowmesh_mesh::identity::{Https, Issuer, IssuerOptions};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// How far the clocks of a provider may be from ours.
const SKEW: Duration = Duration::from_secs(30);

/// Where API tokens are kept.
#[derive(Args, Default)]
pub(crate) struct TokensFile {
    /// The file of API tokens; else `tokens.json` in the directory of `--dir`, if it is there
    #[arg(long, global = true, value_name = "FILE", env = "FLOWMESH_TOKENS")]
    tokens: Option<PathBuf>,
}

/// How a server knows who asks.
#[derive(Args, Default)]
pub(crate) struct IdentityArgs {
    #[command(flatten)]
    tokens: TokensFile,
    /// Accept tokens of this OpenID provider: its URL, as its tokens say it
    #[arg(long, value_name = "URL", requires = "oidc_audience")]
    oidc_issuer: Option<String>,
    /// Whom its tokens must be meant for
    #[arg(long, value_name = "NAME", requires = "oidc_issuer")]
    oidc_audience: Option<String>,
    /// The claim with the roles: a word, words, or a list; dots lead into objects
    #[arg(long, value_name = "CLAIM", default_value = "roles")]
    oidc_roles_claim: String,
    /// The claim with the namespaces; without it, a token is good for all of them
    #[arg(long, value_name = "CLAIM")]
    oidc_namespaces_claim: Option<String>,
}

impl TokensFile {
    /// The tokens of this server.
    pub(crate) fn tokens(&self, dir: &Path) -> Tokens {
        let usual = || dir.join("tokens.json");
        Tokens::new(self.tokens.clone().unwrap_or_else(usual))
    }
}

impl IdentityArgs {
    /// How a server that works in a directory knows who asks.
    pub(crate) fn identity(&self, dir: &Path) -> Result<Identity, Error> {
        Ok(Identity {
            tokens: Some(self.tokens.tokens(dir)),
            oidc: self.oidc()?,
            required: self.tokens.tokens.is_some(),
        })
    }

    fn oidc(&self) -> Result<Option<Oidc>, Error> {
        let (Some(issuer), Some(audience)) = (&self.oidc_issuer, &self.oidc_audience) else {
            return Ok(None);
        };
        let options = IssuerOptions {
            issuer: issuer.clone(),
            audiences: vec![audience.clone()],
            keys: None,
            skew: SKEW,
        };
        let wrong = |why: String| Error::BadSetting {
            text: format!("--oidc-issuer {issuer}"),
            why,
            help: "write the URL of the provider with `https://`, as the claim `iss` of its tokens has it"
                .to_owned(),
        };
        let https = Https::new().map_err(wrong)?;
        let issuer = Issuer::new(options, Arc::new(https)).map_err(|why| wrong(why.to_string()))?;
        Ok(Some(Oidc {
            issuer: Arc::new(issuer),
            claims: OidcClaims {
                roles: self.oidc_roles_claim.clone(),
                namespaces: self.oidc_namespaces_claim.clone(),
            },
        }))
    }
}

/// What is wrong with the tokens of a file.
pub(crate) fn untold(why: &TokensError) -> Error {
    let (exit, help) = match why {
        TokensError::Unreadable { .. } => (
            Exit::Trouble,
            "put a copy in its place, or take it away and make new tokens",
        ),
        TokensError::Unwritable { .. } => (Exit::Trouble, "see who may write there"),
        TokensError::Name { .. } => (Exit::Usage, "take another name, or revoke that one first"),
        TokensError::Missing(_) => (Exit::Usage, "`flowmesh token list` shows those there are"),
    };
    Error::Below {
        code: Code(1145),
        message: why.to_string(),
        help: Some(help.to_owned()),
        exit,
    }
}
