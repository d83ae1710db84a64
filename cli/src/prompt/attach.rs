//! A system that is looked at from the prompt: a server that lives, or what a directory holds.

mod server;

use super::{Talk, misused, paint, runs::described, stage::No};
use crate::{
    client::{Client, Secret, encode},
    draw::{self, table},
    error::Error,
    house::api_file,
    input,
    project::words,
    runtime,
};
use flowmesh_host::{
    disk::{Disk, RealDisk},
    trial::Look,
    upkeep::{Past, PastRun, past},
};
use http::Method;
use serde_json::Value;
use server::{ask, event_line, events, look, named};
use std::{env, fs, path::Path, sync::Arc};

/// How many runs are listed.
const RUNS_MAX: usize = 50;

/// What is looked at.
pub(super) struct Attached {
    place: String,
    /// Whether signals may be sent.
    writes: bool,
    system: System,
}

enum System {
    Server(Client),
    Directory(Box<Past>),
}

/// What `:attach` says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted<'a> {
    place: &'a str,
    writes: bool,
    token_file: Option<&'a str>,
    token: Option<&'a str>,
}

impl Talk<'_> {
    /// `:attach http://127.0.0.1:7700`, `:attach .flowmesh --write`
    pub(super) fn attach(&mut self, text: &str) -> Result<(), No> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let Some(wanted) = wanted(&words) else {
            return Err(misused(
                ":attach",
                "a server or a directory is to be named",
                "write `:attach http://127.0.0.1:7700`, or `:attach DIR`; `--write` lets signals be sent",
            ));
        };
        let is_address = ["http://", "https://"]
            .iter()
            .any(|scheme| wanted.place.starts_with(scheme));
        if !is_address && !Path::new(wanted.place).is_dir() {
            return Err(misused(
                &format!(":attach {}", wanted.place),
                "it is no directory, and no address of a server",
                "write `:attach http://127.0.0.1:7700`, or `:attach DIR`",
            ));
        }
        let attached = Attached::to(&wanted)?;
        // What cannot be looked at is not looked at.
        attached.runs()?;
        let writes = if attached.writes {
            "; signals are sent"
        } else {
            ", to look at only"
        };
        draw::say(format!(
            "attached to {}{writes}; `:detach` goes back",
            attached.place
        ));
        self.attached = Some(attached);
        Ok(())
    }

    /// `:detach`
    pub(super) fn detach(&mut self) -> Result<(), No> {
        match self.attached.take() {
            Some(attached) => draw::say(format!("detached from {}", attached.place)),
            None => draw::say("nothing is attached"),
        }
        Ok(())
    }
}

fn wanted<'a>(words: &[&'a str]) -> Option<Wanted<'a>> {
    let mut wanted = Wanted::default();
    let mut rest = words;
    while let [word, more @ ..] = rest {
        rest = match (*word, more) {
            ("--write", more) => {
                wanted.writes = true;
                more
            }
            ("--token-file", [file, more @ ..]) => {
                wanted.token_file = Some(file);
                more
            }
            ("--token", [token, more @ ..]) => {
                wanted.token = Some(token);
                more
            }
            (place, more) if wanted.place.is_empty() && !place.starts_with("--") => {
                wanted.place = place;
                more
            }
            _ => return None,
        };
    }
    (!wanted.place.is_empty()).then_some(wanted)
}

