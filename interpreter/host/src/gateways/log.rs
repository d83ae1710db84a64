//! The access log: one line of JSON for each visit, written by a thread of its own. Whoever visits never waits for it; what
//! it cannot take in time is left out and counted.

mod line;

use flowmesh_mesh::gateway::{Log, Record};
use jiff::Timestamp;
use line::line;
use std::{
    io::{self, Write},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

/// So many lines may wait to be written.
const LINES_MAX: usize = 8_192;
/// Lines that come within this time are written together: to wake the writer for each would cost more than all else.
const TOGETHER: Duration = Duration::from_millis(5);
/// How long the end waits for what is not written yet.
const LAST: Duration = Duration::from_secs(1);

/// One line of JSON for each visit.
pub struct AccessLog {
    lines: Arc<Lines>,
    left_out: AtomicU64,
}

/// The lines on their way to the writer.
#[derive(Default)]
struct Lines {
    waiting: Mutex<Waiting>,
    /// Rings when the first line comes, when there will be none, and when all are written.
    bell: Condvar,
}

#[derive(Default)]
struct Waiting {
    text: Vec<u8>,
    count: usize,
    /// Nothing comes any more.
    over: bool,
    /// All is written.
    done: bool,
}

impl AccessLog {
    /// A log that is written there.
    ///
    /// # Errors
    /// If there can be no thread for it.
    pub fn new(to: impl Write + Send + 'static) -> io::Result<Self> {
        let lines = Arc::<Lines>::default();
        let taken = lines.clone();
        thread::Builder::new()
            .name("access log".to_owned())
            .spawn(move || taken.write(to))?;
        Ok(Self {
            lines,
            left_out: AtomicU64::new(0),
        })
    }

    /// How many lines were left out because they came faster than they could be written.
    pub fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }
}

impl Log for AccessLog {
    fn visited(&self, record: Arc<Record>) {
        let line = line(Timestamp::now(), &record);
        if !self.lines.take(&line) && self.left_out.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::warn!("the access log cannot keep up; lines are left out");
        }
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        self.lines.lock().over = true;
        self.lines.bell.notify_all();
        let waiting = self.lines.lock();
        drop(self.lines.bell.wait_timeout_while(waiting, LAST, |it| !it.done));
    }
}

impl Lines {
    /// Whether there is room for a line.
    fn take(&self, line: &[u8]) -> bool {
        let mut waiting = self.lock();
        if waiting.count >= LINES_MAX {
            return false;
        }
        waiting.count += 1;
        waiting.text.extend_from_slice(line);
        let first = waiting.count == 1;
        drop(waiting);
        if first {
            self.bell.notify_all();
        }
        true
    }

    /// Writes until nothing comes any more.
    fn write(&self, mut to: impl Write) {
        loop {
            let idle = |it: &mut Waiting| it.count == 0 && !it.over;
            let woken = self.bell.wait_while(self.lock(), idle);
            let over = woken.unwrap_or_else(PoisonError::into_inner).over;
            if !over {
                thread::sleep(TOGETHER);
            }
            let mut waiting = self.lock();
            let text = std::mem::take(&mut waiting.text);
            waiting.count = 0;
            drop(waiting);
            if let Err(error) = to.write_all(&text).and_then(|()| to.flush()) {
                tracing::error!(%error, "the access log cannot be written");
            }
            let mut waiting = self.lock();
            if waiting.over && waiting.count == 0 {
                waiting.done = true;
                self.bell.notify_all();
                return;
            }
        }
    }

    /// A panic elsewhere cannot leave whole lines in a bad state.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::AccessLog;
    use flowmesh_mesh::gateway::{Log, Record};
    use serde_json::Value;
    use std::{
        io::{self, Write},
        sync::{Arc, Mutex},
    };

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn all_lines_are_written_before_the_end() {
        let written = Written::default();
        let log = AccessLog::new(written.clone()).unwrap();
        for status in 200..300 {
            let record = Record {
                status,
                request: 7,
                ..Record::default()
            };
            log.visited(Arc::new(record));
        }
        drop(log);
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 100);
        for (line, status) in lines.iter().zip(200..) {
            assert_eq!(line["status"], status);
            assert_eq!(line["request"], format!("{:032x}", 7));
            assert!(line["time"].as_str().unwrap().ends_with('Z'));
        }
    }
}
