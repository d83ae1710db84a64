//! `flowmesh lsp`: the editor server.

use crate::{error::Error, exit::Exit, lsp};
use clap::Args;

/// Serve an editor over standard input and output
#[derive(Args)]
#[command(after_help = "Example, in Neovim:
  vim.lsp.start({ name = 'flowmesh', cmd = { 'flowmesh', 'lsp' } })")]
pub(crate) struct Lsp {}

impl Lsp {
    /// Serves until the editor says `exit`.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        lsp::serve()?;
        Ok(Exit::Ok)
    }
}
