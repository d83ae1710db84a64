//! A flow, state by state.

mod beside;
mod region;

use super::{
    expr::Printer,
    policy,
    ty::{error_name, fields, result, ty},
    value::joined,
};
use crate::{
    Program, SignalId, SlotId, StepId,
    expr::Pattern,
    flow::{Call, Catch, Conduct, End, Flow, Instruction, Reuse, Signal, State, Target, Undo},
    service::Operation,
};

/// A declaration of a flow, and its states.
pub(super) fn flow(program: &Program, flow: &Flow) -> String {
    let printer = Printer::of_flow(program, flow);
    let mut text = format!("{} {{\n", super::said::signature(program, flow));
    text += &head(program, &printer, flow);
    text += &format!("  begin at s{}\n", flow.entry);
    for (at, state) in flow.states.iter().enumerate() {
        text += &self::state(
            &Lines {
                program,
                flow,
                printer: &printer,
            },
            at,
            state,
        );
    }
    text.push('}');
    text
}

/// What starts it, what the host knows of it, what it hears and what it shows.
pub(super) fn head(program: &Program, printer: &Printer<'_>, flow: &Flow) -> String {
    let mut text = String::new();
    if let Some(trigger) = &flow.trigger {
        let event = event_name(program, trigger.event);
        let condition = trigger.condition.as_ref().map_or(String::new(), |condition| {
            format!(" where {}", printer.expr(condition))
        });
        let made = trigger.all_made().map(|made| {
            let params = joined(made.params.iter().map(ToString::to_string));
            format!(" {} as ({params})", super::value::quoted(&made.product.form))
        });
        let made = made.collect::<Vec<_>>().join(" or");
        text += &format!("  on {event}{made}{condition}\n");
    }
    if let Some(product) = &flow.produces {
        let holes = joined(product.holes.iter().map(|hole| ty(program, hole)));
        text += &format!(
            "  produces {} of ({holes})\n",
            super::value::quoted(&product.form)
        );
    }
    text += &conduct(printer, &flow.conduct);
    for signal in &flow.signals {
        text += &self::signal(program, signal);
    }
    for view in &flow.views {
        let ty = ty(program, &view.ty);
        text += &format!("  view {}: {ty} = {}\n", view.name, printer.expr(&view.value));
    }
    text
}

fn conduct(printer: &Printer<'_>, conduct: &Conduct) -> String {
    let mut text = String::new();
    if conduct.priority != 0 {
        text += &format!("  priority {}\n", conduct.priority);
    }
    if let Some(ageing) = conduct.ageing_ms {
        text += &format!("  ageing {}\n", super::value::millis(ageing));
    }
    if let Some(keep) = conduct.keep_ms {
        text += &format!("  keep {}\n", super::value::millis(keep));
    }
    if let Some(concurrency) = &conduct.concurrency {
        let per = concurrency.per.as_ref();
        let per = per.map_or(String::new(), |per| format!(" per {}", printer.expr(per)));
        let most = printer.expr(&concurrency.most);
        text += &format!("  concurrency {most}{per}, {}\n", concurrency.full.as_str());
    }
    if let Some(delay) = &conduct.delay {
        text += &format!("  delay {}\n", printer.expr(delay));
    }
    if let Some(debounce) = &conduct.debounce {
        let of = |word: &str, expr: &Option<crate::expr::Expr>| {
            let expr = expr.as_ref();
            expr.map_or(String::new(), |expr| format!(" {word} {}", printer.expr(expr)))
        };
        let wait = printer.expr(&debounce.wait);
        let (per, most) = (of("per", &debounce.per), of("most", &debounce.most));
        text += &format!("  debounce {wait}{per}{most}\n");
    }
    for (key, value) in &conduct.tags {
        text += &format!("  tag {key} = {}\n", printer.expr(value));
    }
    text
}

fn signal(program: &Program, signal: &Signal) -> String {
    let transient = if signal.transient { "transient " } else { "" };
    let answer = signal
        .result
        .as_ref()
        .map_or(String::new(), |ty| result(program, ty));
    format!(
        "  {transient}signal {}({}){answer}\n",
        signal.name,
        fields(program, &signal.params)
    )
}

/// What the lines of a state are written with.
pub(super) struct Lines<'a> {
    pub(super) program: &'a Program,
    pub(super) flow: &'a Flow,
    pub(super) printer: &'a Printer<'a>,
}

/// `s3: ...` with its step as a comment; every further line of it stands under the first.
fn state(lines: &Lines<'_>, at: usize, state: &State) -> String {
    let all = lines.all(state);
    let label = format!("s{at}:");
    let first = std::iter::once(label.as_str()).chain(std::iter::repeat(""));
    first
        .zip(&all)
        .map(|(label, line)| format!("  {label:<5} {line}\n"))
        .collect()
}

