//! How much stands in one object: a cluster keeps none of more than 1.5 MiB, and spec and status share that.
//!
//! What people write may take 900,000 bytes of it, the names of objects 128 KiB and twice that on the way from one version to the
//! next; findings, plan and conditions are cut to less than the rest.

use crate::crd::{Finding, ObjectKey, ProgramSpec, cut};

/// The most bytes of a spec.
const SPEC_MAX: usize = 900_000;

/// The most bytes of the names of a program's objects.
const KEYS_MAX: usize = 128 << 10;

/// How many findings stand there.
const FINDINGS_MAX: usize = 20;

/// The longest text of a finding or of a server in bytes.
const TEXT_MAX: usize = 1 << 10;

/// Why a spec is too long to be carried out.
///
/// # Errors
/// In words, where it is.
pub fn spec(spec: &ProgramSpec) -> Result<(), String> {
    let bytes = serde_json::to_string(spec).map_or(usize::MAX, |text| stored(&text));
    match bytes <= SPEC_MAX {
        true => Ok(()),
        false => Err(format!(
            "the spec takes {bytes} bytes, and its object holds {SPEC_MAX} of it: put the files into a ConfigMap, and name that \
             in `source.configMap`"
        )),
    }
}

/// How long a JSON text is where clusters keep it: they escape what could be a tag.
fn stored(json: &str) -> usize {
    json.bytes()
        .map(|byte| if matches!(byte, b'<' | b'>' | b'&') { 6 } else { 1 })
        .sum()
}

/// Whether a status can name so many objects.
#[must_use]
pub fn fit(keys: &[ObjectKey], times: usize) -> bool {
    serde_json::to_string(keys).is_ok_and(|text| text.len() <= KEYS_MAX * times)
}

/// The findings that stand in a status, and how many are left out.
#[must_use]
pub fn findings(mut all: Vec<Finding>) -> (Vec<Finding>, Option<u64>) {
    let more = all.len().saturating_sub(FINDINGS_MAX) as u64;
    all.truncate(FINDINGS_MAX);
    let short = |finding: Finding| Finding {
        place: text(&finding.place),
        text: text(&finding.text),
        help: finding.help.as_deref().map(text),
        ..finding
    };
    (
        all.into_iter().map(short).collect(),
        Some(more).filter(|more| *more > 0),
    )
}

/// As much of a text as stands in a status.
#[must_use]
pub fn text(text: &str) -> String {
    match text.len() > TEXT_MAX {
        true => format!("{}...", cut(text, TEXT_MAX)),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{findings, fit, spec, text};
    use crate::crd::{Finding, ObjectKey, ProgramSpec, Source};

    fn of(bytes: usize, letter: &str) -> ProgramSpec {
        let files = [("a.flow".to_owned(), letter.repeat(bytes))].into();
        ProgramSpec {
            source: Source {
                files: Some(files),
                ..Source::default()
            },
            ..ProgramSpec::default()
        }
    }

    #[test]
    fn a_spec_leaves_room_for_the_status() {
        assert_eq!(spec(&of(890_000, "a")), Ok(()));
        assert!(spec(&of(900_000, "a")).unwrap_err().contains("ConfigMap"));
        // As it is kept, not as it is written.
        assert!(spec(&of(500_000, "\n")).is_err());
        assert!(spec(&of(160_000, "<")).is_err());
    }

    #[test]
    fn findings_are_few_and_short_and_the_others_counted() {
        let long = Finding {
            text: "x".repeat(100_000),
            ..Finding::default()
        };
        let (kept, more) = findings(vec![long; 25]);
        assert_eq!((kept.len(), more), (20, Some(5)));
        assert!(serde_json::to_string(&kept).unwrap().len() < 64 << 10);
        assert_eq!(findings(vec![Finding::default()]).1, None);
        assert_eq!(text("short"), "short");
    }

    #[test]
    fn names_of_objects_have_their_share() {
        let key = ObjectKey {
            name: "x".repeat(200),
            ..ObjectKey::default()
        };
        assert!(fit(&vec![key.clone(); 400], 1));
        assert!(!fit(&vec![key.clone(); 800], 1));
        assert!(fit(&vec![key; 800], 2));
    }
}
