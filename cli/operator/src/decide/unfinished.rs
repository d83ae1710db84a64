//! How many runs have not ended, by what a server says.

/// The states of runs that have not ended.
pub const STATES: [&str; 4] = ["running", "waiting", "paused", "undoing"];

/// Runs that have not ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unfinished {
    /// How many there are, in all namespaces of the server.
    pub all: u64,
    /// How many of them are in `default`.
    pub here: u64,
    /// The first of those.
    pub names: Vec<String>,
}

impl Unfinished {
    /// How many there are, and which.
    #[must_use]
    pub fn sentence(&self) -> String {
        let many = match self.all {
            1 => "1 run has not ended".to_owned(),
            all => format!("{all} runs have not ended"),
        };
        let more = self.here.saturating_sub(self.names.len() as u64);
        let names = match more {
            0 => self.names.join(", "),
            more => format!("{} and {more} more", self.names.join(", ")),
        };
        match (self.names.is_empty(), self.all.saturating_sub(self.here)) {
            (true, _) => format!("{many}, in namespaces of the server other than `default`"),
            (false, 0) => format!("{many}: {names}"),
            (false, other) => format!("{many}: {names}; {other} in other namespaces of the server"),
        }
    }
}

/// How many runs have not ended, by the metrics of a server; nothing where it does not say so.
#[must_use]
pub fn of_metrics(text: &str) -> Option<u64> {
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("flowmesh_runs{"));
    let mut found = None;
    for line in lines {
        let (labels, count) = line.rsplit_once(' ')?;
        let count: u64 = count.parse().ok()?;
        let counts = STATES
            .iter()
            .any(|state| labels.contains(&format!("state=\"{state}\"")));
        let so_far: u64 = found.unwrap_or_default();
        found = Some(so_far.saturating_add(if counts { count } else { 0 }));
    }
    // A server that has had no run may say nothing of them.
    found.or_else(|| text.contains("# TYPE flowmesh_runs gauge").then_some(0))
}

#[cfg(test)]
mod tests {
    use super::{Unfinished, of_metrics};

    #[test]
    fn metrics_tell_of_all_namespaces() {
        let text = "# TYPE flowmesh_runs gauge\nflowmesh_runs{state=\"waiting\"} 2\nflowmesh_runs{state=\"done\"} 9\n\
                    flowmesh_runs{state=\"undoing\"} 1\nflowmesh_runs_started_total 12\n";
        assert_eq!(of_metrics(text), Some(3));
        assert_eq!(of_metrics("# TYPE flowmesh_runs gauge\n"), Some(0));
        assert_eq!(of_metrics("something else"), None);
        assert_eq!(of_metrics("flowmesh_runs{state=\"waiting\"} many\n"), None);
    }

    #[test]
    fn it_is_said_how_many_and_which() {
        let names = vec!["a".to_owned(), "b".to_owned()];
        let some = Unfinished {
            all: 5,
            here: 3,
            names,
        };
        assert_eq!(
            some.sentence(),
            "5 runs have not ended: a, b and 1 more; 2 in other namespaces of the server"
        );
        let one = Unfinished {
            all: 1,
            here: 1,
            names: vec!["a".to_owned()],
        };
        assert_eq!(one.sentence(), "1 run has not ended: a");
        let other = Unfinished {
            all: 1,
            here: 0,
            names: Vec::new(),
        };
        assert!(other.sentence().contains("other than `default`"));
    }
}
