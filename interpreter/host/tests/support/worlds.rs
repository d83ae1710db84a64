//! Many worlds at once: as many as the machine has cores, with a word now and then where there are very many.

use std::{
    io::{IsTerminal, Write},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

/// After so many there is a word.
const WORD: u64 = 5000;

/// Does something for each number from nothing up; what came of it, in order. Ends with the first panic.
pub(crate) fn each<T: Send>(count: u64, act: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let (next, done) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    let hands = thread::available_parallelism().map_or(1, |cores| cores.get());
    thread::scope(|scope| {
        for _ in 0..hands {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= count {
                        break;
                    }
                    let result = act(at);
                    let mut done = done.lock().expect("nobody else panicked");
                    done.push((at, result));
                    let so_far = done.len() as u64;
                    if so_far.is_multiple_of(WORD) && std::io::stderr().is_terminal() {
                        drop(writeln!(std::io::stderr(), "{so_far} of {count}"));
                    }
                }
            });
        }
    });
    let mut all = done.into_inner().expect("nobody panicked");
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, result)| result).collect()
}
