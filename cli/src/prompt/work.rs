//! Work that the impatient can end: Ctrl-C ends it, and not the session.

use crate::{error::Error, exit::Exit, runtime};
use flowmesh_ir::Code;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Does something beside, and gives it up when the author does. Without a person there is nobody to do so: then Ctrl-C ends
/// the whole process, as it ends others.
pub(super) fn interruptible<T: Send + 'static>(
    person: bool,
    stop: &Arc<AtomicBool>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    if !person {
        return Ok(work());
    }
    runtime::block_on(async {
        let work = tokio::task::spawn_blocking(work);
        tokio::select! {
            done = work => done.map_err(|_| stopped("the evaluation broke off")),
            () = runtime::interrupted() => {
                // It looks up from its work now and then; an expression ends when it has used up its fuel.
                stop.store(true, Ordering::Relaxed);
                Err(stopped("interrupted"))
            }
        }
    })
}

/// An evaluation that came to no end.
pub(super) fn stopped(why: &str) -> Error {
    Error::Below {
        code: Code(1116),
        message: why.to_owned(),
        help: None,
        exit: Exit::Failed,
    }
}
