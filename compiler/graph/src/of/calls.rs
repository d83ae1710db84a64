//! Who calls whom: gateways and schedules start flows, flows call services and each other, events start flows.

use super::flow::shortened;
use crate::{Direction, Graph, Kind, Way};
use flowmesh_ir::{
    FlowId, OperationId, Program, ServiceId,
    flow::{End, Tie},
    gateway::{self, Route, Segment},
};

/// The calls between the flows, services, gateways, events and schedules of a program.
#[must_use]
pub fn calls(program: &Program) -> Graph {
    let mut calls = Calls::new(program);
    calls.of_gateways();
    calls.of_schedules();
    calls.of_flows();
    calls.graph
}

struct Calls<'a> {
    program: &'a Program,
    graph: Graph,
    gateways: Vec<usize>,
    schedules: Vec<usize>,
    events: Vec<usize>,
    flows: Vec<usize>,
    services: Vec<usize>,
}

impl<'a> Calls<'a> {
    fn new(program: &'a Program) -> Self {
        let mut graph = Graph {
            title: format!("calls of {}", program.name),
            direction: Direction::Right,
            ..Graph::default()
        };
        let mut add = |kind: Kind, name: &str| {
            let id = format!("{} {name}", kind.name());
            let span = program.origins.span(&format!("{}/{name}", kind.name()));
            graph.add(id, kind, vec![shortened(name)], span)
        };
        let gateways = program
            .gateways
            .iter()
            .map(|one| add(Kind::Gateway, &one.name))
            .collect();
        let schedules = program
            .schedules
            .iter()
            .map(|one| add(Kind::Schedule, &one.name))
            .collect();
        let events = program
            .events
            .iter()
            .map(|one| add(Kind::Event, &one.name))
            .collect();
        let flows = program
            .flows
            .iter()
            .map(|one| add(Kind::Flow, &one.name))
            .collect();
        let services = program
            .services
            .iter()
            .map(|one| add(Kind::Service, &one.name))
            .collect();
        Self {
            program,
            graph,
            gateways,
            schedules,
            events,
            flows,
            services,
        }
    }

    fn of_gateways(&mut self) {
        let program = self.program;
        for (at, gateway) in program.gateways.iter().enumerate() {
            let Some(from) = self.gateways.get(at).copied() else {
                continue;
            };
            for route in &gateway.routes {
                let to = match &route.target {
                    gateway::Target::Flow { flow, .. } => self.flows.get(flow.index()),
                    gateway::Target::Operation { service, .. } | gateway::Target::Service { service, .. } => {
                        self.services.get(service.index())
                    }
                    gateway::Target::Redirect { .. } => None,
                };
                if let Some(to) = to.copied() {
                    self.graph.connect(from, to, &shortened(&asked(route)), Way::Next);
                }
            }
            for pass in &gateway.passes {
                if let Some(to) = self.services.get(pass.service.index()).copied() {
                    self.graph
                        .connect(from, to, &shortened(&format!("tls {}", pass.name)), Way::Next);
                }
            }
        }
    }

    fn of_schedules(&mut self) {
        let program = self.program;
        for (at, schedule) in program.schedules.iter().enumerate() {
            let (from, to) = (self.schedules.get(at), self.flows.get(schedule.flow.index()));
            if let (Some(from), Some(to)) = (from.copied(), to.copied()) {
                self.graph.connect(from, to, "", Way::Next);
            }
        }
    }

    fn of_flows(&mut self) {
        let program = self.program;
        for (id, flow) in (0u32..).map(FlowId).zip(&program.flows) {
            let Some(from) = self.flows.get(id.index()).copied() else {
                continue;
            };
            let event = flow
                .trigger
                .as_ref()
                .and_then(|trigger| self.events.get(trigger.event.index()));
            if let Some(event) = event.copied() {
                self.graph.connect(event, from, "", Way::Next);
            }
            for state in &flow.states {
                self.of_state(from, &state.end);
            }
        }
    }

    fn of_state(&mut self, from: usize, end: &End) {
        let program = self.program;
        let call = |graph: &mut Graph, service: ServiceId, operation: OperationId, kind: Way| {
            let name = program
                .service(service)
                .and_then(|one| one.operations.get(operation.index()))
                .map_or("", |operation| operation.name.as_str());
            if let Some(to) = self.services.get(service.index()) {
                graph.connect(from, *to, &shortened(name), kind);
            }
        };
        let graph = &mut self.graph;
        match end {
            End::Call(one) => {
                call(graph, one.target.service, one.target.operation, Way::Next);
                if let Some(undo) = &one.undo {
                    call(graph, undo.target.service, undo.target.operation, Way::Caught);
                }
            }
            End::Stream(stream) => call(graph, stream.target.service, stream.target.operation, Way::Next),
            End::Start(start) => {
                if let Some(undo) = &start.undo {
                    call(graph, undo.target.service, undo.target.operation, Way::Caught);
                }
                let (label, kind) = match start.tie {
                    Tie::Child => ("", Way::Next),
                    Tie::Apart => ("start", Way::Beside),
                };
                if let Some(to) = self.flows.get(start.flow.index()) {
                    graph.connect(from, *to, label, kind);
                }
            }
            End::Emit(emit) => {
                if let Some(to) = self.events.get(emit.event.index()) {
                    graph.connect(from, *to, "", Way::Next);
                }
            }
            End::Shift(shift) => {
                if let Some(to) = self.services.get(shift.service.index()) {
                    graph.connect(from, *to, "shift", Way::Beside);
                }
            }
            _ => {}
        }
    }
}

/// What a route is for, as it is written: `POST /orders/{id}`.
#[must_use]
pub fn asked(route: &Route) -> String {
    let method = route.method.map_or("any", |method| method.as_str());
    let host = route.host.as_deref().unwrap_or_default();
    let mut path = String::new();
    for segment in &route.path {
        path.push('/');
        match segment {
            Segment::Literal(text) => path.push_str(text),
            Segment::Param(name) => path.push_str(&format!("{{{name}}}")),
            Segment::Any => path.push('*'),
            Segment::Rest => path.push_str("**"),
        }
    }
    if path.is_empty() {
        path.push('/');
    }
    format!("{method} {host}{path}")
}
