//! `flowmesh visitors ...`: the file that says whom a gateway lets in by a key or a password.

mod ask;

use crate::{
    draw,
    error::Error,
    exit::Exit,
    private::{OWNER, replace},
};
use clap::{Args, Subcommand};
use flowmesh_ir::Code;
use flowmesh_mesh::visitors::{Entry, Unread, VisitorsError, read, write};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Say whom a gateway lets in by a key or a password
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh visitors add visitors.keys ci --scope order:write
  flowmesh visitors add visitors.passwords ann --password
  flowmesh visitors list visitors.keys
  flowmesh visitors remove visitors.keys ci

A gateway names the file with `keys: { file: \"visitors.keys\" }` or `basic: { file: \"visitors.passwords\" }`, and
reads it again when it changes. A key is shown once, when it is made; the file has only hashes.")]
pub(crate) struct Visitors {
    #[command(subcommand)]
    verb: Verb,
    /// Print JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// What to do with a file of visitors.
#[derive(Subcommand)]
enum Verb {
    /// Let somebody in: by a new key, which is printed and cannot be seen again, or by a password
    #[command(after_help = "Examples:
  flowmesh visitors add visitors.keys ci --scope order:read --scope order:write > ci.key
  flowmesh visitors add visitors.passwords ann --password
  pwgen 20 1 | flowmesh visitors add visitors.passwords ann --password")]
    Add {
        /// The file; it is made if it is not there
        file: PathBuf,
        /// Who it is: `caller.identity` of rules
        name: String,
        /// By a password, which is asked for, or is the first line of the standard input
        #[arg(long)]
        password: bool,
        /// What the visitor may, for rules: a word of `caller.claims.scope`
        #[arg(long, value_name = "WORD")]
        scope: Vec<String>,
    },
    /// List whom a file lets in
    #[command(after_help = "Example:
  flowmesh visitors list visitors.keys --json")]
    List {
        /// The file
        file: PathBuf,
    },
    /// Let somebody in no longer
    #[command(after_help = "Example:
  flowmesh visitors remove visitors.keys ci")]
    Remove {
        /// The file
        file: PathBuf,
        /// Who it is
        name: String,
    },
}

impl Visitors {
    /// Does it.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        match &self.verb {
            Verb::Add {
                file,
                name,
                password,
                scope,
            } => self.add(file, name, *password, scope)?,
            Verb::List { file } => self.list(&lines(file)?),
            Verb::Remove { file, name } => self.remove(file, name)?,
        }
        Ok(Exit::Ok)
    }

    fn add(&self, file: &Path, name: &str, password: bool, scopes: &[String]) -> Result<(), Error> {
        let mut all = if file.exists() { lines(file)? } else { Vec::new() };
        if all.iter().any(|entry| entry.visitor().name == name) {
            return Err(wrong(
                format!("`{}` names `{name}` already", file.display()),
                "take another name, or remove that one first",
            ));
        }
        let unread = |why: Unread| {
            wrong(
                format!("cannot add `{name}`: {why}"),
                "see `flowmesh visitors add --help`",
            )
        };
        let (entry, key) = match password {
            true => (
                Entry::with_password(name, scopes, &ask::password()?).map_err(unread)?,
                None,
            ),
            false => Entry::with_key(name, scopes)
                .map(|(entry, key)| (entry, Some(key)))
                .map_err(unread)?,
        };
        all.push(entry);
        replace(file, &write(&all), OWNER)?;
        match (self.json, key) {
            (true, key) => draw::answer_json(&json!({ "name": name, "scopes": scopes, "key": key })),
            // The key alone goes to the standard output, so that it can go on from there.
            (false, Some(key)) => {
                draw::say(format!(
                    "{name} may come in; keep the key, it is not shown again:"
                ));
                draw::answer(key);
            }
            (false, None) => draw::say(format!("{name} may come in")),
        }
        Ok(())
    }

    fn list(&self, all: &[Entry]) {
        let by = |entry: &Entry| if entry.has_password() { "password" } else { "key" };
        if self.json {
            let told = all.iter().map(|entry| {
                let visitor = entry.visitor();
                json!({ "name": visitor.name, "by": by(entry), "scopes": visitor.scopes })
            });
            let told: Vec<Value> = told.collect();
            return draw::answer_json(&json!({ "visitors": told }));
        }
        let rows = all.iter().map(|entry| {
            let visitor = entry.visitor();
            vec![
                visitor.name.clone(),
                by(entry).to_owned(),
                visitor.scopes.join(" "),
            ]
        });
        draw::raw(&draw::table::lay(&["NAME", "BY", "SCOPES"], rows));
    }

    fn remove(&self, file: &Path, name: &str) -> Result<(), Error> {
        let mut all = lines(file)?;
        let before = all.len();
        all.retain(|entry| entry.visitor().name != name);
        if all.len() == before {
            return Err(wrong(
                format!("`{}` does not name `{name}`", file.display()),
                "`flowmesh visitors list FILE` shows whom it names",
            ));
        }
        replace(file, &write(&all), OWNER)?;
        match self.json {
            true => draw::answer_json(&json!({ "name": name })),
            false => draw::say(format!("{name} may come in no longer")),
        }
        Ok(())
    }
}

fn lines(file: &Path) -> Result<Vec<Entry>, Error> {
    read(file).map_err(|why| match why {
        VisitorsError::Unreadable { path, why } => Error::Unreadable { path, why },
        why => wrong(why.to_string(), "mend the line, or take it out"),
    })
}

fn wrong(message: String, help: &str) -> Error {
    Error::Below {
        code: Code(1148),
        message,
        help: Some(help.to_owned()),
        exit: Exit::Usage,
    }
}
