//! `flowmesh store ...`: the upkeep of a directory that runs are kept in.

mod show;
mod verbs;

use crate::{error::Error, exit::Exit, house::long_ago, keys::KeyFile};
use clap::{Args, Subcommand};
use jiff::SignedDuration;
use std::path::PathBuf;

/// Check, compact, copy, export and import the directory that runs are kept in
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh store check
  flowmesh store compact --dir /var/lib/shop
  flowmesh store backup /backups/monday --dir /var/lib/shop
  flowmesh store restore /backups/monday --dir /var/lib/shop
  flowmesh store export --to runs.jsonl
  flowmesh store export | jq 'select(.event.event.started) | .event.run'
  flowmesh store import runs.jsonl --dir copy

`check`, `export` and `backup` change nothing, and work while a `flowmesh run` or `serve` is in progress:
they see everything that was acknowledged before they began.")]
pub(crate) struct Store {
    #[command(subcommand)]
    verb: Verb,
    /// The directory that runs are kept in
    #[arg(long, global = true, value_name = "DIR", default_value = ".flowmesh")]
    dir: PathBuf,
    #[command(flatten)]
    keys: KeyFile,
    /// Print JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// What to do with a directory.
#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Read everything in it: say what is damaged, and which runs can be saved
    #[command(after_help = "Examples:
  flowmesh store check
  flowmesh store check --dir /var/lib/shop --json")]
    Check,
    /// Write again what is needed of it and let go of the rest, while nothing works in it
    #[command(after_help = "Examples:
  flowmesh store compact
  flowmesh store compact /var/lib/shop
  flowmesh store compact --dir /var/lib/shop --json
  flowmesh store compact --keep-runs 30d --archive /archive

A `flowmesh serve` compacts its directory itself when half of it is needed by nobody; see `--compact-at`.
Wherever this is interrupted, nothing is lost.")]
    Compact {
        /// The directory, instead of what `--dir` says
        #[arg(value_name = "DIR")]
        of: Option<PathBuf>,
        /// Let go of runs that ended longer ago than this, such as 30d or 12h; their keys are free again
        #[arg(long, value_name = "TIME", value_parser = long_ago)]
        keep_runs: Option<SignedDuration>,
        /// Before they go, write them to a file of their own in this directory, as `store export` would; `store import`
        /// reads it
        #[arg(long, value_name = "DIR", requires = "keep_runs")]
        archive: Option<PathBuf>,
    },
    /// Write everything in it as lines of JSON, in the order in which it happened
    #[command(after_help = "Examples:
  flowmesh store export --to runs.jsonl
  flowmesh store export --readable | jq 'select(.event.event.started)'")]
    Export {
        /// The file to write, or `-` for the standard output
        #[arg(long, value_name = "FILE", default_value = "-")]
        to: PathBuf,
        /// Of a damaged directory, write what can be read: each run up to its first event that cannot
        #[arg(long)]
        readable: bool,
    },
    /// Make a directory of an export
    #[command(after_help = "Example:
  flowmesh store import runs.jsonl --dir copy")]
    Import {
        /// The export, or `-` for the standard input
        file: PathBuf,
    },
    /// Copy it to another directory
    #[command(after_help = "Example:
  flowmesh store backup /backups/monday --dir /var/lib/shop")]
    Backup {
        /// The other directory, which is made if it is not there
        to: PathBuf,
    },
    /// Make it of a backup, which is seen to before
    #[command(after_help = "Example:
  flowmesh store restore /backups/monday --dir /var/lib/shop")]
    Restore {
        /// The backup
        from: PathBuf,
    },
    /// Encrypt its keys with the first key of the key file, while nothing works in it
    #[command(after_help = "Example:
  flowmesh store rekey --dir /var/lib/shop --key-file /etc/flowmesh/keys

The file holds the new key first and the one that was used until now behind it. Nothing else is written again: what is
there stays encrypted with the data keys that it is encrypted with, until `flowmesh store compact` writes it again. A
directory that is not encrypted is from now on.")]
    Rekey,
}

impl Store {
    /// Does it.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        match &self.verb {
            Verb::Check => verbs::check(&self.dir, &self.keys, self.json),
            Verb::Compact {
                of,
                keep_runs,
                archive,
            } => {
                let dir = of.as_ref().unwrap_or(&self.dir);
                verbs::compact(dir, &self.keys, (*keep_runs, archive.as_deref()), self.json)
            }
            Verb::Export { to, readable } => verbs::export(&self.dir, &self.keys, (to, *readable), self.json),
            Verb::Import { file } => verbs::import(&self.dir, &self.keys, file, self.json),
            Verb::Backup { to } => verbs::copy(&self.dir, to, &self.keys, self.json),
            Verb::Restore { from } => verbs::copy(from, &self.dir, &self.keys, self.json),
            Verb::Rekey => verbs::rekey(&self.dir, &self.keys, self.json),
        }
    }
}
