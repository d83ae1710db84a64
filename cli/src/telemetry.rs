//! What is told of what happens, and to whom: options of all commands that stand for a while.

use crate::{error::Error, exit::Exit, house::below};
use clap::Args;
use flowmesh_host::traces::{Otlp, OtlpError, Protocol, Several, SpanSink, Zipkin};
use jiff::SignedDuration;
use std::{sync::Arc, time::Duration};

/// Who is told of visits and runs.
#[derive(Args, Default)]
pub(crate) struct TelemetryArgs {
    /// Send traces of visits and runs to an OpenTelemetry collector, by OTLP
    #[arg(long, value_name = "URL", env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub(crate) traces: Option<String>,
    /// How the collector is spoken to: `http/protobuf`, or `grpc`; else as OTEL_EXPORTER_OTLP_PROTOCOL says
    #[arg(long, value_name = "PROTOCOL", requires = "traces")]
    pub(crate) traces_protocol: Option<Protocol>,
    /// Send traces of visits and runs to Zipkin
    #[arg(long, value_name = "URL", env = "OTEL_EXPORTER_ZIPKIN_ENDPOINT")]
    pub(crate) zipkin: Option<String>,
    /// Keep so many visits of gateways in memory, with why they went as they did, for `flowmesh explain REQUEST` and
    /// `flowmesh trace`; 0 keeps none
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(..=100_000))]
    pub(crate) keep_visits: u32,
}

/// How long it says that it stops before it does.
#[derive(Args)]
pub(crate) struct DrainArgs {
    /// When it is to stop, say for so long that it is not ready before it takes no more connections: 5s
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = drain)]
    pub(crate) drain: Duration,
}

impl TelemetryArgs {
    /// Who takes traces. A variable that is set to nothing counts as none.
    pub(crate) fn sink(&self) -> Result<Option<Arc<dyn SpanSink>>, Error> {
        let untraced = |why: OtlpError| below(why.code(), &why, Some(why.help().to_owned()), Exit::Usage);
        let mut sinks: Vec<Arc<dyn SpanSink>> = Vec::new();
        if let Some(to) = self.traces.as_deref().filter(|to| !to.is_empty()) {
            let otlp = Otlp::batches(to, "flowmesh", self.traces_protocol).map_err(untraced)?;
            sinks.push(Arc::new(otlp));
        }
        if let Some(to) = self.zipkin.as_deref().filter(|to| !to.is_empty()) {
            sinks.push(Arc::new(Zipkin::batches(to, "flowmesh").map_err(untraced)?));
        }
        Ok(Several::of(sinks))
    }

    /// How many visits are kept.
    pub(crate) fn visits(&self) -> usize {
        usize::try_from(self.keep_visits).unwrap_or_default()
    }
}

/// How long it drains; at most an hour.
fn drain(text: &str) -> Result<Duration, String> {
    let span: Option<SignedDuration> = text.parse().ok();
    let span = span.and_then(|span| Duration::try_from(span).ok());
    let span = span.filter(|span| *span <= Duration::from_secs(3600));
    span.ok_or_else(|| "expected a time such as `5s`, at most `1h`".to_owned())
}
