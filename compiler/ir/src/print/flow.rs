//! A flow, state by state.

use super::{
    expr::Printer,
    policy,
    ty::{error_name, fails, fields, result},
    value::joined,
};
use crate::{
    Program, SlotId, StepId,
    expr::Pattern,
    flow::{Await, Call, Catch, End, Flow, Instruction, State, Target, Undo},
    service::Operation,
};

/// A declaration of a flow, and its states.
pub(super) fn flow(program: &Program, flow: &Flow) -> String {
    let printer = Printer::of_flow(program, flow);
    let key = flow
        .key
        .as_ref()
        .map_or(String::new(), |key| format!(" key {}", printer.expr(key)));
    let mut text = format!(
        "flow {}({}){}{}{key} {{\n",
        flow.name,
        fields(program, &flow.params),
        result(program, &flow.result),
        fails(program, &flow.fails)
    );
    for signal in &flow.signals {
        text += &format!("  signal {}({})\n", signal.name, fields(program, &signal.params));
    }
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

/// What the lines of a state are written with.
struct Lines<'a> {
    program: &'a Program,
    flow: &'a Flow,
    printer: &'a Printer<'a>,
}

/// `s3: ...` with its step as a comment; every further line of it stands under the first.
fn state(lines: &Lines<'_>, at: usize, state: &State) -> String {
    let mut all: Vec<String> = state.code.iter().map(|code| lines.instruction(code)).collect();
    let mut end = lines.end(&state.end);
    if let Some(step) = state.step {
        end += &format!("   // {}", step_title(lines.flow, step));
    }
    all.push(end);
    let label = format!("s{at}:");
    let first = std::iter::once(label.as_str()).chain(std::iter::repeat(""));
    first
        .zip(&all)
        .map(|(label, line)| format!("  {label:<5} {line}\n"))
        .collect()
}

impl Lines<'_> {
    fn instruction(&self, instruction: &Instruction) -> String {
        match instruction {
            Instruction::Set(slot, expr) => {
                format!("{} = {}", self.printer.slot(*slot), self.printer.expr(expr))
            }
            Instruction::Log(expr) => format!("log {}", self.printer.expr(expr)),
            Instruction::Tag(key, expr) => format!("tag {key} = {}", self.printer.expr(expr)),
        }
    }

    fn end(&self, end: &End) -> String {
        match end {
            End::Call(call) => self.call(call),
            End::Sleep { duration, next } => format!("sleep {}; then s{next}", self.printer.expr(duration)),
            End::Await(wait) => self.wait(wait),
            End::Fork { branches, next } => {
                let branches = joined(branches.iter().map(|branch| format!("s{branch}")));
                format!("fork {branches}; then s{next}")
            }
            End::Join => "join".to_owned(),
            End::Branch { condition, yes, no } => {
                format!("if {} -> s{yes} else -> s{no}", self.printer.expr(condition))
            }
            End::Match { subject, arms } => {
                let arm = |(pattern, next): &(Pattern, _)| {
                    format!("when {} -> s{next}", self.printer.pattern(pattern))
                };
                format!(
                    "match {} {{ {} }}",
                    self.printer.expr(subject),
                    joined(arms.iter().map(arm))
                )
            }
            End::Jump(next) => format!("then s{next}"),
            End::Return(expr) => format!("return {}", self.printer.expr(expr)),
            End::Fail(raise) => format!("fail {}", self.printer.raise(raise)),
            _ => String::new(),
        }
    }

    fn call(&self, call: &Call) -> String {
        let undo = call.undo.as_ref().map_or(String::new(), |undo| self.undo(undo));
        let catches: String = call.catch.iter().map(|catch| self.catch(catch)).collect();
        format!(
            "call {}{}{undo}{catches}; then s{}",
            self.target(&call.target),
            self.bound(call.bind),
            call.next
        )
    }

    fn undo(&self, undo: &Undo) -> String {
        format!("; undo {}", self.target(&undo.target))
    }

    fn catch(&self, catch: &Catch) -> String {
        let bind = catch
            .bind
            .map_or(String::new(), |slot| format!(" as {}", self.printer.slot(slot)));
        format!(
            "; catch {}{bind} -> s{}",
            error_name(self.program, catch.error),
            catch.next
        )
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

    fn wait(&self, wait: &Await) -> String {
        let signal = self.flow.signals.get(wait.signal.index());
        let name = signal.map_or(format!("?{}", wait.signal), |signal| signal.name.to_string());
        let within = wait
            .within
            .as_ref()
            .map_or(" forever".to_owned(), |(duration, next)| {
                format!(" within {} else -> s{next}", self.printer.expr(duration))
            });
        format!(
            "await {name}{}{within}; then s{}",
            self.bound(wait.bind),
            wait.next
        )
    }

    fn bound(&self, slot: Option<SlotId>) -> String {
        slot.map_or(String::new(), |slot| format!(" -> {}", self.printer.slot(slot)))
    }
}

/// The operation that a target names.
fn operation<'a>(program: &'a Program, target: &Target) -> Option<&'a Operation> {
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
