//! `flowmesh repl [FILE]`: a prompt for expressions, declarations and flows.

use crate::{error::Error, exit::Exit, prompt, settings::Set};
use clap::Args;
use std::path::PathBuf;

/// Try the language out at a prompt
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh repl shop.flow
  echo '[1, 2, 3].sum()' | flowmesh repl

At the prompt, `:help` tells what there is.")]
pub(crate) struct Repl {
    /// A file whose declarations are there from the start
    file: Option<PathBuf>,
    #[command(flatten)]
    set: Set,
    /// Stub the services that are on this machine while a flow runs
    #[arg(long)]
    stub: bool,
}

impl Repl {
    /// Reads until the end of the input.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        prompt::talk(self.file.as_deref(), &self.set, self.stub)
    }
}
