//! Whether a program may go, and what becomes of its runs.

use super::unfinished::Unfinished;
use crate::crd::{Deletion, RunDeletion};

/// What comes of the wish to delete a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Going {
    /// It goes.
    Go,
    /// Its runs are ended first.
    Terminate(String),
    /// It stays: the reason in a word, and in words.
    Stay(&'static str, String),
}

/// What is wanted: the annotation goes before the spec. Words that are none of these mean what is safest.
#[must_use]
pub fn wanted(annotation: Option<&str>, spec: Deletion) -> Deletion {
    match annotation {
        Some("terminate") => Deletion::Terminate,
        Some("abandon") => Deletion::Abandon,
        Some(_) => Deletion::Wait,
        None => spec,
    }
}

/// The same of the object of a run.
#[must_use]
pub fn wanted_of_run(annotation: Option<&str>, spec: RunDeletion) -> RunDeletion {
    match annotation {
        Some("cancel") => RunDeletion::Cancel,
        Some("terminate") => RunDeletion::Terminate,
        Some("leave") => RunDeletion::Leave,
        _ => spec,
    }
}

/// Whether a program may go. `unfinished` is nothing where it has no server, and an error where that does not say.
#[must_use]
pub fn going(wanted: Deletion, unfinished: Option<Result<Unfinished, String>>) -> Going {
    let unfinished = match (wanted, unfinished) {
        (Deletion::Abandon, _) | (_, None) => return Going::Go,
        (_, Some(Err(why))) => {
            let text = format!(
                "the server does not say whether runs have not ended: {why}. `kubectl annotate` it with \
                 flowmesh.dev/deletion=abandon to delete it without asking"
            );
            return Going::Stay("ServerUnreachable", text);
        }
        (_, Some(Ok(unfinished))) => unfinished,
    };
    match wanted {
        _ if unfinished.all == 0 => Going::Go,
        // Those of other namespaces cannot be named, and whoever wants them ended knows of them.
        Deletion::Terminate if unfinished.here == 0 => Going::Go,
        Deletion::Terminate => Going::Terminate(unfinished.sentence()),
        _ => {
            let text = format!(
                "{}. It goes when they have ended, or when it is annotated with flowmesh.dev/deletion=terminate",
                unfinished.sentence()
            );
            Going::Stay("RunsUnfinished", text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Going, going, wanted};
    use crate::{crd::Deletion, decide::unfinished::Unfinished};

    fn some(all: u64, here: u64) -> Option<Result<Unfinished, String>> {
        let names = (0..here).map(|number| format!("r{number}")).collect();
        Some(Ok(Unfinished { all, here, names }))
    }

    #[test]
    fn runs_that_have_not_ended_keep_it() {
        let Going::Stay(reason, text) = going(Deletion::Wait, some(2, 2)) else {
            panic!()
        };
        assert_eq!(reason, "RunsUnfinished");
        assert!(text.starts_with("2 runs have not ended: r0, r1."), "{text}");
        assert!(matches!(going(Deletion::Wait, some(1, 0)), Going::Stay(..)));
        assert_eq!(going(Deletion::Wait, some(0, 0)), Going::Go);
        assert_eq!(going(Deletion::Wait, None), Going::Go);
    }

    #[test]
    fn they_are_ended_where_that_is_wanted() {
        assert!(matches!(
            going(Deletion::Terminate, some(2, 2)),
            Going::Terminate(_)
        ));
        assert_eq!(going(Deletion::Terminate, some(2, 0)), Going::Go);
    }

    #[test]
    fn whoever_cannot_be_asked_is_not_taken_for_a_yes() {
        let silent = || Some(Err("connection refused".to_owned()));
        assert!(matches!(
            going(Deletion::Wait, silent()),
            Going::Stay("ServerUnreachable", _)
        ));
        assert!(matches!(
            going(Deletion::Terminate, silent()),
            Going::Stay("ServerUnreachable", _)
        ));
        assert_eq!(going(Deletion::Abandon, silent()), Going::Go);
    }

    #[test]
    fn an_unknown_annotation_means_to_wait() {
        assert_eq!(wanted(Some("termnate"), Deletion::Terminate), Deletion::Wait);
        assert_eq!(wanted(Some("terminate"), Deletion::Wait), Deletion::Terminate);
        assert_eq!(wanted(None, Deletion::Abandon), Deletion::Abandon);
    }
}
