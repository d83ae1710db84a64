//! The modules of the library and the pages of codes as files, so that any editor can show them.

use flowmesh_diagnostics::Code;
use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// Files of pages that are known to be there: each finding leads to one.
static PAGES: Mutex<BTreeMap<Code, PathBuf>> = Mutex::new(BTreeMap::new());

/// The file of a module of the library, by its path `std/policy.flow`. `None` where there is no such module, or nothing can be
/// written.
pub(super) fn path(name: &str) -> Option<PathBuf> {
    written(name, flowmesh_stdlib::sources::source(name)?)
}

/// The file with the page of a code.
pub(super) fn page(code: Code) -> Option<PathBuf> {
    let mut pages = PAGES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = pages.get(&code) {
        return Some(known.clone());
    }
    let text = flowmesh_diagnostics::page(code)?.text;
    let path = written(&format!("codes/{code}.md"), text)?;
    pages.insert(code, path.clone());
    Some(path)
}

/// A file of the folder; it is written where it is not there yet.
fn written(name: &str, text: &str) -> Option<PathBuf> {
    let path = folder()?.join(name);
    let known = fs::read_to_string(&path);
    if known.is_ok_and(|known| known == text) {
        return Some(path);
    }
    fs::create_dir_all(path.parent()?).ok()?;
    // Another server may write it at the same time: it appears whole.
    let part = path.with_extension(format!("{}.part", std::process::id()));
    fs::write(&part, text).ok()?;
    fs::rename(&part, &path).ok()?;
    Some(path)
}

/// Whether a file is one of those: nobody mends it there.
pub(super) fn holds(path: &Path) -> bool {
    folder().is_some_and(|folder| path.starts_with(folder))
}

/// In the user's cache, apart for each version of the library.
fn folder() -> Option<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let cache = cache.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")))?;
    Some(cache.join("flowmesh").join(env!("CARGO_PKG_VERSION")))
}
