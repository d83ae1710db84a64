//! Work of the compiler, spread over the cores of this machine.

use flowmesh_frontend::Work;
use std::{
    num::NonZero,
    sync::{Mutex, PoisonError},
    thread,
};

/// More are not begun, whatever the machine has.
const MOST: usize = 16;

/// Does all of it. The calling thread works too.
pub(crate) fn work(all: Vec<Work<'_>>) {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let helpers = cores.min(MOST).min(all.len()).saturating_sub(1);
    let open = Mutex::new(all.into_iter());
    let next = || open.lock().unwrap_or_else(PoisonError::into_inner).next();
    let hand = || std::iter::from_fn(next).for_each(|work| work());
    thread::scope(|scope| {
        for _ in 0..helpers {
            scope.spawn(hand);
        }
        hand();
    });
}

#[cfg(test)]
mod tests {
    use super::work;
    use flowmesh_frontend::Work;

    #[test]
    fn every_piece_is_done_once() {
        let mut done = vec![0; 100];
        work(
            done.iter_mut()
                .map(|done| -> Work<'_> { Box::new(move || *done += 1) })
                .collect(),
        );
        assert_eq!(done, vec![1; 100]);
        work(Vec::new());
    }
}