impl Attached {
    fn to(wanted: &Wanted<'_>) -> Result<Self, No> {
        let dir = Path::new(wanted.place);
        let system = match (dir.is_dir(), living(dir, wanted)?) {
            (false, _) => System::Server(client(wanted.place, wanted)?),
            (true, Some(client)) => System::Server(client),
            (true, None) if wanted.writes => {
                return Err(misused(
                    ":attach",
                    "nobody works in this directory who could take a signal",
                    "begin `flowmesh serve` in it, and attach to that; without `--write` it can be looked at",
                ));
            }
            (true, None) => System::Directory(Box::new(stored(dir)?)),
        };
        Ok(Self {
            place: wanted.place.to_owned(),
            writes: wanted.writes,
            system,
        })
    }

    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// The runs, the newest first.
    pub(super) fn runs(&self) -> Result<String, No> {
        match &self.system {
            System::Server(client) => {
                let page = ask(client, &format!("/v1/runs?limit={RUNS_MAX}"))?;
                let runs = page.get("runs").and_then(Value::as_array);
                Ok(runs
                    .filter(|runs| !runs.is_empty())
                    .map_or_else(none, |runs| table::runs(runs)))
            }
            System::Directory(past) => {
                let all = past.runs();
                let row = |run: &PastRun| {
                    vec![
                        run.id.to_string(),
                        run.look.flow.to_string(),
                        run.look.status.clone(),
                        run.at.to_string(),
                        run.look.steps.join(", "),
                    ]
                };
                let rows = all.iter().take(RUNS_MAX).map(row);
                let text = table::lay(&["RUN", "FLOW", "STATE", "LAST", "AT"], rows);
                Ok(if all.is_empty() { none() } else { text })
            }
        }
    }

    /// One run, and what happened to it.
    pub(super) fn inspect(&self, run: &str) -> Result<String, No> {
        match &self.system {
            System::Server(client) => {
                let id = named(client, run)?;
                let view = ask(client, &format!("/v1/runs/{}", encode(&id)))?;
                let count = view.get("events").and_then(Value::as_u64).unwrap_or_default();
                let events = events(client, &id, count.saturating_sub(1))?;
                let lines: Vec<String> = events.iter().map(event_line).collect();
                Ok(format!("{}\n{}", table::run(&view), lines.join("\n")))
            }
            System::Directory(past) => {
                let found = of_directory(past, run, None)?;
                let events = past.events(found.id);
                let line = |(sequence, at, what): &(u64, jiff::Timestamp, String)| {
                    format!("  {sequence:>5}  {}  {what}", paint::dim(&at.to_string()))
                };
                let lines: Vec<String> = events.iter().map(line).collect();
                let head = format!(
                    "{}\n{}",
                    paint::name(&found.id.to_string()),
                    described(&found.look)
                );
                Ok(format!("{head}\n\n{}", lines.join("\n")))
            }
        }
    }

    /// A run as it was behind an event.
    pub(super) fn at(&self, sequence: u64, run: &str) -> Result<String, No> {
        match &self.system {
            System::Server(client) => {
                let id = named(client, run)?;
                let view = ask(client, &format!("/v1/runs/{}", encode(&id)))?;
                let count = view.get("events").and_then(Value::as_u64).unwrap_or_default();
                if sequence >= count {
                    let why = format!("the run has the events 0 to {}", count.saturating_sub(1));
                    return Err(misused(
                        &format!(":at {sequence} {run}"),
                        &why,
                        "`:inspect` shows them",
                    ));
                }
                let past = ask(client, &format!("/v1/runs/{}/at/{sequence}", encode(&id)))?;
                Ok(behind(sequence, &id, &look(&past, sequence)))
            }
            System::Directory(past) => {
                let found = of_directory(past, run, Some(sequence))?;
                Ok(behind(sequence, &found.id.to_string(), &found.look))
            }
        }
    }