impl Lines<'_> {
    /// A line for each instruction, and one for the end.
    pub(super) fn all(&self, state: &State) -> Vec<String> {
        let mut all: Vec<String> = state.code.iter().map(|code| self.instruction(code)).collect();
        let mut end = self.end(&state.end);
        if let Some(step) = state.step {
            end += &format!("   // {}", step_title(self.flow, step));
        }
        all.push(end);
        all
    }

    fn instruction(&self, instruction: &Instruction) -> String {
        match instruction {
            Instruction::Set(slot, expr) => {
                format!("{} = {}", self.printer.slot(*slot), self.printer.expr(expr))
            }
            Instruction::Log(expr) => format!("log {}", self.printer.expr(expr)),
            Instruction::Tag(key, expr) => format!("tag {key} = {}", self.printer.expr(expr)),
        }
    }

    /// How a state ends.
    pub(super) fn end(&self, end: &End) -> String {
        match end {
            End::Call(call) => self.call(call),
            End::Sleep { duration, next } => format!("sleep {}; then s{next}", self.expr(duration)),
            End::SleepUntil { time, next } => format!("sleep until {}; then s{next}", self.expr(time)),
            End::Wait(wait) => self.wait(wait),
            End::Region(region) => self.region(region),
            End::Leave { regions, next } => format!("leave {regions}; then s{next}"),
            End::Start(start) => self.start(start),
            End::Spawn {
                task,
                own,
                entry,
                next,
            } => {
                let own = self.own(own);
                format!(
                    "spawn s{entry}{own} -> {}; then s{next}",
                    self.printer.slot(*task)
                )
            }
            End::Give(expr) => format!("give {}", self.expr(expr)),
            End::Listen(listen) => self.listen(listen),
            End::Emit(emit) => self.emit(emit),
            End::Shift(shift) => self.shift(shift),
            End::Stream(stream) => self.stream(stream),
            End::CancelStep { step, next } => {
                format!("cancel step {}; then s{next}", step_title(self.flow, *step))
            }
            End::CancelTask { task, next } => format!("cancel task {}; then s{next}", self.expr(task)),
            End::Probe {
                target,
                after,
                found,
                missing,
            } => {
                let again = if *after { "again " } else { "" };
                format!(
                    "probe {again}{} -> s{found} else -> s{missing}",
                    self.expr(target)
                )
            }
            End::Restart(arguments) => format!("restart with ({})", self.printer.list(arguments)),
            End::Join => "join".to_owned(),
            End::Branch { condition, yes, no } => {
                format!("if {} -> s{yes} else -> s{no}", self.expr(condition))
            }
            End::Match { subject, arms } => {
                let arm = |(pattern, next): &(Pattern, _)| {
                    format!("when {} -> s{next}", self.printer.pattern(pattern))
                };
                format!(
                    "match {} {{ {} }}",
                    self.expr(subject),
                    joined(arms.iter().map(arm))
                )
            }
            End::Jump(next) => format!("then s{next}"),
            End::Return(expr) => format!("return {}", self.expr(expr)),
            End::Fail(raise) => format!("fail {}", self.printer.raise(raise)),
        }
    }

    fn expr(&self, expr: &crate::expr::Expr) -> String {
        self.printer.expr(expr)
    }

    fn call(&self, call: &Call) -> String {
        let undo = call.undo.as_ref().map_or(String::new(), |undo| self.undo(undo));
        format!(
            "call {}{}{}{undo}{}; then s{}",
            self.target(&call.target),
            self.cache(call.cache.as_ref()),
            self.bound(call.bind),
            self.catches(&call.catch),
            call.next
        )
    }

    pub(super) fn cache(&self, cache: Option<&Reuse>) -> String {
        let Some(Reuse { key, ttl }) = cache else {
            return String::new();
        };
        let key = key
            .as_ref()
            .map_or_else(String::new, |key| format!("key: {}, ", self.expr(key)));
        format!(" cache {{ {key}ttl: {} }}", self.expr(ttl))
    }

    fn undo(&self, undo: &Undo) -> String {
        format!("; undo {}", self.target(&undo.target))
    }

    fn catches(&self, all: &[Catch]) -> String {
        let catch = |catch: &Catch| {
            let bind = catch
                .bind
                .map_or(String::new(), |slot| format!(" as {}", self.printer.slot(slot)));
            let error = error_name(self.program, catch.error);
            format!("; catch {error}{bind} -> s{}", catch.next)
        };
        all.iter().map(catch).collect()
    }

    fn target(&self, target: &Target) -> String {
        let operation = operation(self.program, target);
        let policy = self.program.policy(target.policy);
        let known = operation.and_then(|operation| self.program.policy(operation.policy));
        let with = policy
            .filter(|_| policy != known)
            .map_or(String::new(), |policy| {
                format!(
                    " with {{ {} }}",
                    policy::overrides(self.program, policy, known).join(", ")
                )
            });
        format!(
            "{}({}){with}",
            target_name(self.program, target),
            self.printer.list(&target.arguments)
        )
    }

    fn bound(&self, slot: Option<SlotId>) -> String {
        slot.map_or(String::new(), |slot| format!(" -> {}", self.printer.slot(slot)))
    }

    /// ` own a, b`: slots that each fiber has for itself.
    fn own(&self, own: &[SlotId]) -> String {
        if own.is_empty() {
            return String::new();
        }
        format!(" own {}", joined(own.iter().map(|slot| self.printer.slot(*slot))))
    }
}

/// The operation that a target names.
pub(super) fn operation<'a>(program: &'a Program, target: &Target) -> Option<&'a Operation> {
    program
        .service(target.service)?
        .operations
        .get(target.operation.index())
}

/// `payments.charge`
pub(super) fn target_name(program: &Program, target: &Target) -> String {
    let service = program
        .service(target.service)
        .map_or("?", |service| service.name.as_str());
    let operation = operation(program, target).map_or("?", |operation| operation.name.as_str());
    format!("{service}.{operation}")
}

/// What people see a step as.
pub(super) fn step_title(flow: &Flow, step: StepId) -> &str {
    flow.steps
        .get(step.index())
        .map_or("?", |step| step.title.as_str())
}

/// What a signal is called.
pub(super) fn signal_name(flow: &Flow, signal: SignalId) -> String {
    flow.signals
        .get(signal.index())
        .map_or(format!("?{signal}"), |signal| signal.name.to_string())
}

/// What an event is called.
pub(super) fn event_name(program: &Program, event: crate::EventId) -> String {
    program
        .event(event)
        .map_or(format!("?{event}"), |event| event.name.to_string())
}
