//! Other runs, events, handlers, traffic and streams.

use super::{Lines, event_name, signal_name, step_title};
use crate::flow::{Emit, Listen, Shift, Start, Stream, Tie};

impl Lines<'_> {
    pub(super) fn start(&self, start: &Start) -> String {
        let word = match start.tie {
            Tie::Child => "run",
            Tie::Apart => "start",
        };
        let name = self
            .program
            .flow(start.flow)
            .map_or(format!("?{}", start.flow), |flow| flow.name.to_string());
        let undo = start.undo.as_ref().map_or(String::new(), |undo| self.undo(undo));
        format!(
            "{word} {name}({}){}{}{undo}{}; then s{}",
            self.printer.list(&start.arguments),
            self.cache(start.cache.as_ref()),
            self.bound(start.bind),
            self.catches(&start.catch),
            start.next
        )
    }

    pub(super) fn listen(&self, listen: &Listen) -> String {
        let params: Vec<String> = listen
            .params
            .iter()
            .map(|slot| self.printer.slot(*slot))
            .collect();
        format!(
            "on {}({}) s{}{}; then s{}",
            signal_name(self.flow, listen.signal),
            params.join(", "),
            listen.entry,
            self.own(&listen.own),
            listen.next
        )
    }

    pub(super) fn emit(&self, emit: &Emit) -> String {
        let event = event_name(self.program, emit.event);
        format!("emit {event} {}; then s{}", self.expr(&emit.value), emit.next)
    }

    pub(super) fn shift(&self, shift: &Shift) -> String {
        let service = self.program.service(shift.service);
        let name = service.map_or("?", |service| service.name.as_str());
        let weights: Vec<String> = shift
            .weights
            .iter()
            .map(|(subset, weight)| {
                let subset = service.and_then(|service| service.subsets.get(subset.index()));
                let subset = subset.map_or("?", |subset| subset.name.as_str());
                format!("{subset}: {}%", self.expr(weight))
            })
            .collect();
        let undo = step_title(self.flow, shift.undo);
        format!(
            "shift {name} {{ {} }}; undo as {undo}; then s{}",
            weights.join(", "),
            shift.next
        )
    }

    pub(super) fn stream(&self, stream: &Stream) -> String {
        format!(
            "stream {} -> {} -> s{}{}; then s{}",
            self.target(&stream.target),
            self.printer.slot(stream.item),
            stream.body,
            self.catches(&stream.catch),
            stream.next
        )
    }
}
