//! Small programs by chance: nested regions, tasks, handlers, waits, calls that are undone.

mod nest;

use super::super::build::{self, DECLINED, FLOW, binary, catch, field, int, seconds, slot, text};
use crate::Draws;
use flowmesh_ir::{
    EventId, FlowId, Name, Program, ServiceId, SignalId, SlotId, StateId, StepId, SubsetId, Value,
    expr::{Binary, Expr},
    flow::{Arm, Emit, End, Instruction, On, Reuse, Shift, Slot, Start, State, Step, Tie, Undo, Wait},
    ty::{EventDef, Type},
};
use std::sync::Arc;

/// Where the generator stands.
#[derive(Clone, Default)]
struct Place {
    /// Where the flow goes on after each of the regions around, the outermost first.
    regions: Vec<u32>,
    /// Whether more than one fiber may be in this block.
    many: bool,
    /// Whether the block may end the run, or leave it.
    bound: bool,
    /// Whether nothing in it waits for signals: what is around takes them all.
    deaf: bool,
}

pub(super) struct Maker {
    draws: Draws,
    states: Vec<State>,
    slots: u32,
    blocks: u32,
    names: u32,
    tasks: Vec<u32>,
    /// Whether signals are heard by handlers, or by loops: with both, one of them would starve.
    listens: bool,
}

/// A program from a seed.
pub(super) fn program(seed: u64) -> Program {
    let mut maker = Maker {
        draws: Draws::new(seed),
        states: Vec::new(),
        slots: 8,
        blocks: 0,
        names: 4,
        tasks: Vec::new(),
        listens: seed.is_multiple_of(2),
    };
    let end = if maker.chance(3) {
        maker.add(build::state(End::Join))
    } else {
        maker.add(build::done(text("end")))
    };
    let entry = maker.block(&Place::default(), 3, end);
    let mut program = build::program(maker.states);
    let names = maker.names;
    let flow = Arc::make_mut(&mut program.flows[FLOW.index()]);
    flow.entry = StateId(entry);
    flow.slots = (0..maker.slots)
        .map(|n| Slot {
            name: Name::new(format!("_{n}")),
            ty: None,
        })
        .collect();
    for n in 4..names {
        flow.steps.push(Step {
            title: format!("region {n}"),
            label: None,
            within: None,
        });
    }
    let mut child = flow.clone();
    child.name = "child".into();
    child.states = vec![build::done(slot(0))];
    child.entry = StateId(0);
    program.flows.push(child.into());
    program.events.push(EventDef {
        name: "Told".into(),
        doc: None,
        fields: vec![field("id", Type::String)],
    });
    program
}

impl Maker {
    fn pick(&mut self, of: u64) -> u64 {
        self.draws.next_u64() % of
    }

    fn chance(&mut self, of: u64) -> bool {
        self.pick(of) == 0
    }

    fn add(&mut self, state: State) -> u32 {
        self.states.push(state);
        u32::try_from(self.states.len() - 1).unwrap()
    }

    fn slot(&mut self) -> u32 {
        self.slots += 1;
        self.slots - 1
    }

    /// Statements one after the other; gives the first.
    fn block(&mut self, place: &Place, depth: u32, end: u32) -> u32 {
        self.blocks += 1;
        let block = self.blocks;
        let mut next = end;
        for _ in 0..=self.pick(3) {
            next = self.statement(place, depth, block, next);
        }
        next
    }

    fn statement(&mut self, place: &Place, depth: u32, block: u32, next: u32) -> u32 {
        let least = if depth == 0 { 10 } else { 0 };
        match least + self.pick(26 - least) {
            0..=3 => self.fixed(place, depth, next),
            4..=5 => self.each(place, depth, next),
            6 => self.spawn(place, depth, next),
            7 if !place.deaf && self.listens => self.listen(place, depth, next),
            8 if !place.deaf && !self.listens => self.signals(place, depth, next),
            9..=13 => self.charge(place, block, next),
            14 => {
                let ping = build::ping(next);
                self.add(ping)
            }
            15 => {
                let length = i64::try_from(self.pick(20)).unwrap();
                self.add(build::sleep(seconds(length), next))
            }
            16 | 17 if !place.deaf => self.wait(next),
            18 => self.child(next),
            19 => self.tell(next),
            20 => {
                let fail = build::fail("no");
                self.maybe(fail, next)
            }
            21 if !place.bound => {
                let done = build::done(text("early"));
                self.maybe(done, next)
            }
            22 if !place.regions.is_empty() => self.leave(place, next),
            23 => self.cancel(next),
            24 if !place.bound => self.restart(next),
            _ => self.join_task(next),
        }
    }

