//! What tracing hears of a call, and that it hears no secret.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use flowmesh_ir::{SecretId, policy::RetryOn, service::Auth};
use std::{
    io,
    sync::{Arc, Mutex},
};
use support::{
    TRACE, call, request, retrying,
    server::{Answer, Server},
    with_options,
};
use tracing_subscriber::fmt::{MakeWriter, format::FmtSpan};

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Written {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_call_is_a_span_and_so_is_each_attempt() {
    let written = Written::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(written.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let server = Server::start(|n| Answer::Status(if n == 0 { 503 } else { 200 })).await;
    let mut program = support::program(retrying(&[RetryOn::Class(5)]), &[100]);
    Arc::make_mut(&mut program.services[0]).auth = Some(Auth::Bearer(SecretId(0)));
    let mesh = with_options(program, vec![vec![server.url()]], |options| {
        options.secrets = Arc::new(|_| Some("s3cret".to_owned()));
    })
    .unwrap();
    call(&mesh, &request()).await;

    let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    let closed: Vec<_> = text
        .lines()
        .filter(|line| line.contains("flowmesh_mesh") && line.contains("close"))
        .collect();
    assert_eq!(closed.len(), 3, "{text}");
    let (call, first, second) = (closed[2], closed[0], closed[1]);
    for part in [
        "call{service=\"shop\" operation=\"buy\"",
        "attempts=2",
        "status=200",
    ] {
        assert!(call.contains(part), "{part} in {call}");
    }
    let endpoint = format!("endpoint=\"{}\" status=", server.address);
    for (line, number, status) in [(first, 1, 503), (second, 2, 200)] {
        let (trace, span) = (TRACE.trace, TRACE.child(number).span);
        let ids =
            format!("attempt{{attempt={number} trace_id={trace:032x} span_id={span:016x} {endpoint}{status}");
        assert!(line.contains(&ids), "{ids} in {line}");
    }
    assert!(!text.contains("s3cret"), "{text}");
}