    /// Sends a signal, if that was allowed: `approve {"by": "Ada"}`.
    pub(super) fn signal(&self, run: &str, signal: &str) -> Result<String, No> {
        let text = format!(":signal {run} {signal}");
        let System::Server(client) = &self.system else {
            let why = "a directory in which nobody works takes no signals";
            return Err(misused(
                &text,
                why,
                "begin `flowmesh serve` in it, and attach to that",
            ));
        };
        if !self.writes {
            let why = "what is attached is only looked at";
            return Err(misused(&text, why, "attach it with `--write`"));
        }
        let (name, payload) = signal.split_once(char::is_whitespace).unwrap_or((signal, "{}"));
        let payload = input::json(payload.trim(), "the payload")?;
        let id = named(client, run)?;
        let path = format!("/v1/runs/{}/signals/{}?wait=10s", encode(&id), encode(name));
        let answer = runtime::block_on(client.send(Method::POST, &path, Some(payload.get())))?;
        Ok(match answer {
            Value::Null => format!("`{name}` is on record for {id}"),
            answer => serde_json::to_string_pretty(&answer).unwrap_or_default(),
        })
    }
}

fn none() -> String {
    "no runs".to_owned()
}

/// The server that works in a directory. One that has broken off may have left its address behind.
fn living(dir: &Path, wanted: &Wanted<'_>) -> Result<Option<Client>, Error> {
    let Ok(url) = fs::read_to_string(api_file(dir)) else {
        return Ok(None);
    };
    let client = client(&url, wanted)?;
    match runtime::block_on(client.send(Method::GET, "/v1/runs?limit=1", None)) {
        Err(Error::NoServer { .. }) => Ok(None),
        _ => Ok(Some(client)),
    }
}

fn client(url: &str, wanted: &Wanted<'_>) -> Result<Client, Error> {
    let filed = match wanted.token_file {
        Some(file) => {
            let text = fs::read_to_string(file);
            Some(text.map_err(|why| Error::unreadable(Path::new(file), &words(&why)))?)
        }
        None => None,
    };
    let token = wanted.token.map(str::to_owned).or(filed);
    let token = token.or_else(|| env::var("FLOWMESH_TOKEN").ok());
    let token = token
        .map(|token| token.trim().to_owned())
        .filter(|token| !token.is_empty());
    Ok(Client {
        token: token.map(Secret),
        namespace: env::var("FLOWMESH_NAMESPACE").ok(),
        ca: env::var_os("FLOWMESH_CA_FILE").map(Into::into),
        ..Client::new(url)
    })
}

fn stored(dir: &Path) -> Result<Past, Error> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::look(dir));
    past(&disk, &mut |_, _| {}).map_err(|why| Error::Below {
        code: why.code(),
        message: why.to_string(),
        help: Some(why.help().to_owned()),
        exit: crate::exit::Exit::Trouble,
    })
}

fn of_directory(past: &Past, run: &str, sequence: Option<u64>) -> Result<PastRun, No> {
    let id = match run {
        "" | "latest" => past.runs().first().map(|run| run.id),
        run => past.find(run),
    };
    let found = id.and_then(|id| past.run(id, sequence));
    found.ok_or_else(|| {
        let why = match sequence {
            Some(sequence) => format!("no one run with an event {sequence} begins so"),
            None => "no one run begins so".to_owned(),
        };
        misused(run, &why, "`:runs` shows them, `:inspect RUN` their events")
    })
}

/// A run as it was behind an event.
fn behind(sequence: u64, id: &str, look: &Look) -> String {
    format!(
        "behind event {sequence}:\n{}\n{}",
        paint::name(id),
        described(look)
    )
}

#[cfg(test)]
mod tests {
    use super::{Wanted, wanted};

    #[test]
    fn a_system_is_only_looked_at_unless_more_is_said() {
        assert_eq!(
            wanted(&["http://127.0.0.1:7700"]),
            Some(Wanted {
                place: "http://127.0.0.1:7700",
                ..Wanted::default()
            })
        );
        assert_eq!(
            wanted(&["--write", "dir", "--token-file", "t"]),
            Some(Wanted {
                place: "dir",
                writes: true,
                token_file: Some("t"),
                token: None,
            })
        );
        for wrong in [
            &[][..],
            &["--write"],
            &["a", "b"],
            &["a", "--frob"],
            &["a", "--token"],
        ] {
            assert_eq!(wanted(wrong), None, "{wrong:?}");
        }
    }
}
