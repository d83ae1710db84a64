//! File URIs and paths, each way.

use std::path::{Path, PathBuf};

/// The path of a `file:` URI on this machine; `None` of any other. The way back is [`of`].
pub(crate) fn path(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file://")?;
    let rest = rest.strip_prefix("localhost").unwrap_or(rest);
    if !rest.starts_with('/') {
        return None;
    }
    let mut bytes = Vec::with_capacity(rest.len());
    let mut left = rest.bytes();
    while let Some(byte) = left.next() {
        bytes.push(if byte == b'%' {
            hex(left.next()?)? << 4 | hex(left.next()?)?
        } else {
            byte
        });
    }
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

/// The URI of an absolute path. The way back is [`path`].
pub(crate) fn of(path: &Path) -> String {
    let mut uri = "file://".to_owned();
    for byte in path.to_string_lossy().bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri += &format!("%{byte:02X}");
        }
    }
    uri
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::{of, path};
    use std::path::Path;

    #[test]
    fn a_path_comes_back() {
        let there = Path::new("/tmp/a b/ü%.flow");
        assert_eq!(of(there), "file:///tmp/a%20b/%C3%BC%25.flow");
        assert_eq!(path(&of(there)).as_deref(), Some(there));
    }

    #[test]
    fn other_uris_have_no_path() {
        assert_eq!(path("untitled:Untitled-1"), None);
        assert_eq!(path("file:///%zz"), None);
    }
}
