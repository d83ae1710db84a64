//! `flowmesh fmt FILE|DIR...`: the one way to lay out a program.

use crate::{draw, error::Error, exit::Exit, find, input, output, project::words};
use clap::Args;
use flowmesh_diagnostics::Sources;
use flowmesh_frontend::format::format;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Lay out programs in the one way
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh fmt shop.flow
  flowmesh fmt --check flows/
  flowmesh fmt - < shop.flow")]
pub(crate) struct Fmt {
    /// Files, or directories with files, which are changed in place; `-` formats the standard input to the standard output
    #[arg(required = true, value_name = "FILE|DIR")]
    files: Vec<PathBuf>,
    /// Change nothing; name the files that are not formatted and end with 1 if there are any
    #[arg(long)]
    check: bool,
}

impl Fmt {
    /// Formats each file.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let (mut bad, mut unformatted) = (false, false);
        for file in &find::programs(&self.files)? {
            let standard = file == Path::new("-");
            let text = if standard { input::stdin()? } else { read(file)? };
            let Some(formatted) = formatted(file, &text) else {
                bad = true;
                continue;
            };
            let changed = formatted != text;
            unformatted |= changed;
            if changed && (self.check || !standard) {
                draw::say(format!(
                    "{} {}",
                    if self.check { "not formatted:" } else { "formatted" },
                    file.display()
                ));
            }
            match (self.check, standard) {
                (true, _) => {}
                (false, true) => draw::raw(&formatted),
                (false, false) if changed => output::write(file, &formatted)?,
                (false, false) => {}
            }
        }
        Ok(match (bad, self.check && unformatted) {
            (true, _) => Exit::Diagnostics,
            (false, true) => Exit::Failed,
            (false, false) => Exit::Ok,
        })
    }
}

fn read(file: &Path) -> Result<String, Error> {
    fs::read_to_string(file).map_err(|why| Error::unreadable(file, &words(&why)))
}

/// The formatted text; what cannot be parsed is drawn.
fn formatted(file: &Path, text: &str) -> Option<String> {
    let found = match format(text) {
        Ok(formatted) => return Some(formatted),
        Err(found) => found,
    };
    let mut sources = Sources::default();
    sources.add(file.display().to_string(), text);
    draw::report::diagnostics(&found.sorted(), &sources, false);
    None
}
