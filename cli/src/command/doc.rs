//! `flowmesh doc FILE`: the documentation of a program.

use crate::{draw, error::Error, exit::Exit, output, program, project};
use clap::Args;
use std::{fs, path::PathBuf};

/// Write the documentation of a program: its flows, services and gateways, and who may call whom
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh doc shop.flow
  flowmesh doc shop.flow -o public/")]
pub(crate) struct Doc {
    /// The program, `.flow` or compiled `.json`
    file: PathBuf,
    /// The directory for the pages; `doc` where nothing is said
    #[arg(
        short,
        long,
        value_name = "DIR",
        default_value = "doc",
        hide_default_value = true
    )]
    out: PathBuf,
    /// Print diagnostics as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Doc {
    /// Writes all pages.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let (program, _) = program::load_with_sources(&self.file, self.json)?;
        let pages = flowmesh_doc::pages(&program);
        fs::create_dir_all(&self.out).map_err(|why| Error::unwritable(&self.out, &project::words(&why)))?;
        for page in &pages {
            output::write(&self.out.join(&page.path), &page.html)?;
        }
        let first = self.out.join("index.html");
        draw::say(format!(
            "wrote {} pages; the first is {}",
            pages.len(),
            first.display()
        ));
        Ok(Exit::Ok)
    }
}
