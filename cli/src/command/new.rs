//! `flowmesh new NAME`: a small project that checks and runs as it is.

use crate::{draw, error::Error, exit::Exit};
use clap::Args;
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

/// Make a small project to begin with
#[derive(Args)]
#[command(after_help = "Example:\n  flowmesh new shop")]
pub(crate) struct New {
    /// Its name, which becomes a directory here; nothing is overwritten
    name: PathBuf,
}

impl New {
    /// Writes the project.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let name = project_name(&self.name)?;
        make(&self.name)?;
        write(&self.name, "flowmesh.toml", MARKER, name)?;
        write(&self.name, "main.flow", PROGRAM, name)?;
        write(&self.name, "README.md", README, name)?;
        let at = self.name.display();
        draw::answer(format!("made `{at}` with a flow in it; try it:"));
        draw::answer(format!(
            "  flowmesh run {at}/main.flow greet --input '{{\"name\": \"Ann\"}}'"
        ));
        Ok(Exit::Ok)
    }
}

fn project_name(path: &Path) -> Result<&str, Error> {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic());
    let goes_on = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if begins && goes_on {
        Ok(name)
    } else {
        Err(Error::BadName {
            name: path.display().to_string(),
        })
    }
}

fn make(path: &Path) -> Result<(), Error> {
    fs::create_dir(path).map_err(|why| match why.kind() {
        std::io::ErrorKind::AlreadyExists => Error::Exists {
            path: path.to_owned(),
        },
        _ => Error::unwritable(path, &crate::project::words(&why)),
    })
}

fn write(dir: &Path, file: &str, text: &str, name: &str) -> Result<(), Error> {
    let path = dir.join(file);
    let mut open =
        fs::File::create_new(&path).map_err(|why| Error::unwritable(&path, &crate::project::words(&why)))?;
    open.write_all(text.replace("NAME", name).as_bytes())
        .map_err(|why| Error::unwritable(&path, &crate::project::words(&why)))
}

const MARKER: &str =
    "# Modules of this project are named from this directory: `use shop.types` is `shop/types.flow`.
";

const PROGRAM: &str = "//! The first flow of NAME.

/// Greets somebody after a moment's thought.
flow greet(name: string) -> string {
  log \"thinking of a greeting for {name}\"
  sleep 1s
  return \"hello, {name}\"
}

test \"somebody is greeted by name\" {
  let run = start greet(name: \"Ann\")
  advance 1s
  expect run returns \"hello, Ann\"
}
";

const README: &str = "# NAME

    flowmesh check main.flow
    flowmesh test main.flow
    flowmesh run main.flow greet --input '{\"name\": \"Ann\"}'
";
