//! Whether something exists already: a file on this machine, or an address that answers `HEAD`.

use crate::clock::Clock;
use flowmesh_mesh::{decide::guard::Said, identity::Https};
use std::{sync::LazyLock, time::Duration};

/// How often is looked before nobody knows.
const LOOKS_MAX: u32 = 4;
/// The wait after the first look that said nothing; each further one is twice as long.
const WAIT_FIRST: Duration = Duration::from_millis(200);
/// What the system trusts; read when an address is looked for the first time.
static HTTPS: LazyLock<Result<Https, String>> = LazyLock::new(Https::new);

/// Looks for `file:PATH` or an address, again where the answer says nothing about it.
pub(super) async fn probe(target: &str, said: Said, clock: &dyn Clock) -> Result<bool, String> {
    let mut wait = WAIT_FIRST;
    for _ in 1..LOOKS_MAX {
        if let Ok(found) = look(target, said).await {
            return Ok(found);
        }
        // Between half of the wait and all of it, so that many runs do not look at once.
        let half = wait / 2;
        let share = u32::try_from(clock.draw() % 1000).unwrap_or_default();
        tokio::time::sleep(half.saturating_add(half.saturating_mul(share) / 1000)).await;
        wait = wait.saturating_mul(2);
    }
    look(target, said).await
}

async fn look(target: &str, said: Said) -> Result<bool, String> {
    if let Some(path) = target.strip_prefix("file:") {
        let found = tokio::fs::try_exists(path).await;
        return found.map_err(|why| format!("nobody knows whether `{path}` exists: {why}"));
    }
    let https = HTTPS.as_ref().map_err(Clone::clone)?;
    match https.head(target, said).await {
        Ok(200..=299) => Ok(true),
        Ok(404 | 410) => Ok(false),
        Ok(status) => Err(format!("`{target}` answered with status {status}")),
        Err(why) => Err(format!("`{target}` does not answer: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    /// A server that answers each `HEAD` with the next of these statuses, the last again and again.
    async fn server(statuses: &'static [u16]) -> (String, Arc<AtomicU32>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/report", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicU32::new(0));
        let count = asked.clone();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = [0; 1024];
                let length = stream.read(&mut head).await.unwrap();
                assert!(head[..length].starts_with(b"HEAD /report HTTP/1.1\r\n"));
                let at = count.fetch_add(1, Ordering::SeqCst) as usize;
                let status = statuses[at.min(statuses.len() - 1)];
                let answer = format!("HTTP/1.1 {status} Said\r\ncontent-length: 7\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        (address, asked)
    }

    #[tokio::test]
    async fn an_answer_says_whether_it_is_there() {
        for (statuses, there) in [(&[200], true), (&[204], true), (&[404], false), (&[410], false)] {
            let (address, asked) = server(statuses).await;
            assert_eq!(probe(&address, Said::Written, &SystemClock).await, Ok(there));
            assert_eq!(asked.load(Ordering::SeqCst), 1);
        }
    }

    #[tokio::test]
    async fn what_says_nothing_about_it_is_looked_at_again() {
        let (address, asked) = server(&[503, 302, 200]).await;
        assert_eq!(probe(&address, Said::Written, &SystemClock).await, Ok(true));
        assert_eq!(asked.load(Ordering::SeqCst), 3);
        let (address, asked) = server(&[403]).await;
        let why = probe(&address, Said::Written, &SystemClock).await.unwrap_err();
        assert_eq!(why, format!("`{address}` answered with status 403"));
        assert_eq!(asked.load(Ordering::SeqCst), LOOKS_MAX);
    }

    #[tokio::test]
    async fn a_host_that_the_program_does_not_name_is_not_looked_for_on_this_machine() {
        let (address, asked) = server(&[200]).await;
        let why = look(&address, Said::Given).await.unwrap_err();
        assert!(why.contains("the program does not name the host"), "{why}");
        assert_eq!(asked.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn a_file_is_there_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.csv");
        let target = format!("file:{}", path.display());
        assert_eq!(probe(&target, Said::Written, &SystemClock).await, Ok(false));
        std::fs::write(&path, "").unwrap();
        assert_eq!(probe(&target, Said::Written, &SystemClock).await, Ok(true));
    }
}
