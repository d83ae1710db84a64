//! `flowmesh token ...`: API tokens of a server.

use crate::{
    draw,
    error::Error,
    exit::Exit,
    identity::{TokensFile, untold},
};
use clap::{Args, Subcommand, ValueEnum};
use flowmesh_host::server::identity::{self, NewToken, Token as Kept, TokenStatus};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Make, list and revoke the API tokens of a server
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh token create --role operator ci
  flowmesh token create --role viewer --namespace shop --expires 90d dashboard
  flowmesh token list --dir /var/lib/shop
  flowmesh token revoke ci

A token is shown once, when it is made; what is kept of it is a hash. A server sees a change at once.
Once there is a file of tokens, the server asks everybody for one.")]
pub(crate) struct Token {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    tokens: TokensFile,
    /// The directory of the server
    #[arg(long, global = true, value_name = "DIR", default_value = ".flowmesh")]
    dir: PathBuf,
    /// Print JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// What to do with tokens.
#[derive(Subcommand)]
enum Verb {
    /// Make a token, and print it: it cannot be seen again
    #[command(after_help = "Examples:
  flowmesh token create --role operator ci
  flowmesh token create --role viewer --namespace shop --expires 90d dashboard > dashboard.token")]
    Create {
        /// What people call it
        name: String,
        /// What its bearer may do
        #[arg(long)]
        role: Role,
        /// Where; else in all namespaces
        #[arg(long, value_name = "NAME")]
        namespace: Option<String>,
        /// From when on it is good for nothing: in so long, such as 90d or 12h, or a time
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
    },
    /// List tokens, without what is secret of them
    #[command(after_help = "Examples:
  flowmesh token list
  flowmesh token list --json")]
    List,
    /// Revoke a token: from now on it is good for nothing
    #[command(after_help = "Example:
  flowmesh token revoke ci")]
    Revoke {
        /// Its name or identifier
        token: String,
    },
}

/// What a bearer may do; each may do what those before it may.
#[derive(Clone, Copy, ValueEnum)]
enum Role {
    /// See runs and schedules
    Viewer,
    /// Start, signal and steer them; work as a worker
    Operator,
    /// Change what is deployed
    Deployer,
    /// Everything, and read who did what
    Admin,
}

impl Token {
    /// Does it.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let tokens = self.tokens.tokens(&self.dir);
        let now = Timestamp::now();
        match &self.verb {
            Verb::Create { .. } => {
                let (token, text) = tokens
                    .create(&self.new_token(now)?, now)
                    .map_err(|why| untold(&why))?;
                self.show_new(&token, &text, now);
            }
            Verb::List => {
                let all = tokens.list().map_err(|why| untold(&why))?;
                self.show_all(&all, now);
            }
            Verb::Revoke { token } => {
                let token = tokens.revoke(token, now).map_err(|why| untold(&why))?;
                match self.json {
                    true => draw::answer_json(&told(&token, now)),
                    false => draw::say(format!("{} ({}) is revoked", token.name, token.id)),
                }
            }
        }
        Ok(Exit::Ok)
    }

    fn new_token(&self, now: Timestamp) -> Result<NewToken, Error> {
        let Verb::Create {
            name,
            role,
            namespace,
            expires,
        } = &self.verb
        else {
            return Err(Error::Refused);
        };
        let named = namespace.as_deref().map(|name| {
            identity::namespace(name).map_err(|why| Error::BadSetting {
                text: format!("--namespace {name}"),
                why,
                help: "write a name such as `shop`, or `default`".to_owned(),
            })
        });
        Ok(NewToken {
            name: name.clone(),
            role: (*role).into(),
            namespace: named.transpose()?,
            expires: expires.as_deref().map(|text| expiry(text, now)).transpose()?,
        })
    }

    /// The token alone goes to the standard output, so that it can go on from there.
    fn show_new(&self, token: &Kept, text: &str, now: Timestamp) {
        if self.json {
            let mut told = told(token, now);
            if let Value::Object(parts) = &mut told {
                parts.insert("token".to_owned(), json!(text));
            }
            return draw::answer_json(&told);
        }
        draw::say(format!(
            "{} has the role `{}`; keep the token, it is not shown again:",
            token.name, token.role
        ));
        draw::answer(text);
    }

    fn show_all(&self, all: &[Kept], now: Timestamp) {
        if self.json {
            let told: Vec<Value> = all.iter().map(|token| told(token, now)).collect();
            return draw::answer_json(&json!({ "tokens": told }));
        }
        let head = [
            "TOKEN",
            "NAME",
            "ROLE",
            "NAMESPACE",
            "CREATED",
            "EXPIRES",
            "STATUS",
        ];
        let date = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M").to_string();
        let rows = all.iter().map(|token| {
            vec![
                token.id.clone(),
                token.name.clone(),
                token.role.to_string(),
                token.namespace.clone().unwrap_or_else(|| "(all)".to_owned()),
                date(token.created),
                token.expires.map_or_else(|| "never".to_owned(), date),
                status(token, now).to_owned(),
            ]
        });
        draw::raw(&draw::table::lay(&head, rows));
    }
}

fn told(token: &Kept, now: Timestamp) -> Value {
    json!({
        "id": token.id, "name": token.name, "role": token.role, "namespace": token.namespace,
        "created": token.created, "expires": token.expires, "revoked": token.revoked, "status": status(token, now),
    })
}

fn status(token: &Kept, now: Timestamp) -> &'static str {
    match token.status(now) {
        TokenStatus::Active => "active",
        TokenStatus::Expired => "expired",
        TokenStatus::Revoked => "revoked",
    }
}

/// A time, or in how long it is. A day has 24 hours here.
fn expiry(text: &str, now: Timestamp) -> Result<Timestamp, Error> {
    let span = || {
        let days = text.strip_suffix('d').and_then(|days| days.parse::<i64>().ok());
        let seconds = days.and_then(|days| days.checked_mul(24 * 60 * 60));
        let seconds = seconds.map(SignedDuration::from_secs);
        seconds.or_else(|| text.parse::<SignedDuration>().ok())
    };
    let at = text.parse().ok().or_else(|| now.checked_add(span()?).ok());
    at.filter(|at| *at > now).ok_or_else(|| Error::BadSetting {
        text: format!("--expires {text}"),
        why: "it is no time to come".to_owned(),
        help: "write in how long it is, such as `90d` or `12h`, or a time such as `2030-01-31T12:00:00Z`"
            .to_owned(),
    })
}

impl From<Role> for identity::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Viewer => Self::Viewer,
            Role::Operator => Self::Operator,
            Role::Deployer => Self::Deployer,
            Role::Admin => Self::Admin,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_a_time_to_come() {
        let now: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap();
        let read = |text| expiry(text, now).map(|at| at.to_string()).ok();
        assert_eq!(read("90d").as_deref(), Some("2026-05-01T12:00:00Z"));
        assert_eq!(read("12h").as_deref(), Some("2026-02-01T00:00:00Z"));
        assert_eq!(
            read("2027-01-01T00:00:00Z").as_deref(),
            Some("2027-01-01T00:00:00Z")
        );
        for wrong in [
            "",
            "soon",
            "-1d",
            "0d",
            "2026-01-31T12:00:00Z",
            "99999999999999999d",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
