//! The joint: reads the command line, does what it says and ends with its exit code.

mod authority;
mod client;
mod command;
mod draw;
mod error;
mod exit;
mod find;
mod house;
mod identity;
mod input;
mod keys;
mod lsp;
mod memory;
mod output;
mod private;
mod program;
mod project;
mod prompt;
mod reach;
mod runtime;
mod settings;
mod stub;
mod telemetry;
mod threads;

use clap::Parser;
use command::CommandLine;
use mimalloc::MiMalloc;
use std::process::ExitCode;

/// What a step allocates is freed on another thread than it was made on. With the system's allocator, threads waited
/// for each other there for a tenth of the time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let line = CommandLine::parse_from(command::spelled(std::env::args_os()));
    draw::log::install(line.log.as_deref(), line.log_format);
    match line.command.run() {
        Ok(exit) => exit.into(),
        Err(error) => {
            draw::error(&error, line.command.wants_json());
            error.exit().into()
        }
    }
}
