//! Flows that begin when something was produced: whether anything produces it, and with values that fit.

use super::Whole;
use flowmesh_diagnostics::{Code, Diagnostic, Span};
use flowmesh_ir::{
    flow::{Flow, Made},
    print,
};

/// How many targets are named that something does produce.
const NAMED_MAX: usize = 6;

pub(super) fn check(whole: &mut Whole<'_>) {
    let triggered = whole.flows().filter_map(|(_, flow)| {
        let trigger = flow.trigger.as_ref()?;
        Some(trigger.all_made().map(move |made| (flow, made)))
    });
    let triggered: Vec<(&Flow, &Made)> = triggered.flatten().collect();
    for (flow, made) in triggered {
        let Some(span) = whole.span(&format!("flow/{}/on", flow.name)) else {
            continue;
        };
        let makers: Vec<&Flow> = makers(whole, made);
        if makers.is_empty() {
            nobody(whole, made, span);
        }
        for maker in makers {
            fits(whole, made, maker, span);
        }
    }
}

fn makers<'a>(whole: &Whole<'a>, made: &Made) -> Vec<&'a Flow> {
    let is_same = |flow: &&Flow| {
        let product = flow.produces.as_ref();
        product.is_some_and(|product| product.form == made.product.form)
    };
    whole.flows().map(|(_, flow)| flow).filter(is_same).collect()
}

fn nobody(whole: &mut Whole<'_>, made: &Made, span: Span) {
    let message = format!("no flow of the program produces `{}`", made.product.form);
    let known: Vec<String> = whole
        .flows()
        .filter_map(|(_, flow)| Some(format!("`{}`", flow.produces.as_ref()?.form)))
        .take(NAMED_MAX)
        .collect();
    let help = if known.is_empty() {
        "write `produces` with this target in the head of the flow that makes it".to_owned()
    } else {
        format!("what is produced is {}", known.join(", "))
    };
    whole.report(Diagnostic::error(Code(476), span, message).help(help));
}

/// The values in what is produced become the parameters as they are.
fn fits(whole: &mut Whole<'_>, made: &Made, maker: &Flow, span: Span) {
    let Some(product) = &maker.produces else { return };
    let ty = |ty| print::type_text(whole.program, ty);
    let values = product.holes.iter().zip(&made.product.holes).zip(&made.params);
    let unfit = values.filter(|((given, taken), _)| given != taken);
    let unfit: Vec<String> = unfit
        .map(|((given, taken), name)| {
            format!(
                "`{name}` is {}, and `{}` gives {} there",
                ty(taken),
                maker.name,
                ty(given)
            )
        })
        .collect();
    if unfit.is_empty() {
        return;
    }
    let mut diagnostic = Diagnostic::error(Code(477), span, unfit.join("; "))
        .help("give the parameter the type of the value in the target");
    if let Some(place) = whole.span(&format!("flow/{}", maker.name)) {
        diagnostic = diagnostic.and(place, "this produces it");
    }
    whole.report(diagnostic);
}
