//! How long rounds queue at one limit, in words.

use crate::check::time as shown;
use flowmesh_diagnostics::Span;
use flowmesh_ir::{
    Value,
    expr::Expr,
    flow::{Each, Over},
    traffic::Limit,
    worst::CallWorst,
};

/// A limit, with who sets it.
pub(super) struct Gate<'a> {
    pub(super) who: String,
    pub(super) place: Option<Span>,
    pub(super) limit: &'a Limit,
    /// How many calls of one round it counts.
    pub(super) calls: u64,
}

/// What queues up.
pub(super) struct Queue {
    pub(super) message: String,
    pub(super) help: String,
    /// How many rounds at once would not queue.
    pub(super) fits: u64,
    pub(super) ms: u64,
}

/// What queues up at a limit, in words, and what to do.
pub(super) fn queue(gate: &Gate<'_>, each: &Each, call: &CallWorst) -> Option<Queue> {
    let rounds = rounds(each);
    let at_once = match (each.limit.as_ref().map(int), rounds) {
        (Some(limit), Some(rounds)) => Some(limit.map_or(rounds, |limit| limit.min(rounds))),
        (Some(limit), None) => limit,
        (None, rounds) => rounds,
    };
    concurrent(gate, at_once, call).or_else(|| rate(gate, rounds, at_once))
}

fn concurrent(gate: &Gate<'_>, at_once: Option<u64>, call: &CallWorst) -> Option<Queue> {
    let takes = u64::from(gate.limit.concurrent?);
    let fits = takes.max(1);
    let who = &gate.who;
    let (message, ms, waiting) = match at_once {
        Some(at_once) if at_once <= takes => return None,
        Some(at_once) => {
            let waiting = at_once.saturating_sub(takes);
            let turns = at_once.div_ceil(fits).saturating_sub(1);
            let ms = call.ms.saturating_mul(turns);
            let longest = shown(ms);
            let message = format!(
                "{at_once} rounds at once, and {who} takes {takes}: {waiting} wait, the last of them up to {longest}"
            );
            (message, ms, Some(waiting))
        }
        None => {
            let longer = shown(call.ms);
            let message = format!(
                "all rounds at once, and {who} takes {takes}: each further {takes} wait up to {longer} longer"
            );
            (message, call.ms, None)
        }
    };
    let queue = gate.limit.queue.map(u64::from);
    let refused = queue.filter(|queue| waiting.is_none_or(|waiting| waiting > *queue));
    let message = match refused {
        Some(queue) => format!("{message}; beyond {queue} they are refused"),
        None => message,
    };
    Some(Queue {
        message,
        help: format!("write `parallel(limit: {fits})`"),
        fits,
        ms,
    })
}

fn rate(gate: &Gate<'_>, rounds: Option<u64>, at_once: Option<u64>) -> Option<Queue> {
    let rate = gate.limit.rate?;
    let burst = u64::from(gate.limit.burst.unwrap_or(rate.count)).max(1);
    let count = rounds.unwrap_or(1_000);
    let calls = count.saturating_mul(gate.calls.max(1));
    let ms = calls
        .saturating_sub(burst)
        .saturating_mul(rate.per_ms)
        .checked_div(u64::from(rate.count.max(1)))?;
    let many = at_once.is_none_or(|at_once| at_once > burst);
    if ms == 0 || !many {
        return None;
    }
    let which = match rounds {
        Some(rounds) => format!("{rounds} rounds need"),
        None => format!("every {count} rounds need"),
    };
    let each = match gate.calls {
        1 => String::new(),
        calls => format!(" of {calls} calls"),
    };
    let which = which.replacen(" need", &format!("{each} need"), 1);
    let message = format!(
        "{} takes {} in {}: {which} at least {}",
        gate.who,
        rate.count,
        shown(rate.per_ms),
        shown(ms)
    );
    Some(Queue {
        message,
        help: format!("run at most {burst} rounds at once, or ask for a higher limit"),
        fits: burst,
        ms,
    })
}

fn rounds(each: &Each) -> Option<u64> {
    match &each.over {
        Over::List(Expr::List(items)) => u64::try_from(items.len()).ok(),
        Over::List(Expr::Constant(Value::List(items))) => u64::try_from(items.len()).ok(),
        Over::Range(from, to) => int(to)?.checked_sub(int(from)?),
        _ => None,
    }
}

fn int(expr: &Expr) -> Option<u64> {
    match expr {
        Expr::Constant(Value::Int(int)) => u64::try_from(*int).ok(),
        _ => None,
    }
}
