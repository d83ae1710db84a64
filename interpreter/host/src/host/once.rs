//! The host as a request sees it that has a key of its own (`Idempotency-Key`): whatever changes something is done
//! under that key, and no second time.

use super::Host;
use crate::{
    RunId,
    engine::{Answer, Asked, Before, Command, Refusal},
};
use std::sync::Arc;

impl Host {
    /// The same host for one request.
    pub(crate) fn once(&self, asked: Asked) -> Self {
        Self(self.0.clone(), self.1.clone(), Some(Arc::new(asked)))
    }

    /// The same for the part of it that is about one run of many.
    pub(crate) fn part(&self, run: RunId) -> Self {
        let asked = self.2.as_ref().map(|asked| {
            Arc::new(Asked {
                part: Some(run),
                ..Asked::clone(asked)
            })
        });
        Self(self.0.clone(), self.1.clone(), asked)
    }

    /// Whether this request was done before, and what is known of that.
    ///
    /// # Errors
    /// If the key was used for something else, or the host has stopped.
    pub(crate) async fn before(&self) -> Result<Before, Refusal> {
        let Some(asked) = &self.2 else {
            return Ok(Before::New);
        };
        match self.ask(Command::Before(Asked::clone(asked))).await? {
            Answer::Before(before) => Ok(before),
            _ => Err(self.gone()),
        }
    }

    /// Keeps what this request is answered with. When this returns, that is on stable storage.
    ///
    /// # Errors
    /// If there is no room, or the host has stopped.
    pub(crate) async fn keep(&self, answer: Arc<[u8]>, is_refusal: bool) -> Result<(), Refusal> {
        let Some(asked) = &self.2 else { return Ok(()) };
        let asked = Asked::clone(asked);
        let keep = Command::Keep {
            asked,
            answer,
            is_refusal,
        };
        self.ask(keep).await.map(drop)
    }

    /// What is done for this request is done under its key.
    pub(super) fn keyed(&self, command: Command) -> Command {
        match &self.2 {
            Some(asked) if command.is_act() => Command::Once(Asked::clone(asked), Box::new(command)),
            _ => command,
        }
    }
}
