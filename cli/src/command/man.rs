//! `flowmesh man`: the pages of the manual.

use super::CommandLine;
use crate::{draw, error::Error, exit::Exit, output, project};
use clap::{Args, Command, CommandFactory};
use clap_mangen::Man as Page;
use std::{fs, path::PathBuf};

/// Write the pages of the manual: one for each command
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh man -o ~/.local/share/man/man1
  flowmesh man | man -l -")]
pub(crate) struct Man {
    /// The directory for the pages; the page of `flowmesh` goes to the standard output where nothing is said
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Man {
    /// Writes them.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let command = CommandLine::command();
        let Some(dir) = &self.out else {
            draw::raw(&text(command));
            return Ok(Exit::Ok);
        };
        fs::create_dir_all(dir).map_err(|why| Error::unwritable(dir, &project::words(&why)))?;
        let mut written = 0;
        let mut open = vec![(String::new(), command)];
        while let Some((above, command)) = open.pop() {
            let name = match above.is_empty() {
                true => command.get_name().to_owned(),
                false => format!("{above}-{}", command.get_name()),
            };
            open.extend(
                command
                    .get_subcommands()
                    .map(|inner| (name.clone(), inner.clone())),
            );
            output::write(&dir.join(format!("{name}.1")), &text(command.name(name)))?;
            written += 1;
        }
        draw::say(format!("wrote {written} pages to {}", dir.display()));
        Ok(Exit::Ok)
    }
}

/// A page of a command.
fn text(command: Command) -> String {
    let mut page = Vec::new();
    // A list of bytes takes whatever is written to it.
    let _ = Page::new(command).render(&mut page);
    String::from_utf8_lossy(&page).into_owned()
}
