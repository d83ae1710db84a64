//! What a check has found, for people and for programs, and how far a long one is.

use crate::draw::{self, many};
use flowmesh_host::{store::Damage, upkeep::Checked};
use serde_json::{Value, json};
use std::{
    fmt::Write,
    path::Path,
    time::{Duration, Instant},
};

/// A line of progress comes so often, and the first not before.
const EVERY: Duration = Duration::from_secs(2);
/// So many damaged places and runs are shown to people.
const SHOWN_MAX: usize = 20;

/// Does something long, and says every now and then how far it is.
pub(super) fn with_progress<T>(what: &str, work: impl FnOnce(&mut dyn FnMut(u64, u64)) -> T) -> T {
    let mut last = Instant::now();
    work(&mut |done, total| {
        if last.elapsed() >= EVERY {
            last = Instant::now();
            draw::say(format!("{what}: {} of {} MiB", done >> 20, total >> 20));
        }
    })
}

/// What was found, in words.
pub(super) fn checked(checked: &Checked, dir: &Path) -> String {
    let survey = &checked.survey;
    let mut text = format!(
        "`{}` holds {}: {} in {}, {} of {}, {} apart\n",
        dir.display(),
        many(survey.runs.len(), "run", "runs"),
        many(survey.records, "record", "records"),
        many(survey.batches, "batch", "batches"),
        many(survey.segments, "segment", "segments"),
        many(survey.bytes, "byte", "bytes"),
        many(survey.blobs().len(), "payload", "payloads"),
    );
    if let Some(torn) = &survey.torn {
        let _ = writeln!(
            text,
            "{} bytes at byte {} of `{}` are a batch that was being written: nobody was told of it, and the next start cuts it off",
            torn.bytes, torn.offset, torn.place
        );
    }
    for damage in survey.damages.iter().take(SHOWN_MAX) {
        text += &damaged(damage);
    }
    if survey.damaged > SHOWN_MAX {
        let _ = writeln!(
            text,
            "... {} damaged places in all; `--json` shows more",
            survey.damaged
        );
    }
    let broken = survey.broken().count();
    for (run, found) in survey.broken().take(SHOWN_MAX) {
        let _ = match found.readable() {
            0 => writeln!(
                text,
                "run {run} cannot be saved: its beginning or its program is lost"
            ),
            readable => writeln!(
                text,
                "run {run} can be saved up to its event {}",
                readable.saturating_sub(1)
            ),
        };
    }
    if broken > SHOWN_MAX {
        let _ = writeln!(text, "... {broken} runs in all of which something is missing");
    }
    if let Some(error) = &checked.unplayable {
        let _ = writeln!(
            text,
            "its files are whole, but no host can go on from it: {error}"
        );
    }
    if survey.locked > 0 {
        text += "it is encrypted and no key was given: that its bytes are as they were written was seen to, and no more\n";
    }
    text += if checked.is_sound() {
        "all of it is sound\n"
    } else if survey.is_sound() {
        "open it with the version of flowmesh that wrote it\n"
    } else {
        "restore a backup, or save what can be read with `flowmesh store export --readable`; events that lay at the end \
         of a run in the damaged part are missed by nobody\n"
    };
    text
}

fn damaged(damage: &Damage) -> String {
    let record = damage
        .record
        .map(|record| format!(", record {record}"))
        .unwrap_or_default();
    let run = damage
        .run
        .map(|run| format!(" (of run {run})"))
        .unwrap_or_default();
    format!(
        "damaged: byte {} of `{}`{record}{run}: {}\n",
        damage.offset, damage.place, damage.reason
    )
}

/// What was found, for programs.
pub(super) fn checked_json(checked: &Checked) -> Value {
    let survey = &checked.survey;
    let damages = survey.damages.iter().map(|damage| {
        json!({
            "file": damage.place,
            "offset": damage.offset,
            "record": damage.record,
            "run": damage.run,
            "reason": damage.reason,
        })
    });
    let broken = survey
        .broken()
        .map(|(run, found)| json!({ "run": run, "readable": found.readable() }));
    let torn = survey.torn.as_ref();
    json!({
        "sound": checked.is_sound(),
        "runs": survey.runs.len(),
        "records": survey.records,
        "batches": survey.batches,
        "segments": survey.segments,
        "bytes": survey.bytes,
        "payloads": survey.blobs().len(),
        "torn": torn.map(|torn| json!({ "file": torn.place, "offset": torn.offset, "bytes": torn.bytes })),
        "locked": survey.locked,
        "damaged": survey.damaged,
        "damages": damages.collect::<Vec<_>>(),
        "broken": broken.collect::<Vec<_>>(),
        "unplayable": checked.unplayable.as_ref().map(ToString::to_string),
    })
}
