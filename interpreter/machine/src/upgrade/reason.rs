//! Why a run stays with its program, in words.

use flowmesh_ir::{Code, Name, diff::Obstacle};

/// Why a run stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stay {
    /// The name of its flow.
    pub flow: Name,
    /// What people see that it is at.
    pub step: Option<String>,
    /// Why.
    pub reason: Reason,
}

/// Why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The new program has no flow of this name.
    NoFlow,
    /// There is no such step in it; one that it may be now, under another name.
    NoStep(Option<String>),
    /// Any of these steps may be meant.
    Steps(Vec<String>),
    /// It has done a step that would come again.
    Again(String),
    /// It has not done a step that would not come any more.
    LeftOut(String),
    /// It lacks something, or has something else, or waits for something else.
    Obstacle(Obstacle),
    /// What it has begun is made otherwise: a region, a branch, a loop, a task, a handler.
    Nesting(String),
    /// It would have to undo something of which the new program says nothing.
    Undo(String),
    /// It is about something that has to end first.
    Busy(&'static str),
    /// A signal that came already does not fit.
    Kept(Name),
}

impl Stay {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        Code(match &self.reason {
            Reason::NoFlow => 1150,
            Reason::NoStep(_) | Reason::Steps(_) | Reason::Obstacle(Obstacle::Steps(_)) => 1151,
            Reason::Again(_) | Reason::LeftOut(_) => 1152,
            Reason::Obstacle(Obstacle::OtherWait(..)) => 1154,
            Reason::Obstacle(_) => 1153,
            Reason::Nesting(_) => 1155,
            Reason::Undo(_) => 1156,
            Reason::Busy(_) => 1157,
            Reason::Kept(_) => 1158,
        })
    }

    /// Whether a `migrate` block can say what is to become of it.
    #[must_use]
    pub fn wants_migration(&self) -> bool {
        matches!(
            self.reason,
            Reason::NoStep(_) | Reason::Steps(_) | Reason::Again(_) | Reason::LeftOut(_)
        )
    }

    /// The step that it is at, and the one of the new program that may be meant by it: what a `migrate` block says.
    #[must_use]
    pub fn migration(&self) -> Option<(String, String)> {
        let step = self.step.clone().filter(|_| self.wants_migration())?;
        let to = match &self.reason {
            Reason::Steps(titles) => titles.first().cloned(),
            Reason::NoStep(near) => near.clone(),
            _ => Some(step.clone()),
        };
        Some((step, to.unwrap_or_else(|| "...".to_owned())))
    }

    /// Why, for people.
    #[must_use]
    pub fn words(&self) -> String {
        let step = self.step.as_deref().unwrap_or("the start");
        match &self.reason {
            Reason::NoFlow => format!("the new program has no flow `{}`", self.flow),
            Reason::NoStep(_) => format!("the new program has no step `{step}`"),
            Reason::Steps(titles) | Reason::Obstacle(Obstacle::Steps(titles)) => {
                format!("`{step}` may be any of {}", listed(titles))
            }
            Reason::Again(done) => format!("from `{step}` on, `{done}` would be done once more"),
            Reason::LeftOut(left) => format!("from `{step}` on, `{left}` would never be done"),
            Reason::Obstacle(Obstacle::Missing(name)) => {
                format!("`{name}` is read behind `{step}`, and the run has no value of it")
            }
            Reason::Obstacle(Obstacle::Retyped(name, was, is)) => {
                format!("`{name}` was `{was}` and is `{is}`")
            }
            Reason::Obstacle(Obstacle::Several(name)) => {
                format!("nothing says which value of the run `{name}` is behind `{step}`")
            }
            Reason::Obstacle(Obstacle::OtherWait(was, is)) => {
                format!("at `{step}` it waits for {was}, and the new program for {is}")
            }
            Reason::Nesting(what) => format!("{what} around `{step}` is made otherwise in the new program"),
            Reason::Undo(what) => {
                format!("it would have to do `{what}`, which the new program does not have")
            }
            Reason::Busy(what) => (*what).to_owned(),
            Reason::Kept(signal) => format!("a signal `{signal}` came that does not fit the new program"),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match &self.reason {
            Reason::NoFlow => "keep the flow until its last run has ended".to_owned(),
            _ if self.wants_migration() => {
                let (from, to) = self.migration().unwrap_or_default();
                format!(
                    "say in the new program where it goes on: `migrate {} {{ \"{from}\" -> \"{to}\" }}`",
                    self.flow
                )
            }
            Reason::Busy(_) => "deploy again when it has passed".to_owned(),
            Reason::Kept(_) => "let the run hear it first".to_owned(),
            _ => "let the run end as it is, or write the new program so that this stays as it was".to_owned(),
        }
    }
}

fn listed(titles: &[String]) -> String {
    let all: Vec<String> = titles.iter().map(|title| format!("`{title}`")).collect();
    all.join(", ")
}
