//! Virtual time at the prompt, and statements that have a directive of their own.

use super::{Talk, misused, paint, say, stage::No};
use flowmesh_frontend::prompt::Line;
use flowmesh_ir::{Value, print};

impl Talk<'_> {
    /// Whoever looks at a system means it, and not the session.
    fn of_session(&self, text: &str) -> Result<(), No> {
        match &self.attached {
            Some(attached) => Err(misused(
                text,
                &format!("it is about the session, and {} is looked at", attached.place()),
                "`:detach` goes back to the session",
            )),
            None => Ok(()),
        }
    }

    /// `:time`, `:time +3d`
    pub(super) fn time(&mut self, text: &str) -> Result<(), No> {
        self.of_session(&format!(":time {text}"))?;
        let length = text.trim_start_matches('+').trim();
        if !length.is_empty() {
            return self.say(&format!("advance {length}"));
        }
        let scene = self.stage.scene.as_ref();
        let passed = scene.map_or_else(|| "+0s".to_owned(), |scene| say::time(scene.passed));
        let next = scene.and_then(|scene| scene.next);
        let next = match next {
            Some(next) => format!(
                ", the next thing happens in {}",
                print::value(&Value::Duration(next))
            ),
            None => String::new(),
        };
        self.show(&format!("{passed}{}", paint::dim(&next)));
        Ok(())
    }

    /// `:step`
    pub(super) fn step(&mut self) -> Result<(), No> {
        self.of_session(":step")?;
        let next = self.stage.scene.as_ref().and_then(|scene| scene.next);
        match next {
            Some(next) => self.say(&format!("advance {}", print::value(&Value::Duration(next)))),
            None => {
                self.show(&paint::dim("nothing happens by itself any more"));
                Ok(())
            }
        }
    }

    /// `:limit`, `:limit 5000000`
    pub(super) fn limit(&mut self, text: &str) -> Result<(), No> {
        if !text.is_empty() {
            let read = text.replace('_', "").parse::<u64>().ok();
            let Some(most) = read.filter(|most| *most > 0) else {
                return Err(misused(
                    &format!(":limit {text}"),
                    "a number of things that may happen is to be named",
                    "write `:limit 5000000`",
                ));
            };
            self.stage.events_max = most;
        }
        let most = self.stage.events_max;
        self.show(&paint::dim(&format!("{most} things may happen in the session")));
        Ok(())
    }

    /// `:signal run approve(by: "Ada")`
    pub(super) fn signal(&mut self, text: &str) -> Result<(), No> {
        let Some((run, signal)) = text.split_once(char::is_whitespace) else {
            return Err(misused(
                &format!(":signal {text}"),
                "a run and a signal are to be named",
                "write `:signal run approve(by: \"Ada\")`",
            ));
        };
        if let Some(attached) = &self.attached {
            let answer = attached.signal(run, signal.trim())?;
            self.show(&answer);
            return Ok(());
        }
        let run = self.name_of(run)?;
        self.say(&format!("send {} to {run}", signal.trim()))
    }

    /// `:unmock payments.charge`
    pub(super) fn unmock(&mut self, call: &str) -> Result<(), No> {
        let call = call.split('(').next().unwrap_or_default().trim();
        if call.is_empty() {
            return Err(misused(
                ":unmock",
                "nothing is named",
                "write `:unmock payments.charge`",
            ));
        }
        self.line(Line::Unmock(call.to_owned()))
    }

    /// `:reset`, `:reset all`
    pub(super) fn reset(&mut self, text: &str) -> Result<(), No> {
        let session = match text {
            "" => self.stage.session.silent(),
            "all" => flowmesh_frontend::prompt::Session::default(),
            other => {
                return Err(misused(
                    &format!(":reset {other}"),
                    "only `all` can follow",
                    "`:reset` forgets what was said, `:reset all` the declarations too",
                ));
            }
        };
        if text == "all" {
            self.files.clear();
        }
        self.focus = None;
        self.stage.become_of(&session)?;
        self.show(&paint::dim(match text {
            "all" => "everything is forgotten",
            _ => "what was said is forgotten; what was declared is still there",
        }));
        Ok(())
    }

    /// What stands at the end of a line: how much time has passed, and what is looked at.
    pub(super) fn beside(&self) -> String {
        if let Some(attached) = &self.attached {
            return attached.place().to_owned();
        }
        match &self.stage.scene {
            Some(scene) if !scene.passed.is_zero() => say::time(scene.passed),
            _ => String::new(),
        }
    }
}
