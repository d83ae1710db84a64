//! The session as it stands: what was declared and said, and the world that came of it.
//!
//! With every statement everything is played from the beginning, in virtual time: so that a session is what a test of the
//! same statements is, and what does not go as it says leaves nothing behind.

use super::{
    complete::{Known, Knows},
    work::interruptible,
};
use crate::{error::Error, settings::Set};
use flowmesh_diagnostics::{Code, Diagnostic, Diagnostics, Sources};
use flowmesh_frontend::{
    World,
    prompt::{Attempt, Bound, Line, Made, Session, Typed},
};
use flowmesh_host::trial::{Failure, Options, Outside, Scene, play};
use flowmesh_ir::{Name, Program};
use serde_json::value::RawValue;
use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicBool},
};

/// What is beside the session, and can be seen from other threads.
pub(super) type Shared = Arc<dyn World + Send + Sync>;

/// The session as it stands.
pub(super) struct Stage<'a> {
    pub(super) session: Session,
    pub(super) world: Shared,
    pub(super) scene: Option<Scene>,
    /// The names that can be used.
    pub(super) bound: Vec<Bound>,
    /// What the editor sees of it.
    pub(super) known: Arc<Known>,
    pub(super) set: &'a Set,
    /// Whether a person is there to end what takes too long.
    pub(super) person: bool,
    /// How much may happen in a session.
    pub(super) events_max: u64,
}

/// So much may happen in a session unless more is allowed: enough for years of a flow that wakes up every hour, and
/// played in seconds.
pub(super) const EVENTS_MAX: u64 = 100_000;

/// What was found, and where.
pub(super) struct Wrong {
    pub(super) sources: Sources,
    pub(super) found: Diagnostics,
}

/// Why something was not done.
pub(super) enum No {
    /// The compiler has found something.
    Wrong(Wrong),
    /// It was compiled, and did not go as it says.
    Failed(Wrong),
    /// It was given up, or could not be begun.
    Error(Error),
}

/// What was done: what was made, how everything stands then, and what was found beside.
pub(super) struct Done {
    pub(super) made: Made,
    pub(super) scene: Scene,
    pub(super) beside: Wrong,
}

impl No {
    /// All that was to be said has been.
    pub(super) fn nothing() -> Self {
        Self::Wrong(Wrong {
            sources: Sources::default(),
            found: Diagnostics::default(),
        })
    }
}

impl From<Error> for No {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl Stage<'_> {
    /// The world as the compiler takes it.
    pub(super) fn around(&self) -> &dyn World {
        &*self.world
    }

    /// Says something, and keeps it if it goes as it says.
    pub(super) fn say(&mut self, line: Line) -> Result<Done, No> {
        let attempt = self.session.say(self.around(), line);
        self.keep(attempt)
    }

    /// Declares things; what was said is played on what is declared then.
    pub(super) fn declare(&mut self, input: (&str, &str), parts: &[&Typed]) -> Result<Done, No> {
        let attempt = self.session.declare(self.around(), input, parts);
        self.keep(attempt)
    }

    /// Whether only what was said keeps something from being declared.
    pub(super) fn would_fit(&self, input: (&str, &str), parts: &[&Typed]) -> bool {
        let silent = self.session.silent();
        silent.declare(self.around(), input, parts).made.is_some()
    }

    /// The value of an expression; nothing is kept.
    pub(super) fn ask(&self, text: &str) -> Result<Done, No> {
        self.carry_out(self.session.ask(self.around(), text))
    }

    /// The program as it was declared, and its texts.
    pub(super) fn program(&self) -> Result<(Program, Sources), No> {
        let attempt = self.session.silent().whole(self.around());
        match attempt.made {
            Some(made) => Ok((made.program, attempt.sources)),
            None => Err(No::Wrong(Wrong {
                sources: attempt.sources,
                found: attempt.found,
            })),
        }
    }

    /// Begins anew with another session.
    pub(super) fn become_of(&mut self, session: &Session) -> Result<(), No> {
        let attempt = session.whole(self.around());
        self.keep(attempt).map(drop)
    }

    fn keep(&mut self, attempt: Attempt) -> Result<Done, No> {
        let done = self.carry_out(attempt)?;
        self.session = done.made.session.clone();
        self.bound.clone_from(&done.made.bound);
        self.scene = Some(done.scene.clone());
        self.tell(&done.made.program);
        Ok(done)
    }

    fn carry_out(&self, attempt: Attempt) -> Result<Done, No> {
        let beside = Wrong {
            sources: attempt.sources,
            found: attempt.found,
        };
        let Some(made) = attempt.made else {
            return Err(No::Wrong(beside));
        };
        let stop = Arc::new(AtomicBool::new(false));
        let outside = Outside {
            configs: configs(self.set, &made.program),
            stop: Arc::clone(&stop),
            events_max: Some(self.events_max),
        };
        let (made, scene) = interruptible(self.person, &stop, move || {
            let options = Options {
                seed: 1,
                coverage: false,
            };
            let asked = made.asked.is_some();
            let scene = play(&made.program, &made.test, options, outside, asked);
            (made, scene)
        })?;
        match &scene.failure {
            Some(failure) => Err(No::Failed(failed(failure, made.asked.is_some(), beside))),
            None => Ok(Done {
                made: *made,
                scene,
                beside,
            }),
        }
    }

    /// The editor sees what there is now.
    pub(super) fn tell(&self, program: &Program) {
        let runs = self.bound.iter().filter(|bound| bound.run.is_some());
        self.known.tell(Knows {
            session: self.session.clone(),
            world: Some(Arc::clone(&self.world)),
            runs: runs.map(|run| run.name.to_string()).collect(),
            flows: program.flows.iter().map(|flow| flow.name.to_string()).collect(),
            secrets: self.set.secret_texts(&program.secrets),
        });
    }
}

/// The values that configs are given from outside. What is missing is told by whoever needs it.
fn configs(set: &Set, program: &Program) -> Vec<(Name, String)> {
    let Ok(settings) = set.settings(program) else {
        return Vec::new();
    };
    let json = settings.to_json(program);
    let all: BTreeMap<Name, Box<RawValue>> = serde_json::from_str(&json).unwrap_or_default();
    all.into_iter()
        .map(|(name, json)| (name, json.get().to_owned()))
        .collect()
}

/// An expression of a test, and one of a prompt, has no value.
const WORTHLESS: (Code, Code) = (Code(1135), Code(1116));

/// More happened in a session than may.
const ENDLESS: Code = Code(1139);

/// A failure as the compiler would say it.
fn failed(failure: &Failure, asked: bool, mut beside: Wrong) -> Wrong {
    let code = match failure.code {
        code if asked && code == WORTHLESS.0 => WORTHLESS.1,
        code => code,
    };
    let mut diagnostic = Diagnostic::error(code, failure.span, failure.message.clone());
    diagnostic.help.clone_from(&failure.help);
    if failure.code == ENDLESS {
        let help =
            "let less time pass, or let the flow wait longer in between; `:limit NUMBER` lets more happen";
        diagnostic.help = Some(help.to_owned());
    }
    beside.found = Diagnostics::default();
    beside.found.add(diagnostic);
    beside
}
