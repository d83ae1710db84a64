//! Where the ends of states lead: the one place that knows all the ways out of a state.

use super::{Branches, End};
use crate::StateId;

impl End {
    /// Every state that this end names, in order: where the same fiber goes on, and where other fibers begin.
    pub fn each_next(&mut self, mut what: impl FnMut(&mut StateId)) {
        match self {
            Self::Call(call) => {
                call.catch.iter_mut().for_each(|catch| what(&mut catch.next));
                what(&mut call.next);
            }
            Self::Start(start) => {
                start.catch.iter_mut().for_each(|catch| what(&mut catch.next));
                what(&mut start.next);
            }
            Self::Stream(stream) => {
                what(&mut stream.body);
                stream.catch.iter_mut().for_each(|catch| what(&mut catch.next));
                what(&mut stream.next);
            }
            Self::Await(wait) => {
                wait.within.iter_mut().for_each(|(_, next)| what(next));
                what(&mut wait.next);
            }
            Self::Wait(wait) => {
                wait.arms.iter_mut().for_each(|arm| what(&mut arm.next));
                wait.catch.iter_mut().for_each(|catch| what(&mut catch.next));
            }
            Self::Fork { branches, next } => {
                branches.iter_mut().for_each(&mut what);
                what(next);
            }
            Self::Region(region) => {
                match &mut region.branches {
                    Branches::Fixed(branches) => {
                        branches.iter_mut().for_each(|branch| what(&mut branch.entry));
                    }
                    Branches::Each(each) => what(&mut each.entry),
                }
                region.within.iter_mut().for_each(|(_, next)| what(next));
                region.catch.iter_mut().for_each(|catch| what(&mut catch.next));
                region.finally.iter_mut().for_each(&mut what);
                what(&mut region.next);
            }
            Self::Spawn { entry, next, .. } => {
                what(entry);
                what(next);
            }
            Self::Listen(listen) => {
                what(&mut listen.entry);
                what(&mut listen.next);
            }
            Self::Branch { yes, no, .. }
            | Self::Probe {
                found: yes,
                missing: no,
                ..
            } => {
                what(yes);
                what(no);
            }
            Self::Match { arms, .. } => arms.iter_mut().for_each(|(_, next)| what(next)),
            Self::Emit(emit) => what(&mut emit.next),
            Self::Shift(shift) => what(&mut shift.next),
            Self::Sleep { next, .. }
            | Self::SleepUntil { next, .. }
            | Self::Leave { next, .. }
            | Self::CancelStep { next, .. }
            | Self::CancelTask { next, .. }
            | Self::Jump(next) => what(next),
            Self::Join | Self::Give(_) | Self::Restart(_) | Self::Return(_) | Self::Fail(_) => {}
        }
    }
}
