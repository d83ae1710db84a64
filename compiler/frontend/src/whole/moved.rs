//! Where migrations lead: to steps that the flow has.

use super::Whole;
use flowmesh_diagnostics::{Code, Diagnostic, nearest};

pub(super) fn check(whole: &mut Whole<'_>) {
    let program = whole.program;
    for (at, migration) in program.migrations.iter().enumerate() {
        let flow = program
            .flow_named(&migration.flow)
            .and_then(|id| program.flow(id));
        let (Some(flow), Some(span)) = (flow, whole.span(&format!("migrate/{at}"))) else {
            continue;
        };
        let titles = || flow.steps.iter().map(|step| step.title.as_str());
        if titles().any(|title| title == migration.to) {
            continue;
        }
        let message = format!("`{}` has no step `{}`", migration.flow, migration.to);
        let diagnostic = Diagnostic::error(Code(545), span, message);
        let diagnostic = match nearest(&migration.to, titles()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("replace by {near}"),
                span,
                format!("\"{near}\""),
            ),
            None => {
                let all: Vec<String> = titles().take(8).map(|title| format!("`{title}`")).collect();
                diagnostic.help(format!("its steps are {}", all.join(", ")))
            }
        };
        let declared = whole.span(&format!("flow/{}", flow.name));
        let diagnostic = declared
            .into_iter()
            .fold(diagnostic, |d, span| d.and(span, "the flow"));
        whole.report(diagnostic);
    }
}
