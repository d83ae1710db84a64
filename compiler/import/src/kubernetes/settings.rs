//! What holds for requests, as settings of the language.

use super::traffic::{Cors, Fault, Mirror, On, Retry, Says, Split, Target};
use crate::name::{duration, quoted};

/// A setting and what it holds.
pub(crate) type Setting = (&'static str, String);

/// What stands for no limit: the language always has one, and these are long.
const NO_LIMIT_MS: u64 = 86_400_000;
const NO_LIMIT_ATTEMPT_MS: u64 = 3_600_000;

/// What is said of a whole service beside that.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Beside {
    pub(crate) idle_ms: Option<u64>,
    pub(crate) budget: Option<u32>,
    /// Whether also what may not be repeated is copied.
    pub(crate) writes: bool,
}

/// The settings of some requests, as far as they are not those of `base`.
pub(crate) fn settings(
    says: &Says,
    base: Option<&Says>,
    beside: Beside,
    place: &dyn Fn(&Target) -> Option<String>,
) -> Vec<Setting> {
    let mut all: Vec<Setting> = Vec::new();
    let times = |says: &Says| (says.total_ms, says.attempt_ms);
    if base.is_none_or(|base| times(base) != times(says)) {
        all.push(("timeout", timeout(says, beside.idle_ms)));
    }
    match (&says.retry, base) {
        (retry, Some(base)) if *retry == base.retry => {}
        (Some(it), base) => {
            // A budget is of a whole service; where that repeats nothing, nobody has said one.
            let own = base.is_none_or(|base| base.retry.is_some());
            all.push(("retry", retry(it, own.then_some(beside.budget))));
        }
        (None, Some(_)) => all.push(("retry", "none".to_owned())),
        (None, None) => {}
    }
    let differs = |of: fn(&Says) -> String| base.is_none_or(|base| of(base) != of(says));
    if differs(|says| format!("{:?}", says.fault)) {
        all.extend(optional("fault", says.fault.as_ref().and_then(fault), base));
    }
    if differs(|says| format!("{:?}", says.mirror)) {
        let mirror = says
            .mirror
            .as_ref()
            .and_then(|it| mirror(it, beside.writes, place));
        all.extend(optional("mirror", mirror, base));
    }
    if differs(|says| format!("{:?}", says.headers)) {
        all.extend(headers(&says.headers).map(|it| ("headers", it)));
    }
    all
}

/// A setting that is there or not; `none` where it was there before.
fn optional(name: &'static str, text: Option<String>, base: Option<&Says>) -> Option<Setting> {
    let text = text.or_else(|| base.map(|_| "none".to_owned()));
    text.map(|text| (name, text))
}

fn timeout(says: &Says, idle_ms: Option<u64>) -> String {
    let total = says.total_ms.unwrap_or(NO_LIMIT_MS).max(1);
    let usual = says.total_ms.unwrap_or(NO_LIMIT_ATTEMPT_MS).max(1);
    let attempt = says.attempt_ms.unwrap_or(usual).clamp(1, total);
    let idle = idle_ms
        .map(|ms| format!(", idle: {}", duration(ms)))
        .unwrap_or_default();
    format!(
        "{{ attempt: {}, total: {}{idle} }}",
        duration(attempt),
        duration(total)
    )
}

fn retry(retry: &Retry, budget: Option<Option<u32>>) -> String {
    let word = |on: &On| match on {
        On::Connect => "connect".to_owned(),
        On::Timeout => "timeout".to_owned(),
        On::Fives => "5xx".to_owned(),
        On::Status(status) => status.to_string(),
    };
    let on: Vec<String> = retry.on.iter().map(word).collect();
    let budget = budget.map(|it| it.map_or("none".to_owned(), |percent| format!("{percent}%")));
    let budget = budget.map(|it| format!(", budget: {it}")).unwrap_or_default();
    let base = retry.base_ms.clamp(1, 3_600_000);
    // Envoy doubles its waits up to ten times of the first.
    format!(
        "{{ attempts: {}, on: [{}], backoff: exponential({}, max: {}){budget} }}",
        retry.more + 1,
        on.join(", "),
        duration(base),
        duration(base * 10),
    )
}

fn fault(fault: &Fault) -> Option<String> {
    let mut parts = Vec::new();
    parts.extend(fault.delay_ms.map(|ms| format!("delay: {}", duration(ms))));
    parts.extend(fault.status.map(|status| format!("status: {status}")));
    if parts.is_empty() || fault.percent == 0 {
        return None;
    }
    parts.push(format!("share: {}%", fault.percent));
    Some(format!("{{ {} }}", parts.join(", ")))
}

fn mirror(mirror: &Mirror, writes: bool, place: &dyn Fn(&Target) -> Option<String>) -> Option<String> {
    let to = place(&mirror.to).filter(|_| mirror.percent > 0)?;
    let writes = if writes { ", writes: true" } else { "" };
    Some(format!("{{ to: {to}, share: {}%{writes} }}", mirror.percent))
}

/// Headers by the names that the language has for them.
fn headers(all: &[(String, String)]) -> Option<String> {
    let one = |(name, value): &(String, String)| {
        let name = name.to_ascii_lowercase().replace('-', "_");
        format!("{name}: {}", quoted(value))
    };
    let all: Vec<String> = all.iter().map(one).collect();
    (!all.is_empty()).then(|| format!("{{ {} }}", all.join(", ")))
}

/// All methods that browsers are asked about where nothing is said.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Which pages may ask.
pub(crate) fn cors(cors: &Cors) -> String {
    let list = |texts: &[String]| {
        let each: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
        format!("[{}]", each.join(", "))
    };
    let mut parts = vec![format!("origins: {}", list(&cors.origins))];
    if !cors.methods.is_empty() && cors.methods != METHODS {
        parts.push(format!("methods: {}", list(&cors.methods)));
    }
    if !cors.headers.is_empty() {
        parts.push(format!("headers: {}", list(&cors.headers)));
    }
    if cors.credentials {
        parts.push("credentials: true".to_owned());
    }
    parts.extend(cors.age_ms.map(|ms| format!("age: {}", duration(ms))));
    format!("{{ {} }}", parts.join(", "))
}

/// Shares of a hundred.
pub(crate) fn shares(split: &Split) -> Vec<u32> {
    let whole: u64 = split.iter().map(|(_, weight)| u64::from(*weight)).sum();
    if whole == 0 {
        return split.iter().map(|_| 0).collect();
    }
    let mut shares: Vec<u32> = split
        .iter()
        .map(|(_, weight)| u32::try_from(u64::from(*weight) * 100 / whole).unwrap_or_default())
        .collect();
    let mut rest = 100_u32.saturating_sub(shares.iter().sum());
    for (share, (_, weight)) in shares.iter_mut().zip(split) {
        if rest > 0 && *weight > 0 {
            *share += 1;
            rest -= 1;
        }
    }
    shares
}
