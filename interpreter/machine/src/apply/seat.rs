//! Frames: the own values of a fiber are put into their places before anything is evaluated for it.

use super::{Turn, turn::Thrown};
use crate::run::{FiberId, Frame, FrameId};
use flowmesh_ir::{SlotId, Value};
use flowmesh_stdlib::Fault;

/// How deep frames lie in each other.
const DEPTH_MAX: u32 = 128;

impl Turn<'_, '_> {
    /// Puts the values of a fiber into their places.
    pub(super) fn seat_fiber(&mut self, id: FiberId) {
        let frame = self.run.fibers.get(&id).and_then(|fiber| fiber.frame);
        self.seat(frame);
    }

    /// Puts the values of a frame, and of those around it, into their places.
    pub(super) fn seat(&mut self, frame: Option<FrameId>) {
        if self.run.seated == frame {
            return;
        }
        let mut at = self.run.seated;
        while let Some(id) = at {
            at = self.swap(id);
        }
        let mut chain = Vec::new();
        let mut at = frame;
        while let Some(id) = at {
            chain.push(id);
            at = self.run.frames.get(&id).and_then(|frame| frame.outer);
        }
        for id in chain.into_iter().rev() {
            self.swap(id);
        }
        self.run.seated = frame;
    }

    /// Exchanges the values of one frame with what lies in their places; gives the frame around it.
    fn swap(&mut self, id: FrameId) -> Option<FrameId> {
        let run = &mut *self.run;
        let frame = run.frames.get_mut(&id)?;
        for (slot, value) in frame.slots.iter().zip(&mut frame.values) {
            if let Some(place) = run.frame.get_mut(slot.index()) {
                std::mem::swap(place, value);
            }
        }
        frame.outer
    }

    /// A frame of these slots within another. Nobody holds it yet.
    pub(super) fn frame(&mut self, outer: Option<FrameId>, slots: &[SlotId]) -> Result<FrameId, Thrown> {
        let around = outer.and_then(|outer| self.run.frames.get(&outer));
        let depth = around.map_or(0, |outer| outer.depth + 1);
        if depth > DEPTH_MAX {
            return Err(
                Fault::BadValue(format!("tasks and rounds nest deeper than {DEPTH_MAX} levels")).into(),
            );
        }
        let id = FrameId(self.run.next.frame);
        self.run.next.frame += 1;
        self.hold(outer);
        let frame = Frame {
            outer,
            depth,
            slots: slots.to_vec(),
            values: vec![Value::None; slots.len()],
            users: 0,
        };
        self.run.frames.insert(id, frame);
        Ok(id)
    }

    /// Puts a value into a frame that is not seated.
    pub(super) fn put(&mut self, frame: FrameId, slot: SlotId, value: Value) {
        let Some(frame) = self.run.frames.get_mut(&frame) else {
            return;
        };
        if let Some(at) = frame.slots.iter().position(|own| *own == slot)
            && let Some(place) = frame.values.get_mut(at)
        {
            *place = value;
        }
    }

    /// Says that a frame is needed.
    pub(super) fn hold(&mut self, frame: Option<FrameId>) {
        if let Some(frame) = frame.and_then(|frame| self.run.frames.get_mut(&frame)) {
            frame.users += 1;
        }
    }

    /// Says that a frame is not needed any more.
    pub(super) fn release(&mut self, frame: Option<FrameId>) {
        let mut at = frame;
        while let Some(id) = at {
            let Some(frame) = self.run.frames.get_mut(&id) else {
                return;
            };
            frame.users = frame.users.saturating_sub(1);
            if frame.users > 0 {
                return;
            }
            at = frame.outer;
            if self.run.seated == Some(id) {
                self.seat(at);
            }
            self.run.frames.remove(&id);
        }
    }
}
