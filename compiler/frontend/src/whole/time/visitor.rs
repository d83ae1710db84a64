//! Visitors of gateways who are sent away before what they wait for can be done.

use crate::{
    ast::{Expr as Written, ExprKind, GatewayRoute},
    check::time as shown,
    cure::{text::span_at, tree},
    whole::Whole,
};
use flowmesh_diagnostics::{Code, Diagnostic, Edit, Fix, Span};
use flowmesh_ir::{
    gateway::{Gateway, Route, Target},
    policy::Timeout,
    worst::{self, Time},
};

/// How long a visitor is kept waiting at the most, where that mends something: five minutes.
const LONGEST_WAIT: u64 = 300_000;

pub(super) fn route(whole: &mut Whole<'_>, gateway: &Gateway, at: usize, route: &Route) {
    let own = route
        .policy
        .or(gateway.policy)
        .and_then(|id| whole.program.policy(id));
    // What a flow takes is one wait; of an operation each attempt is given up by itself.
    let timeout = own.map_or_else(Timeout::default, |policy| policy.timeout);
    let total = match &route.target {
        Target::Flow { .. } => timeout.total_ms,
        _ => timeout.total_ms.min(timeout.attempt_ms),
    };
    let (name, time, place) = match &route.target {
        Target::Flow { flow, wait: true, .. } => {
            let name = whole
                .program
                .flow(*flow)
                .map(|flow| flow.name.to_string())
                .unwrap_or_default();
            let place = whole.span(&format!("flow/{name}"));
            (name, whole.flow_time(*flow), place)
        }
        Target::Operation {
            service, operation, ..
        } if own.is_some() => {
            let policy = whole.operation(*service, *operation).map(|found| found.policy);
            let policy = policy.and_then(|id| whole.program.policy(id));
            let time = policy.map_or(Time::default(), |policy| Time::of(worst::call_ms(policy)));
            let place = whole.said(*service, *operation, "timeout");
            (whole.operation_name(*service, *operation), time, place)
        }
        _ => return,
    };
    let late = time.ms > total || time.open;
    let Some(span) = whole
        .span(&format!("gateway/{}/{at}", gateway.name))
        .filter(|_| late)
    else {
        return;
    };
    let takes = if time.open {
        "can take longer than anybody knows".to_owned()
    } else {
        format!("can take {}", shown(time.ms))
    };
    let message = format!(
        "the gateway gives up after {}, and `{name}` {takes}",
        shown(total)
    );
    let mut diagnostic = Diagnostic::warning(Code(547), span, message);
    let said = whole.span(&format!("gateway/{}@timeout", gateway.name));
    let says_itself = tree::route(whole.resolved, span).is_some_and(|route| {
        let mut settings = route.settings.iter();
        settings.any(|setting| matches!(setting.name.text.as_str(), "timeout" | "policy"))
    });
    if let (Some(said), false) = (said, says_itself) {
        diagnostic = diagnostic.and(said, "the time that the gateway has");
    }
    diagnostic = place
        .into_iter()
        .fold(diagnostic, |d, place| d.and(place, "what it waits for"));
    let fix = match &route.target {
        Target::Flow { .. } if time.open || time.ms > LONGEST_WAIT => unwaited(whole, span),
        Target::Flow { .. } => longer(whole, span, &["total"], &shown(time.ms)),
        _ => longer(whole, span, &["attempt", "total"], &shown(time.ms)),
    };
    let help = match &route.target {
        Target::Flow { .. } => {
            "leave `wait` out, so that the visitor hears where to look; or give the route more time"
                .to_owned()
        }
        _ => {
            let time = shown(time.ms);
            format!("give the route `timeout: {{ attempt: {time}, total: {time} }}`")
        }
    };
    diagnostic.fix = fix;
    whole.report(diagnostic.help(help));
}

fn longer(whole: &Whole<'_>, place: Span, parts: &[&str], time: &str) -> Option<Fix> {
    with_time(whole, tree::route(whole.resolved, place)?, parts, time)
}

/// The route without `wait`.
fn unwaited(whole: &Whole<'_>, place: Span) -> Option<Fix> {
    let mut settings = tree::route(whole.resolved, place)?.settings.iter();
    let wait = settings.find(|setting| setting.name.text == "wait")?;
    Some(Fix {
        title: "let the visitor look for the result later".to_owned(),
        edits: vec![Edit {
            span: wait.name.span.to(wait.value.span),
            text: String::new(),
        }],
    })
}

/// The route with more time, for each of some parts of its timeout.
fn with_time(whole: &Whole<'_>, route: &GatewayRoute, parts: &[&str], time: &str) -> Option<Fix> {
    let source = whole.sources.get(route.span.source)?;
    let known = route
        .settings
        .iter()
        .find(|setting| setting.name.text == "timeout");
    let all: Vec<String> = parts.iter().map(|part| format!("{part}: {time}")).collect();
    let timeout = format!("timeout: {{ {} }}", all.join(", "));
    let edits = match (known, route.settings.last()) {
        (Some(timeout), _) => in_timeout(&timeout.value, parts, time)?,
        (None, Some(last)) => {
            let end = last.value.span.end as usize;
            vec![(span_at(route.span, end), format!(", {timeout}"))]
        }
        (None, None) if source.slice(route.span).ends_with('}') => return None,
        (None, None) => {
            let end = route.span.end as usize;
            vec![(span_at(route.span, end), format!(" {{ {timeout} }}"))]
        }
    };
    Some(Fix {
        title: format!("give the route {time}"),
        edits: edits
            .into_iter()
            .map(|(span, text)| Edit { span, text })
            .collect(),
    })
}

/// What changes in a timeout that is written, so that some of its parts are as long as this.
fn in_timeout(timeout: &Written, parts: &[&str], time: &str) -> Option<Vec<(Span, String)>> {
    let ExprKind::Record(known) = &timeout.kind else {
        return None;
    };
    let inside = span_at(timeout.span, timeout.span.start as usize + 1);
    let change = |part: &&str| match known.iter().find(|(name, _)| name.text == **part) {
        Some((_, value)) => (value.span, time.to_owned()),
        None => (inside, format!(" {part}: {time},")),
    };
    Some(parts.iter().map(change).collect())
}
