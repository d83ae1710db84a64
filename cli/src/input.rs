//! JSON from the command line: as it stands, `@file`, or `-` for the standard input.

use crate::{error::Error, project::words};
use serde_json::value::RawValue;
use std::{fs, io::Read, path::Path};

/// Reads a JSON text, kept as it stands so that no number passes through a float; `whose` names the argument in messages.
pub(crate) fn json(text: &str, whose: &str) -> Result<Box<RawValue>, Error> {
    let text = content(text)?;
    serde_json::from_str(&text).map_err(|why| Error::BadJson {
        whose: whose.to_owned(),
        why: why.to_string(),
    })
}

/// The text that an argument stands for.
fn content(text: &str) -> Result<String, Error> {
    if let Some(path) = text.strip_prefix('@') {
        return fs::read_to_string(path).map_err(|why| Error::unreadable(path, &words(&why)));
    }
    if text == "-" {
        return stdin();
    }
    Ok(text.to_owned())
}

/// The whole standard input.
pub(crate) fn stdin() -> Result<String, Error> {
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    read.map_err(|why| Error::unreadable(Path::new("-"), &words(&why)))?;
    Ok(text)
}
