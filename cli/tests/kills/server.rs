//! The server as a process: started, killed, started again on the same directory and port.

use super::{http::Connection, ports::free_port};
use std::{
    fs::{self, File},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A server that does not answer after so long will not.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Server {
    pub(crate) port: u16,
    echo: u16,
    dir: TempDir,
    process: Option<Child>,
}

impl Server {
    pub(crate) fn new(program: &str, echo: u16) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("load.flow"), program).unwrap();
        Self {
            port: free_port(),
            echo,
            dir,
            process: None,
        }
    }

    /// Starts it and waits until it answers; how long that took.
    pub(crate) fn start(&mut self) -> Duration {
        let said = File::create(self.dir.path().join("said")).unwrap();
        let begun = Instant::now();
        let child = Command::new(env!("CARGO_BIN_EXE_flowmesh"))
            .args([
                "serve",
                "load.flow",
                "--listen",
                &format!("127.0.0.1:{}", self.port),
            ])
            .current_dir(self.dir.path())
            .env("ECHO_URL", format!("http://127.0.0.1:{}", self.echo))
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(said)
            .spawn();
        self.process = Some(child.unwrap());
        let mut connection = Connection::to(self.port);
        loop {
            let answer = connection.ask("GET", "/healthz", "");
            if answer.is_some_and(|answer| answer.status() == 200) {
                return begun.elapsed();
            }
            let ended = self.process.as_mut().and_then(|child| child.try_wait().unwrap());
            if ended.is_some() || begun.elapsed() > PATIENCE {
                panic!("the server does not come back ({ended:?}): {}", self.said());
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.process.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    fn said(&self) -> String {
        fs::read_to_string(self.dir.path().join("said")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.process.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
