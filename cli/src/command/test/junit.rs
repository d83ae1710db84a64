//! Outcomes of tests as build servers read them.

use super::{Outcome, Suite};
use std::fmt::Write;

/// One `testsuite` for each program.
pub(super) fn text(suites: &[Suite], outcomes: &[Outcome]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for (at, suite) in suites.iter().enumerate() {
        let of: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.suite == at).collect();
        let failed = of.iter().filter(|outcome| outcome.verdict.failure.is_some());
        let name = escaped(&suite.file.display().to_string());
        // Writing into a String cannot fail.
        let _ = writeln!(
            text,
            "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\">",
            of.len(),
            failed.count()
        );
        for outcome in of {
            case(&mut text, suite, outcome, &name);
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

fn case(text: &mut String, suite: &Suite, outcome: &Outcome, class: &str) {
    let Some(test) = suite.tests.get(outcome.test) else {
        return;
    };
    let (title, took) = (escaped(&test.title), outcome.took.as_secs_f64());
    let _ = write!(
        text,
        "    <testcase classname=\"{class}\" name=\"{title}\" time=\"{took:.6}\""
    );
    match &outcome.verdict.failure {
        None => text.push_str("/>\n"),
        Some(failure) => {
            let (message, place) = (escaped(&failure.message), suite.sources.place(failure.span));
            let trail: Vec<String> = outcome
                .verdict
                .trail
                .iter()
                .map(|line| escaped(&format!("{} {}", line.run, line.what)))
                .collect();
            let _ = write!(
                text,
                ">\n      <failure type=\"{}\" message=\"{message}\">{}\n{}</failure>\n    </testcase>\n",
                failure.code,
                escaped(&place.to_string()),
                trail.join("\n")
            );
        }
    }
}

/// What XML would read otherwise, and what it does not hold at all.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_xml_would_read_otherwise_is_escaped() {
        assert_eq!(escaped("a<b & \"c\"\u{1}"), "a&lt;b &amp; &quot;c&quot;\u{fffd}");
    }
}
