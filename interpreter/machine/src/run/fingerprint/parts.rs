//! What a run is made of. Everything is taken apart by name, so that a part that comes new is not forgotten.

use super::{
    super::{
        Caller, Cleanup, Entrance, Fiber, FiberId, Frame, Handler, Inside, Items, Kept, Kind, Open, Orphan,
        Phase, Plan, Retry, Run, Scope, Task, Then, Undo, Undoing, Wait, Way, Why,
    },
    Part,
};
use crate::{CallId, StepState, TimerId};
use jiff::Timestamp;
use std::hash::Hasher;

impl<H: Hasher> Part<'_, H> {
    pub(super) fn whole(&mut self) {
        let Run {
            id: _,
            flow: _,
            // Those are fed before this.
            phase: _,
            context: _,
            frame,
            // Between events nobody's values lie in the frame.
            seated: _,
            frames,
            fibers,
            // Those are the fibers that wait for a condition or a task.
            pollers: _,
            scopes,
            cleanups,
            later,
            tasks,
            handlers,
            // Calls, guards, streams and timers are met where somebody waits for them.
            calls: _,
            orphans,
            guards: _,
            streams: _,
            timers: _,
            inbox,
            tags: _,
            progress,
            next,
            fallen,
            undone,
            still,
            entrance,
            terms,
        } = self.run;
        self.values(frame);
        self.each(frames.values(), Self::frame);
        self.each(fibers.iter(), |part, (id, fiber)| part.fiber(*id, fiber));
        self.each(scopes.values(), Self::scope);
        self.each(cleanups.values(), Self::cleanup);
        self.each(later.iter(), |part, ((fiber, state), left)| {
            part.put((part.numbers.fiber(*fiber), state, left));
        });
        // The flow holds the numbers of its tasks as values, so they count as they are.
        self.put(next.task);
        self.each(tasks.iter(), |part, (id, task)| {
            part.put(id);
            part.task(task);
        });
        self.each(handlers.values(), Self::handler);
        self.each(orphans.iter(), |part, (call, orphan)| part.orphan(*call, orphan));
        self.each(inbox.iter(), |part, (signal, kept)| {
            part.put(signal);
            part.each(kept.iter(), Self::kept);
        });
        let active = |state| state == StepState::Active;
        self.each(progress.iter(), |part, progress| part.put(active(progress.state)));
        self.put((fallen, undone));
        self.put(still.is_some());
        still.iter().for_each(|still| self.still(still));
        self.print(terms);
        self.put(entrance.as_ref().map(std::mem::discriminant));
        match entrance {
            Some(Entrance::Settling(timer, at, call, debounce)) => {
                self.timer(*timer, *at);
                self.call(*call);
                self.print(debounce);
            }
            Some(Entrance::Delayed(timer, at) | Entrance::Settled(timer, at)) => self.timer(*timer, *at),
            Some(Entrance::Waiting(call, admit) | Entrance::In(call, admit)) => {
                self.call(*call);
                self.print(admit);
            }
            None => {}
        }
    }

    pub(super) fn phase(&mut self) {
        let phase = &self.run.phase;
        self.put(std::mem::discriminant(phase));
        match phase {
            Phase::New | Phase::Forward => {}
            Phase::Ending(Why::Returned(value)) => self.value(value),
            Phase::Ending(why) => self.print(why),
            Phase::Ended(outcome) => self.print(outcome),
        }
    }

    fn frame(&mut self, frame: &Frame) {
        let Frame {
            outer,
            depth,
            slots,
            values,
            users,
        } = frame;
        self.put((outer.map(|outer| self.numbers.frame(outer)), depth, slots, users));
        self.values(values);
    }

    fn fiber(&mut self, id: FiberId, fiber: &Fiber) {
        let Fiber {
            scope,
            branch,
            frame,
            state,
            wait,
            undo,
            record,
        } = fiber;
        let frame = frame.map(|frame| self.numbers.frame(frame));
        self.put((self.numbers.scope(*scope), branch, frame, state));
        self.wait(wait);
        self.print(record);
        self.each(undo.iter(), Self::undo);
        let open = self.run.streams.iter();
        let own: Vec<_> = open.filter(|(_, open)| open.reader.0 == id).collect();
        self.each(own.into_iter(), |part, (call, open)| part.stream(*call, open));
    }

    fn wait(&mut self, wait: &Wait) {
        self.put(std::mem::discriminant(wait));
        match wait {
            Wait::Nothing | Wait::Item | Wait::Later => {}
            Wait::Decision(call) => self.call(*call),
            Wait::Call(call, request) => {
                self.call(*call);
                self.request(request);
            }
            Wait::Ask(call, ask) => {
                self.call(*call);
                self.print(ask);
            }
            Wait::Time(timer, at) => self.timer(*timer, *at),
            Wait::Arms(arms) => self.each(arms.iter(), |part, arm| {
                part.put(arm.arm);
                part.timer(arm.timer, arm.at);
            }),
            Wait::Region(scope) => self.put(self.numbers.scope(*scope)),
            Wait::Cleanup(cleanup) => self.put(self.numbers.cleanup(*cleanup)),
        }
    }

    fn stream(&mut self, call: CallId, open: &Open) {
        let Open {
            request,
            arguments,
            reader,
            items,
            ended,
        } = open;
        self.call(call);
        self.put((reader.1, self.run.calls.contains_key(&call)));
        self.request(request);
        self.each(arguments.iter(), Self::value);
        self.each(items.iter(), Self::value);
        self.print(ended);
    }

    fn scope(&mut self, scope: &Scope) {
        let Scope {
            kind,
            outer,
            depth,
            fibers,
            beside,
            undo,
        } = scope;
        self.put((outer.map(|outer| self.numbers.scope(outer)), depth));
        self.each(fibers.iter(), |part, fiber| part.put(part.numbers.fiber(*fiber)));
        self.each(beside.iter(), |part, scope| part.put(part.numbers.scope(*scope)));
        self.each(undo.iter(), Self::undo);
        self.put(std::mem::discriminant(kind));
        match kind {
            Kind::Root => {}
            Kind::Region(inside) => self.inside(inside),
            Kind::Task(task) => self.put(task),
            Kind::Round(handler, answer) => {
                let answer = answer.map(|answer| self.numbers.answer(answer));
                self.put((self.numbers.handler(*handler), answer));
            }
            Kind::Rest(later) => {
                self.put(later.map(|(fiber, state)| (self.numbers.fiber(fiber), state)));
            }
            Kind::Finally(cleanup) => self.put(self.numbers.cleanup(*cleanup)),
        }
    }

    fn inside(&mut self, inside: &Inside) {
        let Inside {
            waiting,
            state,
            within,
            guard,
            plan,
            joined,
            need,
            gathered,
        } = inside;
        self.put((self.numbers.fiber(*waiting), state, joined, need, gathered));
        self.put(within.is_some());
        within.iter().for_each(|(timer, at)| self.timer(*timer, *at));
        self.put(guard.is_some());
        guard.iter().for_each(|guard| self.guard(*guard));
        match plan {
            Plan::Fixed(stages) => self.each(stages.iter(), |part, stage| part.put(*stage as u8)),
            Plan::Each { items, begun, limit } => {
                self.put((begun, limit));
                match items {
                    Items::List(list) => self.values(list),
                    Items::Range(from, to) => self.put((from, to)),
                    Items::Signals(signal) => self.put(signal),
                }
            }
        }
    }

    fn guard(&mut self, call: CallId) {
        self.call(call);
        let held = self.run.guards.get(&call);
        self.put(held.map(|held| {
            (
                &held.name,
                held.permits,
                held.rate.map(|rate| (rate.count, rate.per_ms)),
                held.granted,
            )
        }));
    }

    fn cleanup(&mut self, cleanup: &Cleanup) {
        let Cleanup {
            calls,
            inner,
            finallies,
            running,
            failed,
            undo,
            keep,
            guards,
            undoing,
            then,
        } = cleanup;
        self.put((calls, inner, running, keep));
        self.each(finallies.iter(), |part, finally| {
            let frame = finally.frame.map(|frame| part.numbers.frame(frame));
            part.put((finally.entry, frame));
        });
        self.print(failed);
        self.each(undo.values(), Self::undo);
        self.each(guards.iter(), |part, guard| part.guard(*guard));
        self.put(undoing.is_some());
        undoing.iter().for_each(|undoing| self.undoing(undoing));
        self.then(then);
    }

    fn undoing(&mut self, undoing: &Undoing) {
        let Undoing {
            current,
            failures,
            retry,
        } = undoing;
        self.undo(current);
        self.put(failures);
        match retry {
            Retry::Call(call) => self.call(*call),
            Retry::Time(timer, at) => self.timer(*timer, *at),
            Retry::Decision => {}
        }
    }

    fn undo(&mut self, undo: &Undo) {
        let Undo { order, step, way } = undo;
        self.put((self.numbers.undo(*order), step));
        match way {
            Way::Call(request) => self.request(request),
            Way::Shift(service, weights) => self.put((service, weights)),
        }
    }

    fn then(&mut self, then: &Then) {
        self.put(std::mem::discriminant(then));
        match then {
            Then::Nothing | Then::End => {}
            Then::Go(fiber, state) => self.put((self.numbers.fiber(*fiber), state)),
            Then::Give(fiber, value) => {
                self.put(self.numbers.fiber(*fiber));
                self.value(value);
            }
            Then::Restart(parameters) => self.values(parameters),
            Then::Catch(fiber, catch, error) => {
                self.put((self.numbers.fiber(*fiber), catch.error, catch.bind, catch.next));
                self.variant(error);
            }
            Then::Fail(task, error) => {
                self.put(task);
                self.variant(error);
            }
            Then::Join(cleanup) => self.put(self.numbers.cleanup(*cleanup)),
        }
    }

    fn task(&mut self, task: &Task) {
        self.put(std::mem::discriminant(task));
        match task {
            Task::Running(scope) => self.put(self.numbers.scope(*scope)),
            Task::Failing => {}
            Task::Done(value) => self.value(value),
            Task::Failed { error, seen } => {
                self.variant(error);
                self.put(seen);
            }
        }
    }

    fn handler(&mut self, handler: &Handler) {
        let Handler {
            scope,
            frame,
            state,
            busy,
        } = handler;
        let frame = frame.map(|frame| self.numbers.frame(frame));
        self.put((self.numbers.scope(*scope), frame, state, busy));
    }

    fn orphan(&mut self, call: CallId, orphan: &Orphan) {
        let Orphan { state, wait, frame } = orphan;
        self.call(call);
        let into = match self.run.calls.get(&call) {
            Some(Caller::Orphan(cleanup)) => Some(self.numbers.cleanup(*cleanup)),
            _ => None,
        };
        self.put((into, state));
        self.wait(wait);
        self.values(frame);
    }

    fn kept(&mut self, kept: &Kept) {
        let Kept { value, answer } = kept;
        self.value(value);
        self.put(answer.map(|answer| self.numbers.answer(answer)));
    }

    /// A timer counts by when it fires among the others, and by how far off that is.
    fn timer(&mut self, timer: TimerId, at: Timestamp) {
        self.put(self.numbers.timer(at, timer));
        self.put(at.duration_since(self.now));
    }
}
