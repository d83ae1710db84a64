//! The file of tokens: read whole, and replaced whole, so that nobody ever reads half of one.

use super::{Token, TokensError};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// The longest file.
const BYTES_MAX: u64 = 8 << 20;
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Content {
    version: u32,
    tokens: Vec<Token>,
}

/// What changes with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp(Option<(u64, u64, i64, i64)>);

impl Stamp {
    pub(super) fn of(path: &Path) -> Self {
        let found = fs::metadata(path).ok();
        Self(found.map(|file| (file.ino(), file.size(), file.mtime(), file.mtime_nsec())))
    }
}

/// The tokens of a file; none if there is no file.
pub(super) fn read(path: &Path) -> Result<Vec<Token>, TokensError> {
    let unreadable = |why: String| TokensError::Unreadable {
        path: path.to_owned(),
        why,
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error.to_string())),
    };
    let mut bytes = Vec::new();
    let read = file.take(BYTES_MAX + 1).read_to_end(&mut bytes);
    read.map_err(|why| unreadable(why.to_string()))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > BYTES_MAX) {
        return Err(unreadable(format!("it is longer than {BYTES_MAX} bytes")));
    }
    let content: Content = serde_json::from_slice(&bytes).map_err(|why| unreadable(why.to_string()))?;
    if content.version != VERSION {
        let why = format!("expected version {VERSION}, found {}", content.version);
        return Err(unreadable(why));
    }
    Ok(content.tokens)
}

/// Changes the tokens of a file, one at a time. What is refused changes nothing.
pub(super) fn change<T>(
    path: &Path,
    change: impl FnOnce(&mut Vec<Token>) -> Result<T, TokensError>,
) -> Result<T, TokensError> {
    let unwritable = |why: io::Error| TokensError::Unwritable {
        path: path.to_owned(),
        why: why.to_string(),
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(unwritable)?;
    }
    // The file itself is replaced, so it cannot be what is locked.
    let lock = private(&beside(path, "lock")).map_err(unwritable)?;
    lock.lock().map_err(unwritable)?;
    let mut tokens = read(path)?;
    let changed = change(&mut tokens)?;
    write(path, tokens).map_err(unwritable)?;
    Ok(changed)
}

fn write(path: &Path, tokens: Vec<Token>) -> io::Result<()> {
    let new = beside(path, "new");
    let content = Content {
        version: VERSION,
        tokens,
    };
    let mut bytes = serde_json::to_vec_pretty(&content)?;
    bytes.push(b'\n');
    let mut file = private(&new)?;
    file.set_len(0)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// A file that nobody else may read.
fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}
