//! Which runs are listed, counted or steered together.

use crate::error::Error;
use clap::Args;
use jiff::{SignedDuration, Timestamp};

/// Which runs; what is not said does not matter.
#[derive(Args)]
pub(crate) struct Which {
    /// Only of this flow
    #[arg(long)]
    flow: Option<String>,
    /// Only in this state: running, waiting, paused, undoing, done, failed, cancelled,
    /// terminated
    #[arg(long)]
    state: Option<String>,
    /// Only started with this key
    #[arg(long)]
    key: Option<String>,
    /// Only ended with the error of this name
    #[arg(long, value_name = "NAME")]
    error: Option<String>,
    /// Only at the step of this title now
    #[arg(long, value_name = "TITLE")]
    step: Option<String>,
    /// Only with this tag; several times: with all of them
    #[arg(long, value_name = "KEY=VALUE")]
    tag: Vec<String>,
    /// Only begun then or later: a time such as 2026-01-31T12:00:00Z, or how long ago, such as 2h
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only begun before: a time, or how long ago
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

impl Which {
    /// The names and values of a query.
    pub(super) fn query(&self) -> Result<Vec<(&'static str, String)>, Error> {
        let texts = [
            ("flow", &self.flow),
            ("state", &self.state),
            ("key", &self.key),
            ("error", &self.error),
            ("step", &self.step),
        ];
        let texts = texts
            .into_iter()
            .filter_map(|(name, text)| Some((name, text.clone()?)));
        let mut query: Vec<_> = texts.collect();
        query.extend(self.tag.iter().map(|tag| ("tag", tag.clone())));
        for (name, text) in [("since", &self.since), ("until", &self.until)] {
            if let Some(text) = text {
                query.push((name, time(name, text, Timestamp::now())?.to_string()));
            }
        }
        Ok(query)
    }
}

/// A time, or how long ago it is.
fn time(name: &str, text: &str, now: Timestamp) -> Result<Timestamp, Error> {
    let ago = |ago: SignedDuration| now.checked_sub(ago).ok();
    let time = text.parse().ok().or_else(|| ago(text.parse().ok()?));
    time.ok_or_else(|| Error::BadSetting {
        text: format!("--{name} {text}"),
        why: "it is no time".to_owned(),
        help: "write a time such as `2026-01-31T12:00:00Z`, or how long ago it is, such as `2h`".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_itself_or_so_long_ago() {
        let now: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap();
        let read = |text| time("since", text, now).map(|time| time.to_string());
        assert_eq!(read("2026-01-30T10:00:00Z").unwrap(), "2026-01-30T10:00:00Z");
        assert_eq!(read("90m").unwrap(), "2026-01-31T10:30:00Z");
        assert_eq!(read("2h").unwrap(), "2026-01-31T10:00:00Z");
        assert_eq!(read("yesterday").unwrap_err().code().unwrap().0, 1106);
    }
}
