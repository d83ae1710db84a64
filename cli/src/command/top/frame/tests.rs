//! What a picture shows, and that it fits.

use super::*;
use crate::command::top::sample::Spread;
use std::time::Instant;

fn flow(name: &str, runs: &[(&str, u64)]) -> Flow {
    Flow {
        name: name.to_owned(),
        runs: runs
            .iter()
            .map(|(state, runs)| ((*state).to_owned(), *runs))
            .collect(),
    }
}

fn samples() -> (Sample, Sample) {
    let begin = Instant::now();
    let run = json!({ "id": "r1", "flow": "checkout", "state": "waiting", "started": "2026-01-31T12:00:00Z", "steps": ["await \u{1b}[2J approve"] });
    let before = Sample {
        at: begin,
        flows: vec![
            flow("checkout", &[("waiting", 2), ("done", 10)]),
            flow("idle", &[]),
        ],
        runs: Vec::new(),
        server: Some(Server::default()),
    };
    let now = Sample {
        at: begin + Duration::from_secs(2),
        flows: vec![
            flow("idle", &[]),
            flow("checkout", &[("waiting", 3), ("done", 15), ("failed", 1)]),
        ],
        runs: vec![run; 50],
        server: Some(Server {
            up_seconds: 3_700,
            commits: Spread {
                count: 100,
                within: vec![(0.001, 50), (0.0025, 100)],
            },
            store_bytes: 3 << 20,
            ..Server::default()
        }),
    };
    (before, now)
}

#[test]
fn a_picture_says_how_flows_stand_and_what_happened_since_the_one_before() {
    let (before, now) = samples();
    let mut frame = Frame::new("http://x", (Some(&before), &now));
    frame.note = Some("it said \u{1b}[2J\n".to_owned());
    let lines = frame.lines(Size::PRINTED);
    let text = lines.join("\n");
    assert!(text.contains("3 waiting") && text.contains("15 done"), "{text}");
    assert!(text.contains("commits 50/s, p99 within 2.5 ms"), "{text}");
    assert!(
        text.contains("store 3.0 MiB") && text.contains("up 1h 1m 40s"),
        "{text}"
    );
    let checkout = lines
        .iter()
        .find(|line| line.starts_with("checkout"))
        .expect("a line");
    let words: Vec<&str> = checkout.split_whitespace().collect();
    assert_eq!(
        words,
        ["checkout", "-", "3", "-", "-", "15", "1", "-", "-", "3.5", "3.0"]
    );
    assert!(
        !text.contains('\u{1b}'),
        "nothing that a name holds reaches the terminal"
    );
}

#[test]
fn a_picture_fits_its_terminal() {
    let (before, now) = samples();
    let frame = Frame::new("http://x", (Some(&before), &now));
    for (columns, rows) in [(80, 24), (20, 5), (1, 1), (200, 60)] {
        let size = Size {
            columns,
            rows: Some(rows),
            colours: false,
        };
        let lines = frame.lines(size);
        assert!(lines.len() <= rows, "{rows} rows: {lines:#?}");
        assert!(
            lines.iter().all(|line| line.chars().count() < columns.max(1)),
            "{lines:#?}"
        );
    }
}

#[test]
fn the_first_picture_knows_no_rates() {
    let (_, now) = samples();
    let frame = Frame::new("http://x", (None, &now));
    assert!(frame.lines(Size::PRINTED).join("\n").contains("events -/s"));
    assert_eq!(frame.json()["flows"][0]["started_per_second"], Value::Null);
}
