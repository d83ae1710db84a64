//! What is known of things: types, documentation, the program that the compiler makes, help.

use super::{Talk, directive, misused, paint, stage::No};
use crate::command::about;
use flowmesh_ir::{FlowId, print};

impl Talk<'_> {
    /// `:help`, `:help step`
    pub(super) fn help(&self, word: &str) -> Result<(), No> {
        let word = word.trim_start_matches(':');
        match directive::find(word) {
            Some(word) => self.show(&directive::help_on(word)),
            None if word.is_empty() => self.show(&directive::help()),
            None => {
                return Err(misused(
                    &format!(":help {word}"),
                    &super::unknown(word),
                    "`:help` tells of inputs and directives, `:doc NAME` of names and of words of the language",
                ));
            }
        }
        Ok(())
    }

    /// `:type [1, 2]`
    pub(super) fn show_type(&self, text: &str) -> Result<(), No> {
        if text.is_empty() {
            return Err(misused(":type", "there is no expression", "write `:type [1, 2]`"));
        }
        let stage = &self.stage;
        let attempt = stage.session.ask(stage.around(), text);
        self.findings(&attempt.found, &attempt.sources);
        match attempt.made.and_then(|made| made.asked) {
            Some(asked) => {
                self.show(&paint::code(&asked.type_text));
                Ok(())
            }
            None => Err(No::nothing()),
        }
    }

    /// `:doc payments.charge`
    pub(super) fn doc(&self, name: &str) -> Result<(), No> {
        if name.is_empty() {
            return Err(misused(":doc", "nothing is named", "write `:doc list.map`"));
        }
        let stage = &self.stage;
        let known = stage.session.doc(stage.around(), name).map(|text| plain(&text));
        match known.or_else(|| about(name)) {
            Some(text) => {
                self.show(&text);
                Ok(())
            }
            None => Err(misused(
                &format!(":doc {name}"),
                "nothing of this name is known",
                "name something that was declared, a function such as `list.map`, or a module such as `std.policy`",
            )),
        }
    }

    /// `:ir`, `:ir checkout`
    pub(super) fn ir(&self, flow: &str) -> Result<(), No> {
        let (program, _) = self.stage.program()?;
        let text = print::text(&program);
        if flow.is_empty() {
            self.show(&text);
            return Ok(());
        }
        let known: Option<FlowId> = program.flow_named(flow);
        let block = known.and_then(|_| block(&text, flow));
        match block {
            Some(block) => {
                self.show(&block);
                Ok(())
            }
            None => {
                let names: Vec<&str> = program.flows.iter().map(|flow| flow.name.as_str()).collect();
                let help = match names.as_slice() {
                    [] => "none is declared yet".to_owned(),
                    names => format!("there are {}", names.join(", ")),
                };
                Err(misused(&format!(":ir {flow}"), "there is no such flow", &help))
            }
        }
    }
}

/// What stands of a flow in the text of a program: from its head to the next line that is not indented.
fn block(text: &str, flow: &str) -> Option<String> {
    let head = format!("flow {flow}");
    let begins = |line: &&str| {
        let rest = line.strip_prefix(&head);
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    };
    let mut lines = text.lines().skip_while(|line| !begins(line));
    let first = lines.next()?;
    let rest = lines.take_while(|line| line.is_empty() || line.starts_with([' ', '}']));
    let all: Vec<&str> = std::iter::once(first).chain(rest).collect();
    Some(all.join("\n").trim_end().to_owned())
}

/// Markdown as a terminal shows it: code in its colours, without the fences.
fn plain(markdown: &str) -> String {
    let mut code = false;
    let mut lines = Vec::new();
    for line in markdown.lines() {
        if line.starts_with("```") {
            code = !code;
            continue;
        }
        lines.push(if code { paint::code(line) } else { line.to_owned() });
    }
    lines.join("\n").trim().to_owned()
}
