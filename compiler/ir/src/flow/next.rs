//! Where the ends of states lead, and which steps they name: the one place that knows all the ways out of a state.

use super::{Branches, End, Lead, Region};
use crate::{StateId, StepId};

/// Writes one function over the ways of an end, for readers and once more for writers, so that the two cannot differ.
macro_rules! ways {
    ($(#[$doc:meta])* $name:ident, $of_region:ident, $iter:ident $(, $mutable:tt)?) => {
        $(#[$doc])*
        pub fn $name(&$($mutable)? self, mut what: impl FnMut(Lead, &$($mutable)? StateId)) {
            match self {
                Self::Call(call) => {
                    call.catch.$iter().for_each(|catch| what(Lead::Next, &$($mutable)? catch.next));
                    what(Lead::Next, &$($mutable)? call.next);
                }
                Self::Start(start) => {
                    start.catch.$iter().for_each(|catch| what(Lead::Next, &$($mutable)? catch.next));
                    what(Lead::Next, &$($mutable)? start.next);
                }
                Self::Stream(stream) => {
                    what(Lead::Next, &$($mutable)? stream.body);
                    stream.catch.$iter().for_each(|catch| what(Lead::Next, &$($mutable)? catch.next));
                    what(Lead::Next, &$($mutable)? stream.next);
                }
                Self::Wait(wait) => {
                    wait.arms.$iter().for_each(|arm| what(Lead::Next, &$($mutable)? arm.next));
                    wait.catch.$iter().for_each(|catch| what(Lead::Next, &$($mutable)? catch.next));
                }
                Self::Region(region) => $of_region(region, what),
                Self::Spawn { entry, next, .. } => {
                    what(Lead::Task, entry);
                    what(Lead::Next, next);
                }
                Self::Listen(listen) => {
                    what(Lead::Handler, &$($mutable)? listen.entry);
                    what(Lead::Next, &$($mutable)? listen.next);
                }
                Self::Branch { yes, no, .. } | Self::Probe { found: yes, missing: no, .. } => {
                    what(Lead::Next, yes);
                    what(Lead::Next, no);
                }
                Self::Match { arms, .. } => arms.$iter().for_each(|(_, next)| what(Lead::Next, next)),
                Self::Emit(emit) => what(Lead::Next, &$($mutable)? emit.next),
                Self::Shift(shift) => what(Lead::Next, &$($mutable)? shift.next),
                Self::Leave { regions, next } => what(Lead::Out(*regions), next),
                Self::Sleep { next, .. }
                | Self::SleepUntil { next, .. }
                | Self::CancelStep { next, .. }
                | Self::CancelTask { next, .. }
                | Self::Jump(next) => what(Lead::Next, next),
                Self::Join | Self::Give(_) | Self::Restart(_) | Self::Return(_) | Self::Fail(_) => {}
            }
        }
    };
}

macro_rules! ways_of_region {
    ($name:ident, $iter:ident $(, $mutable:tt)?) => {
        fn $name(region: &$($mutable)? Region, mut what: impl FnMut(Lead, &$($mutable)? StateId)) {
            match &$($mutable)? region.branches {
                Branches::Fixed(branches) => branches
                    .$iter()
                    .for_each(|branch| what(Lead::Branch, &$($mutable)? branch.entry)),
                Branches::Each(each) => what(Lead::Branch, &$($mutable)? each.entry),
            }
            region.within.$iter().for_each(|(_, next)| what(Lead::Next, next));
            region.catch.$iter().for_each(|catch| what(Lead::Next, &$($mutable)? catch.next));
            region.finally.$iter().for_each(|entry| what(Lead::Finally, entry));
            what(Lead::Next, &$($mutable)? region.next);
        }
    };
}

ways_of_region!(of_region, iter);
ways_of_region!(of_region_mut, iter_mut, mut);

impl End {
    ways!(
        /// Every state that this end names, in order, and who goes there.
        ways, of_region, iter
    );

    ways!(
        /// As [`Self::ways`], to change where they lead.
        ways_mut, of_region_mut, iter_mut, mut
    );

    /// Every state that this end names, to be changed.
    pub fn each_next(&mut self, mut what: impl FnMut(&mut StateId)) {
        self.ways_mut(|_, next| what(next));
    }

    /// Every step that this end names, to be changed; that of the state itself is beside it.
    pub fn each_step(&mut self, mut what: impl FnMut(&mut StepId)) {
        match self {
            Self::Call(call) => call.undo.iter_mut().for_each(|undo| what(&mut undo.step)),
            Self::Start(start) => start.undo.iter_mut().for_each(|undo| what(&mut undo.step)),
            Self::Shift(shift) => what(&mut shift.undo),
            Self::Region(region) => region.name.iter_mut().for_each(what),
            Self::CancelStep { step, .. } => what(step),
            _ => {}
        }
    }
}
