//! What the rooms below tell through `tracing`, to the standard error where somebody asked for it.

use clap::ValueEnum;
use tracing_subscriber::{EnvFilter, Layer, fmt, fmt::format::FmtSpan, prelude::*};

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs: an object on each line
    Json,
}

/// Installs the listener; without a filter nothing is listened to, unless somebody says how lines look.
pub(crate) fn install(filter: Option<&str>, format: Option<Format>) {
    let Some(filter) = filter.or(format.map(|_| "info")) else {
        return;
    };
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        .with_span_events(FmtSpan::CLOSE);
    let lines = match format.unwrap_or_default() {
        Format::Json => lines.json().flatten_event(true).boxed(),
        Format::Text => {
            let colour = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
            lines.with_ansi(colour).boxed()
        }
    };
    tracing_subscriber::registry()
        .with(EnvFilter::new(filter))
        .with(lines)
        .init();
}
