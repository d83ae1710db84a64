//! A result that one run has recorded is there for another, of another process over the same directory too.

use super::common;
use std::fs;
use tempfile::TempDir;

const PROGRAM: &str = r#"
service clock {
  op read(day: date) -> int = run "sh count.sh"
}

flow report(day: date) -> int {
  let count = clock.read(day)
    cache { ttl: 1h }
  return count
}
"#;

/// Counts how often it was asked.
const COUNT: &str = "echo x >> asked; wc -l < asked\n";

#[test]
fn what_one_run_was_answered_another_takes_and_says_so() {
    let dir = TempDir::new().expect("a directory");
    fs::write(dir.path().join("a.flow"), PROGRAM).expect("it can be written");
    fs::write(dir.path().join("count.sh"), COUNT).expect("it can be written");
    let run = |day: &str| {
        let input = format!(r#"{{"day": "{day}"}}"#);
        let shown = common::in_dir(dir.path(), &["run", "a.flow", "report", "--input", &input]);
        assert_eq!(shown.code, 0, "{}", shown.err);
        (shown.out.trim().to_owned(), shown.err)
    };
    let (first, said) = run("2026-01-01");
    assert_eq!(first, "1", "{said}");
    assert!(!said.contains("its result is that of run"), "{said}");
    let (second, said) = run("2026-01-01");
    assert_eq!(second, "1", "{said}");
    assert!(said.contains("~ clock.read: its result is that of run"), "{said}");
    assert_eq!(run("2026-01-02").0, "2");
    let asked = fs::read_to_string(dir.path().join("asked")).expect("it was asked");
    assert_eq!(asked, "x\nx\n");
}
