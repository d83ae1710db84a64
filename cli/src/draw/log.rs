//! What the rooms below tell through `tracing`, to the standard error where somebody asked for it.

use tracing_subscriber::{EnvFilter, fmt, fmt::format::FmtSpan, prelude::*};

/// Installs the listener; without a filter nothing is listened to.
pub(crate) fn install(filter: Option<&str>) {
    let Some(filter) = filter else { return };
    let colour = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .with_span_events(FmtSpan::CLOSE);
    tracing_subscriber::registry()
        .with(EnvFilter::new(filter))
        .with(lines)
        .init();
}