    /// A state that is come to only by chance, when a number is small.
    fn maybe(&mut self, state: State, next: u32) -> u32 {
        let other = self.add(state);
        let condition = binary(
            Binary::Less,
            Expr::Context(flowmesh_ir::expr::Context::Random),
            float(0.4),
        );
        let end = End::Branch {
            condition,
            yes: StateId(other),
            no: StateId(next),
        };
        self.add(build::state(end))
    }

    fn charge(&mut self, place: &Place, block: u32, next: u32) -> u32 {
        let bind = self.slot();
        // Blocks of which there is one fiber only are those in which the order can be seen from outside.
        let name = if place.many { 0 } else { block };
        let mut state = build::charge(text(&format!("block {name}")), bind, next);
        if let End::Call(call) = &mut state.end
            && self.chance(4)
        {
            call.catch.push(catch(DECLINED, None, next));
        }
        self.add(state)
    }

    fn wait(&mut self, next: u32) -> u32 {
        let bind = self.slot();
        let arm = |on| Arm {
            on,
            bind: None,
            next: StateId(next),
        };
        let mut arms = vec![Arm {
            bind: Some(SlotId(bind)),
            ..arm(On::Signal(SignalId(0)))
        }];
        if self.chance(2) {
            arms.push(arm(On::After(seconds(7))));
        }
        if self.chance(2) {
            let held = binary(Binary::Equal, slot(7), int(1));
            arms.push(arm(On::Condition(held)));
        }
        if self.chance(3) {
            arms.push(arm(On::Event {
                event: EventId(0),
                slot: SlotId(bind),
                condition: None,
            }));
        }
        let wait = Wait {
            arms,
            catch: Vec::new(),
        };
        let state = State {
            code: Vec::new(),
            end: End::Wait(wait),
            step: Some(StepId(3)),
        };
        self.add(state)
    }

    fn child(&mut self, next: u32) -> u32 {
        let tie = if self.chance(3) { Tie::Apart } else { Tie::Child };
        let undo = self.chance(2).then(|| Undo {
            target: build::target(build::REFUND, vec![text("child")]),
            step: StepId(1),
        });
        let undo = undo.filter(|_| tie == Tie::Child);
        let reused = tie == Tie::Child && undo.is_none() && self.chance(2);
        let start = Start {
            flow: FlowId(1),
            arguments: vec![text("c1")],
            tie,
            cache: reused.then(|| Reuse {
                key: None,
                ttl: seconds(60),
            }),
            bind: None,
            undo,
            catch: vec![catch(DECLINED, None, next)],
            next: StateId(next),
        };
        self.add(build::state(End::Start(Box::new(start))))
    }

    fn tell(&mut self, next: u32) -> u32 {
        let end = match self.pick(3) {
            0 => End::Emit(Emit {
                event: EventId(0),
                value: Expr::Record(vec![("id".into(), text("x"))]),
                next: StateId(next),
            }),
            1 => End::Shift(Shift {
                service: ServiceId(0),
                weights: vec![(SubsetId(0), int(100))],
                undo: StepId(1),
                next: StateId(next),
            }),
            _ => End::Probe {
                target: text("file:x"),
                after: false,
                found: StateId(next),
                missing: StateId(next),
            },
        };
        let state = State {
            code: vec![Instruction::Set(SlotId(7), int(1))],
            ..build::state(end)
        };
        self.add(state)
    }

    fn leave(&mut self, place: &Place, next: u32) -> u32 {
        let around = place.regions.len();
        let regions = 1 + usize::try_from(self.pick(around as u64)).unwrap();
        let to = place.regions[around - regions];
        let leave = build::state(End::Leave {
            regions: u32::try_from(regions).unwrap(),
            next: StateId(to),
        });
        self.maybe(leave, next)
    }

    fn cancel(&mut self, next: u32) -> u32 {
        if self.names <= 4 {
            return next;
        }
        let step = 4 + u32::try_from(self.pick(u64::from(self.names - 4))).unwrap();
        self.add(build::state(End::CancelStep {
            step: StepId(step),
            next: StateId(next),
        }))
    }

    fn restart(&mut self, next: u32) -> u32 {
        let anew = self.add(build::state(End::Restart(vec![text("o2")])));
        self.add(build::state(End::Branch {
            condition: binary(Binary::Equal, slot(0), text("o1")),
            yes: StateId(anew),
            no: StateId(next),
        }))
    }

    fn join_task(&mut self, next: u32) -> u32 {
        let Some(task) = self.tasks.pop() else {
            return next;
        };
        let end = if self.chance(3) {
            End::CancelTask {
                task: slot(task),
                next: StateId(next),
            }
        } else {
            let arm = Arm {
                on: On::Task(slot(task)),
                bind: None,
                next: StateId(next),
            };
            End::Wait(Wait {
                arms: vec![arm],
                catch: vec![catch(DECLINED, None, next)],
            })
        };
        self.add(build::state(end))
    }
}

fn float(float: f64) -> Expr {
    Expr::Constant(Value::Float(float))
}
