//! The joint: reads the command line, does what it says and ends with its exit code.

mod command;
#[expect(dead_code, reason = "likewise")]
mod draw;
#[expect(
    dead_code,
    reason = "the commands that raise the others come with the rooms they need"
)]
mod error;
#[expect(dead_code, reason = "likewise")]
mod exit;

use clap::Parser;
use command::CommandLine;
use std::process::ExitCode;

fn main() -> ExitCode {
    let line = CommandLine::parse();
    draw::log::install(line.log.as_deref());
    match line.command.run() {
        Ok(exit) => exit.into(),
        Err(error) => {
            draw::error(&error, line.command.wants_json());
            error.exit().into()
        }
    }
}
