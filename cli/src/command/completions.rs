//! `flowmesh completions SHELL`: what a shell completes.

use super::CommandLine;
use crate::{draw, error::Error, exit::Exit};
use clap::{Args, CommandFactory};

/// Print a completion script for a shell
#[derive(Args)]
#[command(
    after_help = "Example:\n  flowmesh completions bash > ~/.local/share/bash-completion/completions/flowmesh"
)]
pub(crate) struct Completions {
    /// The shell
    shell: clap_complete::Shell,
}

impl Completions {
    /// Prints the script.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut CommandLine::command(), "flowmesh", &mut script);
        draw::raw(&String::from_utf8_lossy(&script));
        Ok(Exit::Ok)
    }
}
