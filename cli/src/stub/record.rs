//! What was received: a line for people or programs, and a file for tests.

use crate::{draw, error::Error};
use serde::Serialize;
use serde_json::{Value, value::RawValue};
use std::{
    fs::File,
    io::Write,
    path::Path,
    sync::{Mutex, PoisonError},
};

/// One request and what became of it.
#[derive(Debug, Serialize)]
pub(crate) struct Received {
    pub(crate) service: String,
    pub(crate) operation: String,
    pub(crate) method: String,
    pub(crate) path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) traceparent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<Box<RawValue>>,
    /// Whether the key was carried out before.
    pub(crate) repeat: bool,
    /// `200`, or `close`, `hang`, `lose`.
    pub(crate) answer: Value,
    /// Why the request was refused, where the stub itself refused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refused: Option<String>,
}

/// Where lines go.
#[derive(Debug)]
pub(crate) struct Recorder {
    style: Style,
    file: Option<Mutex<File>>,
}

/// What is shown of each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// A line for people on the standard error.
    People,
    /// A line of JSON on the standard output.
    Json,
}

impl Recorder {
    /// Opens the file, to which lines are added.
    pub(crate) fn open(style: Style, path: Option<&Path>) -> Result<Self, Error> {
        let open = |path: &Path| {
            let file = File::options().create(true).append(true).open(path);
            file.map(Mutex::new)
                .map_err(|why| Error::unwritable(path, &crate::project::words(&why)))
        };
        Ok(Self {
            style,
            file: path.map(open).transpose()?,
        })
    }

    /// Tells of a request. The line is in the file before the answer goes out.
    pub(crate) fn tell(&self, received: &Received) {
        if let Some(file) = &self.file {
            let mut line = serde_json::to_vec(received).unwrap_or_default();
            line.push(b'\n');
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(why) = file.write_all(&line) {
                draw::say(format!("stub: cannot write the record: {why}"));
            }
        }
        match self.style {
            Style::People => draw::say(line(received)),
            Style::Json => draw::answer_line(received),
        }
    }
}

fn line(received: &Received) -> String {
    let Received {
        service,
        operation,
        method,
        path,
        answer,
        ..
    } = received;
    let mut line = format!(
        "stub  {service}.{operation}  {method} {path}  -> {}",
        word(answer)
    );
    if let Some(key) = &received.key {
        line += &format!("  key {key}");
    }
    if received.repeat {
        line += "  (again, counted once)";
    }
    if let Some(why) = &received.refused {
        line += &format!("  {why}");
    }
    line
}

fn word(answer: &Value) -> String {
    answer.as_str().map_or_else(|| answer.to_string(), str::to_owned)
}
