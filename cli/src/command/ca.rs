//! `flowmesh ca ...`: an authority for development, and the certificates that it signs.

use crate::{
    authority::{self, Authority, Known, Wish, Written},
    draw,
    error::Error,
    exit::Exit,
    house::long_ago,
};
use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// For which hosts a certificate is where nobody says it.
const HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Make certificates for development: an authority, and what it signs
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh ca init ca --domain shop.example
  flowmesh ca issue server --host localhost
  flowmesh ca issue ann --identity spiffe://shop.example/people/ann --for 1h
  flowmesh ca show

Certificates are good for 24 hours, the authority for 30 days; whoever serves them reads them again when they
are renewed. Everything lies in one directory in PEM: `ca.pem` is what others are to trust, `ca.key` is what
nobody else may have. This is for development and tests; it revokes nothing.")]
pub(crate) struct Ca {
    #[command(subcommand)]
    verb: Verb,
    /// The directory of the authority
    #[arg(
        long = "ca",
        global = true,
        value_name = "DIR",
        default_value = "ca",
        env = "FLOWMESH_CA"
    )]
    dir: PathBuf,
    /// Print JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// What to do with an authority.
#[derive(Subcommand)]
enum Verb {
    /// Make an authority in a directory; nothing is overwritten
    #[command(after_help = "Examples:
  flowmesh ca init
  flowmesh ca init ca --domain shop.example --for 7d")]
    Init {
        /// The directory, instead of what `--ca` says
        #[arg(value_name = "DIR")]
        of: Option<PathBuf>,
        /// The domain of trust: identities are `spiffe://DOMAIN/...`
        #[arg(long, default_value = "dev.test", value_parser = authority::domain)]
        domain: String,
        /// How long the authority is good for
        #[arg(long = "for", value_name = "TIME", default_value = "30d", value_parser = good)]
        good: SignedDuration,
    },
    /// Make a key and a certificate for it: `NAME.key` and `NAME.pem`
    #[command(after_help = "Examples:
  flowmesh ca issue server --host localhost --host 127.0.0.1
  flowmesh ca issue ann --identity spiffe://shop.example/people/ann --for 1h
  flowmesh ca issue server --renew
  flowmesh ca issue stock --out /etc/stock

A certificate never outlives its authority. Nothing is overwritten, unless `--renew` says so.")]
    Issue {
        /// What the files are called, and how the identity ends
        #[arg(value_parser = authority::name)]
        name: String,
        /// The SPIFFE identity; else `spiffe://DOMAIN/NAME`
        #[arg(long, value_name = "URI")]
        identity: Option<String>,
        /// A name or an address of the host that shows it; else `localhost`, 127.0.0.1 and ::1
        #[arg(long, value_name = "HOST", value_parser = authority::host)]
        host: Vec<String>,
        /// How long it is good for
        #[arg(long = "for", value_name = "TIME", default_value = "24h", value_parser = good)]
        good: SignedDuration,
        /// Where the files go; else to the directory of the authority
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Put them in the place of those that are there
        #[arg(long)]
        renew: bool,
    },
    /// Show the authority, and the certificates of its directory
    #[command(after_help = "Examples:
  flowmesh ca show
  flowmesh ca show --ca /etc/shop/ca --json")]
    Show,
}

impl Ca {
    /// Does it.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let now = Timestamp::now();
        match &self.verb {
            Verb::Init { of, domain, good } => {
                let dir = of.as_ref().unwrap_or(&self.dir);
                let written = authority::init(dir, domain, *good, now)?;
                self.tell(&written, dir, now);
            }
            Verb::Issue { .. } => {
                let written = self.issue(now)?;
                self.tell(&written, &self.dir, now);
            }
            Verb::Show => self.show(now)?,
        }
        Ok(Exit::Ok)
    }

    fn issue(&self, now: Timestamp) -> Result<Written, Error> {
        let Verb::Issue {
            name,
            identity,
            host,
            good,
            out,
            renew,
        } = &self.verb
        else {
            return Err(Error::Refused);
        };
        let usual = || HOSTS.map(str::to_owned).to_vec();
        let hosts = if host.is_empty() { usual() } else { host.clone() };
        let wish = Wish {
            name,
            identity: identity.as_deref(),
            hosts: &hosts,
            good: *good,
            to: out.as_deref(),
            renew: *renew,
        };
        Authority::open(&self.dir)?.issue(&wish, now)
    }

    /// What was made, and where.
    fn tell(&self, written: &Written, authority: &Path, now: Timestamp) {
        let Written {
            certificate,
            key,
            known,
        } = written;
        if self.json {
            let mut told = told(known, now);
            if let Value::Object(parts) = &mut told {
                parts.insert("certificate".to_owned(), json!(certificate));
                parts.insert("key".to_owned(), json!(key));
                parts.insert("authority".to_owned(), json!(authority::place(authority)));
            }
            return draw::answer_json(&told);
        }
        draw::answer(format!(
            "`{}` and `{}` until {}: {}",
            certificate.display(),
            key.display(),
            date(known.until),
            known.identity.as_deref().unwrap_or_default(),
        ));
    }

    fn show(&self, now: Timestamp) -> Result<(), Error> {
        let (own, all) = authority::list(&self.dir)?;
        if self.json {
            let named = all.iter().map(|(name, known)| {
                let mut told = told(known, now);
                if let Value::Object(parts) = &mut told {
                    parts.insert("name".to_owned(), json!(name));
                }
                told
            });
            let named: Vec<Value> = named.collect();
            draw::answer_json(&json!({ "authority": told(&own, now), "certificates": named }));
            return Ok(());
        }
        let head = ["NAME", "IDENTITY", "HOSTS", "EXPIRES", "STATUS"];
        let row = |name: &str, known: &Known| {
            vec![
                name.to_owned(),
                known.identity.clone().unwrap_or_default(),
                known.hosts.join(", "),
                date(known.until),
                status(known, now).to_owned(),
            ]
        };
        let rows = std::iter::once(row("(authority)", &own));
        let rows = rows.chain(all.iter().map(|(name, known)| row(name, known)));
        draw::raw(&draw::table::lay(&head, rows));
        Ok(())
    }
}

/// How long something is good for: a second at least.
fn good(text: &str) -> Result<SignedDuration, String> {
    let good = long_ago(text)?;
    match good.as_secs() > 0 {
        true => Ok(good),
        false => Err("expected a second or more".to_owned()),
    }
}

fn told(known: &Known, now: Timestamp) -> Value {
    json!({
        "identity": known.identity, "hosts": known.hosts, "expires": known.until, "status": status(known, now),
    })
}

fn date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn status(known: &Known, now: Timestamp) -> &'static str {
    match known.until > now {
        true => "good",
        false => "expired",
    }
}
