//! Before the first state: the delay of a flow, and the wait until it has room for one more run.

use super::{
    Turn,
    turn::{Thrown, built_in},
};
use crate::{
    Admit, Answer, Ask, CallId, Debounce, Effect,
    run::{Caller, Entrance, ROOT, Sleeper},
};
use flowmesh_ir::flow::{self, Concurrency, Full};
use flowmesh_stdlib::text;
use jiff::SignedDuration;

impl Turn<'_, '_> {
    /// The first fiber begins, as soon as it may.
    pub(super) fn set_out(&mut self) -> Result<(), Thrown> {
        let delay = match (self.run.terms.delay, &self.flow.conduct.delay) {
            (Some(delay), _) => delay,
            (None, Some(delay)) => self.duration(delay)?,
            (None, None) => SignedDuration::ZERO,
        };
        if delay.is_positive() {
            let (timer, at) = self.arm(delay, Sleeper::Entrance);
            self.run.entrance = Some(Entrance::Delayed(timer, at));
            return Ok(());
        }
        self.stand_in_line()
    }

    /// It may be that newer ones take its place.
    fn stand_in_line(&mut self) -> Result<(), Thrown> {
        match &self.flow.conduct.debounce {
            Some(debounce) => self.debounce(debounce),
            None => self.ask_in(),
        }
    }

    /// It waits for a newer one, and takes the place of older ones.
    fn debounce(&mut self, debounce: &flow::Debounce) -> Result<(), Thrown> {
        let wait = self.duration(&debounce.wait)?;
        let of = match &debounce.per {
            Some(per) => text(&self.evaluator().eval(per)?),
            None => String::new(),
        };
        let most = debounce.most.as_ref().map(|most| self.duration(most));
        let most = most.transpose()?;
        let (timer, at) = self.arm(wait.max(SignedDuration::ZERO), Sleeper::Entrance);
        let call = self.next_call(Caller::Entrance);
        let debounce = Debounce { of, most };
        self.effects.push(debounce.effect(call));
        self.run.entrance = Some(Entrance::Settling(timer, at, call, debounce));
        Ok(())
    }

    pub(super) fn delay_over(&mut self) {
        let next = match self.run.entrance {
            Some(Entrance::Settling(_, _, call, _)) => {
                self.withdraw(call);
                self.ask_in()
            }
            Some(Entrance::Settled(..)) => self.ask_in(),
            _ => self.stand_in_line(),
        };
        if let Err(Thrown(error)) = next {
            self.fail(error);
        }
    }

    /// The first fiber begins, or waits until the flow has room for it.
    pub(super) fn ask_in(&mut self) -> Result<(), Thrown> {
        self.run.entrance = None;
        let Some(concurrency) = &self.flow.conduct.concurrency else {
            return self.begin(ROOT, 0, None, self.flow.entry);
        };
        let admit = self.admission(concurrency)?;
        let call = self.next_call(Caller::Entrance);
        self.run.entrance = Some(Entrance::Waiting(call, admit.clone()));
        self.effects.push(admit.effect(call));
        Ok(())
    }

    fn admission(&mut self, concurrency: &Concurrency) -> Result<Admit, Thrown> {
        let most = self.permits(&concurrency.most)?;
        let per = match &concurrency.per {
            Some(per) => Some(text(&self.evaluator().eval(per)?)),
            None => None,
        };
        let (name, group) = match concurrency.full {
            Full::RoundRobin => (String::new(), per),
            _ => (per.unwrap_or_default(), None),
        };
        Ok(Admit {
            name,
            group,
            most,
            full: concurrency.full,
        })
    }

    pub(super) fn admission_answered(&mut self, call: CallId, answer: &Answer) {
        let admit = match &self.run.entrance {
            Some(Entrance::Waiting(asked, admit)) if *asked == call => admit.clone(),
            // Nobody takes places any more: what is left is the wait.
            Some(Entrance::Settling(timer, at, asked, _)) if *asked == call => {
                self.run.entrance = Some(Entrance::Settled(*timer, *at));
                self.run.calls.remove(&call);
                return;
            }
            _ => return,
        };
        if answer.token().is_some() {
            self.run.calls.remove(&call);
            self.run.entrance = Some(Entrance::In(call, admit));
            if let Err(Thrown(error)) = self.begin(ROOT, 0, None, self.flow.entry) {
                self.fail(error);
            }
        } else if let Answer::Refused(why) = answer {
            self.run.calls.remove(&call);
            self.run.entrance = None;
            self.fail(built_in("Unavailable", why));
        }
    }

    /// The run ends, or its beginning does: nobody waits to be let in any more. Who is in, is in until the end.
    pub(super) fn turn_away(&mut self) {
        match self.run.entrance.take() {
            Some(Entrance::Settling(timer, _, call, _)) => {
                self.disarm(timer);
                self.withdraw(call);
            }
            Some(Entrance::Delayed(timer, _) | Entrance::Settled(timer, _)) => self.disarm(timer),
            Some(Entrance::Waiting(call, _)) => self.withdraw(call),
            other => self.run.entrance = other,
        }
    }

    /// The flow begins anew: who was in asks again, behind those who wait.
    pub(super) fn enter_anew(&mut self) -> Result<(), Thrown> {
        if let Some(Entrance::In(call, _)) = self.run.entrance.take() {
            self.effects.push(Effect::Release { call });
        }
        self.ask_in()
    }
}

impl Debounce {
    pub(super) fn effect(&self, call: CallId) -> Effect {
        Effect::Ask {
            call,
            step: None,
            ask: Ask::Debounce(self.clone()),
        }
    }
}

impl Admit {
    pub(super) fn effect(&self, call: CallId) -> Effect {
        Effect::Ask {
            call,
            step: None,
            ask: Ask::Admit(self.clone()),
        }
    }
}
