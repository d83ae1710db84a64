//! `flowmesh repl [FILE]`: a session at a prompt, in virtual time.

use crate::{error::Error, exit::Exit, prompt, settings::Set};
use clap::Args;
use std::path::PathBuf;

/// Try programs out at a prompt: declare, start runs, let time pass, look
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh repl shop.flow
  echo '[1, 2, 3].sum()' | flowmesh repl
  flowmesh repl shop.flow < session.txt
  flowmesh repl shop.flow --set limit=3

An input is a declaration, a statement of a test or an expression. Runs are carried out in virtual time and against mocks:
  let run = start checkout(order)
  mock payments.charge(_) -> Receipt(id: \"r1\")
  :time +3d
  :inspect run
  :save test it is paid to shop.flow

`:help` tells what there is. Input from no terminal is a script: it ends with 3 if the compiler found anything, else with 1
if a statement did not go as it says.")]
pub(crate) struct Repl {
    /// A file whose declarations are there from the start
    file: Option<PathBuf>,
    #[command(flatten)]
    set: Set,
    /// Stub the services that are on this machine while `:run` runs a flow
    #[arg(long)]
    stub: bool,
}

impl Repl {
    /// Reads until the end of the input.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        prompt::talk(self.file.as_deref(), &self.set, self.stub)
    }
}
