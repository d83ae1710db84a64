//! Streams: a state that is met again after each item.

use super::{
    Turn,
    turn::{Thrown, built_in, error_of},
};
use crate::{
    CallId, Effect,
    border::{Strictness, decode},
    run::{Caller, FiberId, Open, Wait},
};
use flowmesh_ir::{
    StateId, StepId, Value,
    call::{Reply, Wire},
    expr::Expr,
    flow::{End, State, Stream},
    service::{Operation, StreamKind},
    value::Variant,
};
use flowmesh_stdlib::{Fault, json, text};
use std::{collections::VecDeque, sync::Arc};

/// How many items are kept that came before they were asked for; hosts bring one at a time.
const ITEMS_KEPT_MAX: usize = 1_000;

impl<'p> Turn<'p, '_> {
    pub(super) fn stream(
        &mut self,
        id: FiberId,
        at: StateId,
        state: &'p State,
        stream: &'p Stream,
    ) -> Result<Option<StateId>, Thrown> {
        let mut open = self.run.streams.iter_mut();
        let Some((call, open)) = open.find(|(_, open)| open.reader == (id, at)) else {
            return self.open_stream(id, at, state, stream);
        };
        let call = *call;
        if let Some(item) = open.items.pop_front() {
            self.bind(id, Some(stream.item), item);
            return Ok(Some(stream.body));
        }
        if let Some(reply) = open.ended.take() {
            return Ok(self.stream_over(id, call, state, stream, &reply));
        }
        self.await_item(id, at, call);
        Ok(None)
    }

    fn open_stream(
        &mut self,
        id: FiberId,
        at: StateId,
        state: &'p State,
        stream: &'p Stream,
    ) -> Result<Option<StateId>, Thrown> {
        let made = self.arguments(&stream.target).and_then(|arguments| {
            let request = self.request_of(&stream.target, &mut arguments.clone())?;
            Ok((Arc::new(request), arguments))
        });
        let (request, arguments) = match made {
            Ok(made) => made,
            Err(fault) => return Ok(self.caught(id, &stream.catch, &error_of(&fault))),
        };
        self.step_started(state.step);
        let call = self.next_call(Caller::Fiber(id));
        self.effects.push(Effect::Call {
            call,
            step: state.step.unwrap_or(StepId(0)),
            undo: false,
            request: Arc::clone(&request),
        });
        let open = Open {
            request,
            arguments,
            reader: (id, at),
            items: VecDeque::new(),
            ended: None,
        };
        self.run.streams.insert(call, open);
        self.await_item(id, at, call);
        Ok(None)
    }

    fn await_item(&mut self, id: FiberId, at: StateId, call: CallId) {
        self.rest(id, at, Wait::Item);
        self.effects.push(Effect::More { call });
    }

    /// An item came.
    pub(super) fn streamed(&mut self, call: CallId, item: &[u8]) {
        match self.store_item(call, item) {
            Ok(true) => self.item_awaited(call),
            Ok(false) => {}
            Err(error) => self.stream_broken(call, &error),
        }
    }

    /// Keeps an item with its stream, which is taken up again behind it from here on. Says whether there is room for it.
    pub(super) fn store_item(&mut self, call: CallId, item: &[u8]) -> Result<bool, Arc<Variant>> {
        let Some((_, _, stream)) = self.reader(call).filter(|_| self.run.calls.contains_key(&call)) else {
            return Ok(false);
        };
        let item = self.item(call, stream, item)?;
        let open = self.run.streams.get_mut(&call);
        let open = open.filter(|open| open.items.len() < ITEMS_KEPT_MAX);
        Ok(open.map(|open| open.items.push_back(item)).is_some())
    }

    /// The fiber that reads a stream goes on with the first item that is kept, if it waits for one.
    pub(super) fn item_awaited(&mut self, call: CallId) {
        let Some((id, _, stream)) = self.reader(call) else {
            return;
        };
        let fiber = self.run.fibers.get(&id);
        if !fiber.is_some_and(|fiber| matches!(fiber.wait, Wait::Item)) {
            return;
        }
        let open = self.run.streams.get_mut(&call);
        if let Some(item) = open.and_then(|open| open.items.pop_front()) {
            self.wake(id, stream.body);
            self.bind(id, Some(stream.item), item);
        }
    }

    /// Who reads a stream, and where.
    fn reader(&self, call: CallId) -> Option<(FiberId, &'p State, &'p Stream)> {
        let (id, at) = self.run.streams.get(&call)?.reader;
        let state = self.state(at)?;
        match &state.end {
            End::Stream(stream) => Some((id, state, stream)),
            _ => None,
        }
    }

    /// The value of an item; from here on the stream is taken up again behind it.
    fn item(&mut self, call: CallId, stream: &'p Stream, json: &[u8]) -> Result<Value, Arc<Variant>> {
        let operation = self
            .operation(stream)
            .ok_or_else(|| built_in("BadReply", "the program has no such operation"))?;
        let item = decode(self.program, &operation.result, json, Strictness::Lenient)
            .map_err(|misfit| built_in("BadReply", &misfit.to_string()))?;
        if let Some(kind) = &operation.stream {
            self.behind(call, stream, kind, json)
                .map_err(|fault| error_of(&fault))?;
        }
        Ok(item)
    }

    /// Makes the request that takes a stream up again behind an item.
    fn behind(
        &mut self,
        call: CallId,
        stream: &'p Stream,
        kind: &'p StreamKind,
        json: &[u8],
    ) -> Result<(), Fault> {
        if let Some(resume) = &kind.resume {
            let cursor = text(&self.of_item(resume, json)?);
            if let Some(open) = self.run.streams.get_mut(&call)
                && let Wire::Stream(before) = &mut Arc::make_mut(&mut open.request).wire
            {
                *before = Some(cursor);
            }
        }
        if kind.params.is_empty() {
            return Ok(());
        }
        let Some(mut arguments) = self.run.streams.get(&call).map(|open| open.arguments.clone()) else {
            return Ok(());
        };
        for (param, value) in &kind.params {
            let value = self.of_item(value, json)?;
            if let Some(argument) = arguments.get_mut(param.index()) {
                *argument = value;
            }
        }
        let request = self.request_of(&stream.target, &mut arguments)?;
        if let Some(open) = self.run.streams.get_mut(&call) {
            open.request = Arc::new(request);
        }
        Ok(())
    }

    /// The value of an expression over an item.
    fn of_item(&mut self, expr: &Expr, item: &[u8]) -> Result<Value, Fault> {
        let body = json::wrap(&String::from_utf8_lossy(item));
        let reply = [("status".into(), Value::Int(200)), ("body".into(), body)];
        self.run.context.reply = Some(Value::record(reply.into_iter().collect()));
        let mut frame = Vec::new();
        let value = self.evaluator_over(&mut frame).eval(expr);
        self.run.context.reply = None;
        value
    }

    fn operation(&self, stream: &Stream) -> Option<&'p Operation> {
        let service = self.program.service(stream.target.service)?;
        service.operations.get(stream.target.operation.index())
    }

    fn stream_broken(&mut self, call: CallId, error: &Arc<Variant>) {
        let Some((id, state, stream)) = self.reader(call) else {
            return;
        };
        self.run.streams.remove(&call);
        self.withdraw(call);
        self.step_failed(state.step, error);
        if let Some(next) = self.caught(id, &stream.catch, error) {
            self.wake(id, next);
        }
    }

    /// The stream has ended; its fiber may be busy with an item.
    pub(super) fn stream_ended(&mut self, call: CallId, reply: &Reply) {
        let Some(open) = self.run.streams.get_mut(&call) else {
            return;
        };
        let (id, at) = open.reader;
        let awaited = self
            .run
            .fibers
            .get(&id)
            .is_some_and(|fiber| matches!(fiber.wait, Wait::Item));
        if !awaited {
            open.ended = Some(reply.clone());
            return;
        }
        let Some(state) = self.state(at) else {
            return;
        };
        if let End::Stream(stream) = &state.end
            && let Some(next) = self.stream_over(id, call, state, stream, reply)
        {
            self.wake(id, next);
        }
    }

    fn stream_over(
        &mut self,
        id: FiberId,
        call: CallId,
        state: &'p State,
        stream: &'p Stream,
        reply: &Reply,
    ) -> Option<StateId> {
        self.run.streams.remove(&call);
        match self.end_of_stream(stream, reply) {
            None => {
                self.step_done(state.step);
                Some(stream.next)
            }
            Some(error) => {
                self.step_failed(state.step, &error);
                self.caught(id, &stream.catch, &error)
            }
        }
    }

    /// The error that a stream ended with; the body of a good end says nothing.
    fn end_of_stream(&mut self, stream: &'p Stream, reply: &Reply) -> Option<Arc<Variant>> {
        match reply {
            Reply::Answer { status, .. } if (200..300).contains(status) => None,
            reply => self.outcome(&stream.target, reply).err(),
        }
    }

    /// Closes the streams of a fiber that ends.
    pub(super) fn close_streams(&mut self, id: FiberId) {
        if self.run.streams.is_empty() {
            return;
        }
        let streams = self.run.streams.iter();
        let calls: Vec<(CallId, StateId)> = streams
            .filter(|(_, open)| open.reader.0 == id)
            .map(|(call, open)| (*call, open.reader.1))
            .collect();
        for (call, at) in calls {
            self.run.streams.remove(&call);
            self.withdraw(call);
            if let Some(step) = self.state(at).and_then(|state| state.step) {
                self.step_stopped(step);
            }
        }
    }
}
