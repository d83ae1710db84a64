//! Where the values of secrets are. They are read when the mesh asks for them, and kept nowhere here.

use super::pair;
use crate::{error::Error, project::words};
use flowmesh_host::network::Secrets;
use flowmesh_ir::Program;
use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Where the values of secrets are.
pub(super) struct Places {
    files: BTreeMap<String, PathBuf>,
    dir: Option<PathBuf>,
}

impl Places {
    /// What the command line names; each name is a secret of the program.
    pub(super) fn new(program: &Program, files: &[String], dir: Option<PathBuf>) -> Result<Self, Error> {
        let mut named = BTreeMap::new();
        for text in files {
            let (name, path) = pair("--secret-file", "name=PATH", text)?;
            if !program.secrets.iter().any(|secret| secret == name) {
                return Err(unknown(program, text, name));
            }
            named.insert(name.to_owned(), PathBuf::from(path));
        }
        match &dir {
            Some(path) if !path.is_dir() => Err(Error::unreadable(path, &"it is no directory")),
            _ => Ok(Self { files: named, dir }),
        }
    }

    /// The secrets of a program that have no value.
    pub(super) fn missing(&self, program: &Program) -> Result<Vec<Error>, Error> {
        let mut missing = Vec::new();
        for secret in &program.secrets {
            let value = self.value(secret)?;
            if value.as_deref().is_none_or(str::is_empty) {
                missing.push(Error::NoSecret {
                    name: secret.to_string(),
                    empty: value.is_some(),
                });
            }
        }
        Ok(missing)
    }

    /// Where the mesh gets values from. A file that is gone by then is a secret without a value.
    pub(super) fn secrets(self) -> Secrets {
        Arc::new(move |name| self.value(name).ok().flatten())
    }

    fn value(&self, name: &str) -> Result<Option<String>, Error> {
        if let Some(path) = self.files.get(name) {
            return content(path).map_err(|why| Error::unreadable(path, &words(&why)));
        }
        if let Ok(value) = env::var(name.to_uppercase()) {
            return Ok(Some(value));
        }
        let Some(dir) = &self.dir else {
            return Ok(None);
        };
        let path = dir.join(name);
        match content(&path) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map_err(|why| Error::unreadable(path, &words(&why))),
        }
    }
}

/// The content of a file without the line end that editors leave behind.
fn content(path: &Path) -> io::Result<Option<String>> {
    let text = fs::read_to_string(path)?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Some(text.strip_suffix('\r').unwrap_or(text).to_owned()))
}

fn unknown(program: &Program, text: &str, name: &str) -> Error {
    let near = flowmesh_ir::nearest(name, program.secrets.iter().map(|secret| secret.as_str()));
    Error::BadSetting {
        text: format!("--secret-file {text}"),
        why: format!("the program has no secret `{name}`"),
        help: near.map_or_else(
            || "declare it with `secret`, or leave it away".to_owned(),
            |near| format!("did you mean `{near}`?"),
        ),
    }
}
