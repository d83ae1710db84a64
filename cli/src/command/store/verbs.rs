//! What each verb does.

use super::show;
use crate::{
    draw::{self, many},
    error::Error,
    exit::Exit,
    keys::{KeyFile, below},
};
use flowmesh_host::{
    disk::{Disk, RealDisk},
    store::{self, lock_error},
    upkeep::{self, Exported, Retiring, UpkeepError},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::Path,
    sync::Arc,
};

/// Reads everything.
pub(super) fn check(dir: &Path, keys: &KeyFile, json: bool) -> Result<Exit, Error> {
    let disk = keys.unlock(Arc::new(RealDisk::look(dir)))?;
    let checked = show::with_progress("checking", |progress| upkeep::check(&disk, progress));
    let checked = checked.map_err(|error| below(&error))?;
    if json {
        draw::answer_json(&show::checked_json(&checked));
    } else {
        draw::raw(&show::checked(&checked, dir));
    }
    Ok(if checked.is_sound() {
        Exit::Ok
    } else {
        Exit::Trouble
    })
}

/// Lets go of what nobody needs.
pub(super) fn compact(
    dir: &Path,
    keys: &KeyFile,
    (keep_runs, archive): (Option<SignedDuration>, Option<&Path>),
    json: bool,
) -> Result<Exit, Error> {
    // To lock a directory makes it; one that is not there is not to be made.
    if !dir.is_dir() {
        let place = dir.display().to_string();
        return Err(below(&UpkeepError::NoStore { place }));
    }
    let disk = keys.encrypt(Arc::new(locked(dir)?))?;
    let now = Timestamp::now();
    if let Some(archive) = archive {
        fs::create_dir_all(archive).map_err(|why| Error::unwritable(archive, &why))?;
    }
    let other = archive.map(RealDisk::look);
    let retiring = keep_runs.map(|keep| Retiring {
        before: now.checked_sub(keep).unwrap_or(Timestamp::MIN),
        archive: other.as_ref().map(|disk| {
            (
                disk as &dyn Disk,
                format!("runs-{}.jsonl", now.strftime("%Y%m%dT%H%M%SZ")),
            )
        }),
    });
    let compacted = show::with_progress("compacting", |progress| {
        upkeep::compact(&disk, now, retiring.as_ref(), progress)
    });
    let compacted = compacted.map_err(|error| below(&error))?;
    let (before, after, segments) = (compacted.before, compacted.after, compacted.segments);
    if json {
        draw::answer_json(&json!({
            "before": before,
            "after": after,
            "segments": segments,
            "runs": compacted.runs,
        }));
    } else {
        draw::say(format!(
            "`{}` had {} and has {}; {} were let go of",
            dir.display(),
            many(before, "byte", "bytes"),
            many(after, "byte", "bytes"),
            many(segments, "segment", "segments"),
        ));
        if keep_runs.is_some() {
            draw::say(format!("{} were let go of", many(compacted.runs, "run", "runs")));
        }
    }
    Ok(Exit::Ok)
}

/// Writes lines.
pub(super) fn export(
    dir: &Path,
    keys: &KeyFile,
    (to, is_part_enough): (&Path, bool),
    json: bool,
) -> Result<Exit, Error> {
    let disk = keys.unlock(Arc::new(RealDisk::look(dir)))?;
    let exported = if is_stream(to) {
        write(&disk, is_part_enough, io::stdout().lock())
    } else {
        let file = File::create_new(to).map_err(|why| Error::unwritable(to, &why))?;
        let exported = write(&disk, is_part_enough, &file)
            .and_then(|exported| file.sync_all().map(|()| exported).map_err(UpkeepError::Stream));
        if exported.is_err() {
            // Half an export is none; the first error is what matters.
            let _ = fs::remove_file(to);
        }
        exported
    };
    let exported = match exported {
        // Nobody reads on: `head` has what it wanted.
        Err(UpkeepError::Stream(why)) if is_stream(to) && why.kind() == io::ErrorKind::BrokenPipe => {
            return Ok(Exit::Ok);
        }
        Err(UpkeepError::Stream(why)) => return Err(Error::unwritable(to, &why)),
        other => other.map_err(|error| below(&error))?,
    };
    let (runs, events) = (exported.runs, exported.events);
    let damaged = exported.survey.damaged;
    let broken: Vec<String> = exported.survey.broken().map(|(run, _)| run.to_string()).collect();
    if json && !is_stream(to) {
        let said = json!({ "runs": runs, "events": events, "damaged": damaged, "broken": broken });
        draw::answer_json(&said);
    } else {
        draw::say(format!(
            "exported {} of {}",
            many(events, "event", "events"),
            many(runs, "run", "runs")
        ));
        if damaged > 0 {
            draw::say(format!(
                "damaged: {}; not all is there of {}",
                many(damaged, "place", "places"),
                many(broken.len(), "run", "runs")
            ));
        }
    }
    Ok(Exit::Ok)
}

