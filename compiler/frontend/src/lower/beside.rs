//! Statements that wait, that run beside, and that reach beyond the run become states.

use super::{
    flow::{Loop, Lowering},
    states::Label,
};
use crate::check::tree::{
    Call, Callee, Catch, Emit, Kind, Listen, Shift, Spawn, Start, Statement, Stream, Wait,
};
use flowmesh_ir::{
    expr::Expr,
    flow::{self, Arm, End, Instruction, Tie, Undo},
};

impl Lowering<'_> {
    /// A statement of this file's kinds.
    pub(super) fn beside(&mut self, statement: &Statement) {
        match &statement.kind {
            Kind::Wait(wait) => self.wait(wait),
            Kind::SleepUntil(time) => self.onward("sleep", |next| End::SleepUntil {
                time: time.clone(),
                next,
            }),
            Kind::Tag(key, value) => self.states.push(Instruction::Tag(key.clone(), value.clone())),
            Kind::Start(start) => self.start(start),
            Kind::Spawn(spawn) => self.spawn(spawn),
            Kind::CancelTask(task) => {
                let next = self.states.label();
                self.states.end(End::CancelTask {
                    task: task.clone(),
                    next,
                });
                self.states.begin(next);
            }
            Kind::Listen(listen) => self.listen(listen),
            Kind::Give(value) => self.states.end(End::Give(value.clone())),
            Kind::Emit(emit) => self.emit(emit),
            Kind::Shift(shift) => self.shift(shift),
            Kind::Stream(stream) => self.stream(stream),
            Kind::Restart(arguments) => self.states.end(End::Restart(arguments.clone())),
            _ => {}
        }
    }

    /// A step after which the same fiber goes on.
    fn onward(&mut self, title: &str, end: impl FnOnce(Label) -> End) {
        let next = self.states.label();
        self.states.step(title);
        self.states.end(end(next));
        self.states.begin(next);
    }

    fn wait(&mut self, wait: &Wait) {
        let next = self.states.label();
        self.states.step(&wait.title);
        let labels: Vec<Label> = wait.arms.iter().map(|_| self.states.label()).collect();
        let (catch, caught) = self.catches(&wait.catch);
        let arm = |(arm, next): (&crate::check::tree::Arm, &Label)| Arm {
            on: arm.on.clone(),
            bind: arm.bind,
            next: *next,
        };
        let arms = wait.arms.iter().zip(&labels).map(arm).collect();
        self.states.end(End::Wait(flow::Wait { arms, catch }));
        for (arm, label) in wait.arms.iter().zip(labels) {
            self.branch(label, &arm.body, next);
        }
        self.caught(&wait.catch, caught, next);
        self.states.begin(next);
    }

    /// Where each catch leads.
    pub(super) fn catches(&mut self, catches: &[Catch]) -> (Vec<flow::Catch>, Vec<Label>) {
        let labels: Vec<Label> = catches.iter().map(|_| self.states.label()).collect();
        let lead = |(catch, label): (&Catch, &Label)| flow::Catch {
            error: catch.error,
            bind: catch.bind,
            next: *label,
        };
        (catches.iter().zip(&labels).map(lead).collect(), labels)
    }

    /// What each catch does before it leads on to `next`.
    pub(super) fn caught(&mut self, catches: &[Catch], labels: Vec<Label>, next: Label) {
        for (catch, label) in catches.iter().zip(labels) {
            self.branch(label, &catch.body, next);
        }
    }

    pub(super) fn call(&mut self, call: &Call) {
        let next = self.states.label();
        self.states.step(&call.title);
        let undo = call.undo.as_ref().map(|undo| Undo {
            target: undo.target.clone(),
            step: self.states.undoing_step(&undo.title),
        });
        let (catch, labels) = self.catches(&call.catch);
        let bind = call.bind;
        let end = match &call.callee {
            Callee::Operation(target) => End::Call(Box::new(flow::Call {
                target: target.clone(),
                cache: call.cache.clone(),
                bind,
                undo,
                catch,
                next,
            })),
            Callee::Flow(flow, arguments) => End::Start(Box::new(flow::Start {
                flow: *flow,
                arguments: arguments.clone(),
                tie: Tie::Child,
                cache: call.cache.clone(),
                bind,
                undo,
                catch,
                next,
            })),
        };
        self.states.end(end);
        self.caught(&call.catch, labels, next);
        self.states.begin(next);
    }

    fn start(&mut self, start: &Start) {
        let Start {
            title,
            flow,
            arguments,
            bind,
        } = start;
        self.onward(title, |next| {
            End::Start(Box::new(flow::Start {
                flow: *flow,
                arguments: arguments.clone(),
                tie: Tie::Apart,
                cache: None,
                bind: *bind,
                undo: None,
                catch: Vec::new(),
                next,
            }))
        });
    }

    fn spawn(&mut self, spawn: &Spawn) {
        let (entry, next) = (self.states.label(), self.states.label());
        self.states.end(End::Spawn {
            task: spawn.task,
            own: spawn.own.clone(),
            entry,
            next,
        });
        self.apart(entry, &spawn.body);
        self.states.begin(next);
    }

    fn listen(&mut self, listen: &Listen) {
        let (entry, next) = (self.states.label(), self.states.label());
        self.states.end(End::Listen(flow::Listen {
            signal: listen.signal,
            params: listen.params.clone(),
            own: listen.own.clone(),
            entry,
            next,
        }));
        self.apart(entry, &listen.body);
        self.states.begin(next);
    }

    /// A body that runs beside: no loop around it is its own.
    fn apart(&mut self, entry: Label, body: &[Statement]) {
        let loops = std::mem::take(&mut self.loops);
        let depth = std::mem::take(&mut self.depth);
        self.states.begin(entry);
        self.statements(body);
        self.states
            .end(End::Give(Expr::Constant(flowmesh_ir::Value::None)));
        (self.loops, self.depth) = (loops, depth);
    }

    fn emit(&mut self, emit: &Emit) {
        self.onward(&emit.title, |next| {
            End::Emit(flow::Emit {
                event: emit.event,
                value: emit.value.clone(),
                next,
            })
        });
    }

    fn shift(&mut self, shift: &Shift) {
        let next = self.states.label();
        self.states.step(&format!("shift {}", shift.name));
        let undo = self.states.undoing_step(&format!("undo shift {}", shift.name));
        self.states.end(End::Shift(flow::Shift {
            service: shift.service,
            weights: shift.weights.clone(),
            undo,
            next,
        }));
        self.states.begin(next);
    }

    /// A stream is closed when its fiber ends, so its loop has a fiber of its own: whatever leads out of the loop
    /// leaves the region.
    fn stream(&mut self, stream: &Stream) {
        let (entry, next) = (self.states.label(), self.states.label());
        let out = (next, self.depth);
        self.alone(entry, next);
        self.inside(entry, |lowering| lowering.items(stream, out));
        self.states.begin(next);
    }

    fn items(&mut self, stream: &Stream, out: (Label, u32)) {
        let (head, body, last) = (self.states.label(), self.states.label(), self.states.label());
        self.states.end(End::Jump(head));
        self.states.begin(head);
        self.states.step(&stream.title);
        self.states.end(End::Stream(Box::new(flow::Stream {
            target: stream.target.clone(),
            item: stream.item,
            body,
            catch: Vec::new(),
            next: last,
        })));
        let head = (head, self.depth);
        self.loops.push(Loop { head, out });
        self.branch(body, &stream.body, head.0);
        self.loops.pop();
        self.states.begin(last);
    }
}
