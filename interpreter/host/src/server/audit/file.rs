//! The file: lines are added at its end, and a full one is put aside.

use super::{AuditOptions, Entry};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

/// The audit log of a server.
#[derive(Clone, Debug)]
pub(in crate::server) struct Audit(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: AuditOptions,
    open: Mutex<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    file: File,
    bytes: u64,
}

impl Audit {
    /// Opens the file, or makes it.
    pub(in crate::server) fn open(options: AuditOptions) -> io::Result<Self> {
        let open = Open::at(&options)?;
        Ok(Self(Arc::new(Inner {
            options,
            open: Mutex::new(Some(open)),
        })))
    }

    /// Adds a line.
    pub(in crate::server) fn write(&self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = match open.take() {
            Some(file) => file,
            None => Open::at(&self.0.options)?,
        };
        let length = u64::try_from(line.len()).unwrap_or(u64::MAX);
        if file.bytes > 0 && file.bytes.saturating_add(length) > self.0.options.bytes {
            self.put_aside()?;
            file = Open::at(&self.0.options)?;
        }
        // A file that took only a part of a line is opened again, behind it.
        file.file.write_all(&line)?;
        file.bytes = file.bytes.saturating_add(length);
        *open = Some(file);
        Ok(())
    }

    /// The newest entries that are wanted, at most so many.
    pub(in crate::server) fn newest(
        &self,
        limit: usize,
        wanted: impl Fn(&Entry) -> bool,
    ) -> io::Result<Vec<Entry>> {
        let mut found = Vec::new();
        for number in 0..=self.0.options.files {
            if found.len() >= limit {
                break;
            }
            let bytes = match fs::read(self.aside(number)) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let lines = bytes.split(|byte| *byte == b'\n').rev();
            // A line that was cut by a full disk is none.
            let entries = lines.filter_map(|line| serde_json::from_slice(line).ok());
            let room = limit.saturating_sub(found.len());
            found.extend(entries.filter(|entry| wanted(entry)).take(room));
        }
        Ok(found)
    }

    fn put_aside(&self) -> io::Result<()> {
        for number in (0..self.0.options.files).rev() {
            match fs::rename(self.aside(number), self.aside(number.saturating_add(1))) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        if self.0.options.files == 0 {
            fs::remove_file(&self.0.options.path)?;
        }
        Ok(())
    }

    fn aside(&self, number: u32) -> PathBuf {
        let path = &self.0.options.path;
        if number == 0 {
            return path.clone();
        }
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{number}"));
        PathBuf::from(name)
    }
}

impl Open {
    fn at(options: &AuditOptions) -> io::Result<Self> {
        if let Some(folder) = options
            .path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            fs::create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&options.path)?;
        let mut bytes = file.metadata()?.len();
        if bytes > 0 {
            // Whatever was cut before, the next line begins on its own.
            file.write_all(b"\n")?;
            bytes = bytes.saturating_add(1);
        }
        Ok(Self { file, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn entry(number: u64) -> Entry {
        Entry {
            at: Timestamp::UNIX_EPOCH,
            who: format!("w{}", number % 2),
            by: "nobody".to_owned(),
            role: None,
            namespace: "default".to_owned(),
            from: "127.0.0.1".to_owned(),
            did: "cancel_run".to_owned(),
            path: "/v1".to_owned(),
            filter: None,
            run: None,
            status: 202,
            code: None,
            took_ms: number,
        }
    }

    fn numbers(audit: &Audit, limit: usize) -> Vec<u64> {
        let found = audit.newest(limit, |entry| entry.who == "w0").unwrap();
        found.iter().map(|entry| entry.took_ms).collect()
    }

    #[test]
    fn full_files_are_put_aside_and_the_newest_come_first() {
        let folder = tempfile::tempdir().unwrap();
        let options = AuditOptions {
            bytes: 600,
            files: 3,
            ..AuditOptions::new(folder.path().join("deep/audit.jsonl"))
        };
        let audit = Audit::open(options.clone()).unwrap();
        for number in 0..40 {
            audit.write(&entry(number)).unwrap();
        }
        assert_eq!(numbers(&audit, 3), [38, 36, 34]);
        let kept = numbers(&audit, 1000);
        assert!(
            kept.len() < 20 && kept.windows(2).all(|pair| pair[0] == pair[1] + 2),
            "{kept:?}"
        );
        let files = fs::read_dir(folder.path().join("deep")).unwrap().count();
        assert_eq!(files, 4);
        // What was cut is no entry, and does not spoil the next one.
        let mut file = OpenOptions::new().append(true).open(&options.path).unwrap();
        file.write_all(b"{\"at\":").unwrap();
        let again = Audit::open(options).unwrap();
        again.write(&entry(50)).unwrap();
        assert_eq!(numbers(&again, 2), [50, 38]);
    }
}
