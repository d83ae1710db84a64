//! The access log: one line of JSON for each visit, written by a thread of its own. Whoever visits never waits for it; what
//! it cannot take in time is left out and counted.

use flowmesh_mesh::gateway::{Log, Record};
use jiff::Timestamp;
use serde::Serialize;
use std::{
    io::{self, Write},
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

/// So many lines may wait to be written.
const LINES_MAX: usize = 8_192;

/// One line of JSON for each visit.
pub struct AccessLog {
    lines: SyncSender<Vec<u8>>,
    left_out: AtomicU64,
}

#[derive(Serialize)]
struct Line<'a> {
    time: Timestamp,
    #[serde(flatten)]
    record: &'a Record,
}

impl AccessLog {
    /// A log that is written there.
    ///
    /// # Errors
    /// If there can be no thread for it.
    pub fn new(to: impl Write + Send + 'static) -> io::Result<Self> {
        let (lines, taken) = sync_channel(LINES_MAX);
        thread::Builder::new()
            .name("access log".to_owned())
            .spawn(move || write(&taken, to))?;
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
    fn visited(&self, record: Record) {
        let line = Line {
            time: Timestamp::now(),
            record: &record,
        };
        let Ok(mut line) = serde_json::to_vec(&line) else {
            return;
        };
        line.push(b'\n');
        if self.lines.try_send(line).is_err() && self.left_out.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::warn!("the access log cannot keep up; lines are left out");
        }
    }
}

fn write(lines: &Receiver<Vec<u8>>, mut to: impl Write) {
    while let Ok(line) = lines.recv() {
        let mut wrote = to.write_all(&line);
        // What waits is written together.
        while let Ok(line) = lines.try_recv() {
            wrote = wrote.and_then(|()| to.write_all(&line));
        }
        if let Err(error) = wrote.and_then(|()| to.flush()) {
            tracing::error!(%error, "the access log cannot be written");
        }
    }
}