fn write(disk: &Arc<dyn Disk>, is_part_enough: bool, out: impl Write) -> Result<Exported, UpkeepError> {
    let mut out = BufWriter::new(out);
    show::with_progress("exporting", |progress| {
        upkeep::export(disk, is_part_enough, &mut out, progress)
    })
}

/// Reads lines.
pub(super) fn import(dir: &Path, keys: &KeyFile, file: &Path, json: bool) -> Result<Exit, Error> {
    let mut from: Box<dyn BufRead> = if is_stream(file) {
        Box::new(BufReader::new(io::stdin()))
    } else {
        Box::new(BufReader::new(
            File::open(file).map_err(|why| Error::unreadable(file, &why))?,
        ))
    };
    let disk = keys.fill(Arc::new(locked(dir)?))?;
    let imported = upkeep::import(&disk, from.as_mut()).map_err(|error| below(&error))?;
    if json {
        draw::answer_json(&json!({ "runs": imported.runs, "events": imported.events }));
    } else {
        draw::say(format!(
            "imported {} of {} into `{}`",
            many(imported.events, "event", "events"),
            many(imported.runs, "run", "runs"),
            dir.display()
        ));
    }
    Ok(Exit::Ok)
}

/// Copies one directory to another.
pub(super) fn copy(from: &Path, to: &Path, keys: &KeyFile, json: bool) -> Result<Exit, Error> {
    let disk = keys.unlock(Arc::new(RealDisk::look(from)))?;
    let other = locked(to)?;
    let copied = show::with_progress("copying", |progress| {
        upkeep::copy(disk.as_ref(), &other, progress)
    });
    let copied = copied.map_err(|error| below(&error))?;
    let (runs, files, bytes) = (copied.survey.runs.len(), copied.files, copied.bytes);
    if json {
        draw::answer_json(&json!({ "runs": runs, "files": files, "bytes": bytes }));
    } else {
        draw::say(format!(
            "`{}` holds {} of `{}`: {}, {}, all of them checked",
            to.display(),
            many(runs, "run", "runs"),
            from.display(),
            many(files, "file", "files"),
            many(bytes, "byte", "bytes")
        ));
    }
    Ok(Exit::Ok)
}

/// Encrypts the keys of a directory with another key from outside.
pub(super) fn rekey(dir: &Path, keys: &KeyFile, json: bool) -> Result<Exit, Error> {
    let place = dir.display().to_string();
    let ring = keys.needed(&place)?;
    if !store::is_there(&RealDisk::look(dir)).map_err(|error| below(&error.into()))? {
        return Err(below(&UpkeepError::NoStore { place }));
    }
    let disk = locked(dir)?;
    store::rekey(&disk, &ring, &store::system_random).map_err(|error| below(&error.into()))?;
    if json {
        draw::answer_json(&json!({ "key": ring.current() }));
    } else {
        draw::say(format!(
            "the keys of `{place}` are encrypted with the key `{}`, and what is written from now on with a new one; `flowmesh store compact` writes the rest again",
            ring.current()
        ));
    }
    Ok(Exit::Ok)
}

fn is_stream(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn locked(dir: &Path) -> Result<RealDisk, Error> {
    RealDisk::open(dir).map_err(|error| below(&UpkeepError::Store(lock_error(dir, error))))
}
