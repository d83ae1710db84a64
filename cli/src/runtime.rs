//! The asynchronous runtime of commands that wait, and the signals that end them.

use crate::error::Error;
use tokio::signal::unix::{SignalKind, signal};

/// Runs a command that waits.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|why| Error::NoServer {
        url: "this machine".to_owned(),
        why: why.to_string(),
    })?;
    let result = runtime.block_on(work);
    // What still hangs in a system call is not waited for.
    runtime.shutdown_background();
    result
}

/// Ends with SIGINT or SIGTERM.
pub(crate) async fn interrupted() {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
