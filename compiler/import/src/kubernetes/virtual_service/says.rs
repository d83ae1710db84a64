//! What a route of a `VirtualService` says of its requests.

use super::{Object, Says, Target, target};
use crate::{
    fields::Fields,
    found::Found,
    kubernetes::{
        duration,
        traffic::{Cors, Fault, Mirror, On, Retry, Rewrite},
    },
    node::Value,
};
use std::collections::BTreeSet;

/// How often Istio repeats where nothing is said, and how long it waits first.
const RETRIES: u32 = 2;
const BASE_MS: u64 = 25;

/// What Istio repeats where nothing is said. The other two of its words are of gRPC's own statuses.
fn usual() -> BTreeSet<On> {
    [On::Connect].into()
}

/// What Istio does with a request of which nothing is said: it waits for as long as it takes, and repeats twice what was
/// never sent.
pub(crate) fn default() -> Says {
    Says {
        retry: Some(Retry {
            more: RETRIES,
            on: usual(),
            base_ms: BASE_MS,
        }),
        ..Says::default()
    }
}

/// What a route says.
pub(super) fn says(http: &mut Fields<'_>, object: &Object<'_>, found: &mut Found) -> Says {
    let total_ms = time(http, "timeout", found).filter(|ms| *ms > 0);
    let (attempt_ms, retry) = match http.object("retries", found) {
        Some(fields) => retries(fields, found),
        None => (None, default().retry),
    };
    Says {
        total_ms,
        attempt_ms,
        retry,
        fault: http.object("fault", found).map(|it| fault(it, found)),
        mirror: mirror(http, object, found),
        rewrite: http
            .object("rewrite", found)
            .map(|it| rewrite(it, found))
            .unwrap_or_default(),
        headers: http
            .object("headers", found)
            .map(|it| headers(it, found))
            .unwrap_or_default(),
        cors: http.object("corsPolicy", found).map(|it| cors(it, found)),
    }
}

/// A field that is a duration.
pub(crate) fn time(fields: &mut Fields<'_>, name: &str, found: &mut Found) -> Option<u64> {
    let node = fields.take(name)?;
    let time = node.text().and_then(|text| duration::read(&text));
    if time.is_none() {
        found.bad_value(node, &fields.of_field(name), "a duration");
    }
    time
}

/// `attempts` counts retries, and not the first attempt.
fn retries(mut fields: Fields<'_>, found: &mut Found) -> (Option<u64>, Option<Retry>) {
    let more = fields.count("attempts", found).unwrap_or(RETRIES);
    let attempt = time(&mut fields, "perTryTimeout", found).filter(|ms| *ms > 0);
    let base_ms = time(&mut fields, "backoff", found).unwrap_or(BASE_MS);
    let on = match fields.take("retryOn") {
        None => usual(),
        Some(node) => {
            let text = node.text().unwrap_or_default();
            let mut on = BTreeSet::new();
            for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
                match worth(word) {
                    Some(more) => on.extend(more),
                    None => found.lost(node, &format!("`retryOn: {word}`")),
                }
            }
            on
        }
    };
    fields.skip(&["retryRemoteLocalities", "retryIgnorePreviousHosts"]);
    if more > 99 {
        found.part(fields.node, "at most 100 attempts");
    }
    fields.end(found);
    let retry = Retry {
        more: more.min(99),
        on,
        base_ms,
    };
    let repeats = retry.more > 0 && !retry.on.is_empty();
    (
        attempt.filter(|_| repeats || more == 0),
        Some(retry).filter(|_| repeats),
    )
}

/// What a word of Envoy means.
fn worth(word: &str) -> Option<Vec<On>> {
    Some(match word {
        "connect-failure" | "refused-stream" | "reset-before-request" | "http3-post-connect-failure" => {
            vec![On::Connect]
        }
        "reset" => vec![On::Timeout],
        // These two repeat after broken connections and attempts that took too long, too.
        "5xx" => vec![On::Connect, On::Timeout, On::Fives],
        "gateway-error" => vec![
            On::Connect,
            On::Timeout,
            On::Status(502),
            On::Status(503),
            On::Status(504),
        ],
        "retriable-4xx" => vec![On::Status(409)],
        "unavailable" => vec![On::Status(503)],
        // Statuses of gRPC that say that the caller has gone, and numbers that stand beside.
        "cancelled" | "retriable-status-codes" => Vec::new(),
        number => vec![On::Status(
            number.parse().ok().filter(|it| (400..600).contains(it))?,
        )],
    })
}

fn fault(mut fields: Fields<'_>, found: &mut Found) -> Fault {
    let mut fault = Fault::default();
    if let Some(mut delay) = fields.object("delay", found) {
        fault.delay_ms = time(&mut delay, "fixedDelay", found);
        fault.percent = percent(&mut delay, found);
        delay.end(found);
    }
    if let Some(mut abort) = fields.object("abort", found) {
        abort.lost(
            &[
                ("grpcStatus", "a status of gRPC"),
                ("http2Error", "an error of HTTP/2"),
            ],
            found,
        );
        fault.status = abort
            .count("httpStatus", found)
            .and_then(|it| u16::try_from(it).ok())
            .filter(|it| (200..600).contains(it));
        let share = percent(&mut abort, found);
        if fault.delay_ms.is_some() && fault.status.is_some() && share != fault.percent {
            let words = format!("`fault.abort` for {share} of a hundred: delays and statuses have one share");
            found.lost(abort.node, &words);
            fault.status = None;
        } else if fault.status.is_some() {
            fault.percent = share;
        }
        abort.end(found);
    }
    fields.end(found);
    fault
}

/// `percentage: { value: 5 }`, `percent: 5`, or all.
fn percent(fields: &mut Fields<'_>, found: &mut Found) -> u32 {
    let old = fields.count("percent", found);
    let Some(mut inner) = fields.object("percentage", found) else {
        return old.unwrap_or(100).min(100);
    };
    let value = whole_percent(&mut inner, found);
    inner.end(found);
    value
}

/// A `value` of a hundred; what is less than one of them is one.
fn whole_percent(fields: &mut Fields<'_>, found: &mut Found) -> u32 {
    let node = fields.node;
    let odd = matches!(node.get("value").map(|it| &it.value), Some(Value::Float(it)) if it.fract() != 0.0);
    let value = fields.count("value", found).unwrap_or_default();
    if odd {
        found.part(node, "shares are whole parts of a hundred");
        return value.clamp(1, 100);
    }
    value.min(100)
}

fn mirror(http: &mut Fields<'_>, object: &Object<'_>, found: &mut Found) -> Option<Mirror> {
    let share = http.object("mirrorPercentage", found).map(|mut it| {
        let value = it.node.get("value").map(|_| whole_percent(&mut it, found));
        it.end(found);
        value.unwrap_or(100)
    });
    let old = http.count("mirrorPercent", found);
    let one = http
        .object("mirror", found)
        .and_then(|it| target(it, object, found));
    let mut all: Vec<(Target, u32)> = one
        .map(|to| (to, share.or(old).unwrap_or(100)))
        .into_iter()
        .collect();
    let mut nodes = Vec::new();
    for mut each in http.objects("mirrors", found) {
        let percent = percent(&mut each, found);
        nodes.push(each.node);
        if let Some(to) = each
            .object("destination", found)
            .and_then(|it| target(it, object, found))
        {
            all.push((to, percent));
        }
        each.end(found);
    }
    for (node, (to, _)) in nodes.iter().rev().zip(all.iter().skip(1).rev()) {
        found.lost(node, &format!("a second mirror, to `{}`", to.host.0));
    }
    let first = all.into_iter().next()?;
    Some(Mirror {
        to: first.0,
        percent: first.1.min(100),
    })
}

fn rewrite(mut fields: Fields<'_>, found: &mut Found) -> Rewrite {
    let mut rewrite = Rewrite {
        host: fields.text("authority", found),
        prefix: fields.text("uri", found),
        before: None,
    };
    if let Some(mut regex) = fields.object("uriRegexRewrite", found) {
        let of = regex.text("match", found).unwrap_or_default();
        let by = regex.text("rewrite", found).unwrap_or_default();
        let node = regex.node;
        regex.end(found);
        let plain = by.replace(r"\\", "\\");
        match of.as_str() {
            "^/" => rewrite.before = Some(by.trim_end_matches('/').to_owned()),
            // What was matched, with the slash behind it or without.
            of if of.starts_with('^') && !by.contains('\\') => {
                rewrite.prefix = Some(if of.ends_with("/?") { "/".to_owned() } else { plain });
            }
            _ => found.lost(
                node,
                "`rewrite.uriRegexRewrite`: a part of the path by a regular expression",
            ),
        }
    }
    fields.end(found);
    rewrite
}

/// Headers that requests are given.
fn headers(mut fields: Fields<'_>, found: &mut Found) -> Vec<(String, String)> {
    let node = fields.node;
    fields.lost(&[("response", "headers of answers")], found);
    let mut all = Vec::new();
    if let Some(mut request) = fields.object("request", found) {
        all = request.pairs("set", found);
        request.lost(&[("remove", "headers that are taken away")], found);
        if let Some(node) = request.take("add") {
            found.part(node, "headers are set, and not added to those of their name");
            all.extend(request.pairs("add", found));
        }
        request.end(found);
    }
    fields.end(found);
    let known = |(name, value): &(String, String)| !value.contains('%') && is_name(name);
    let (known, odd): (Vec<_>, Vec<_>) = all.into_iter().partition(known);
    for (name, _) in odd {
        found.lost(node, &format!("the header `{name}` with a variable of Envoy"));
    }
    known
}

/// Whether the language can write the name of a header.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |sign: char| sign.is_ascii_alphanumeric() || sign == '-';
    name.starts_with(|sign: char| sign.is_ascii_alphabetic()) && name.chars().all(plain)
}

fn cors(mut fields: Fields<'_>, found: &mut Found) -> Cors {
    let mut cors = Cors::default();
    for mut origin in fields.objects("allowOrigins", found) {
        let (exact, regex) = (origin.text("exact", found), origin.text("regex", found));
        match (exact, regex.as_deref()) {
            (Some(exact), _) => cors.origins.push(exact),
            (None, Some(".*")) => cors.origins.push("*".to_owned()),
            _ => {
                origin.skip(&["prefix"]);
                found.lost(
                    origin.node,
                    "an origin of `corsPolicy` that is compared by a part of it",
                );
            }
        }
        origin.end(found);
    }
    cors.origins.extend(fields.texts("allowOrigin", found));
    cors.methods = fields.texts("allowMethods", found);
    cors.headers = fields.texts("allowHeaders", found);
    fields.lost(
        &[
            ("exposeHeaders", "headers that pages may read"),
            ("unmatchedPreflights", ""),
        ],
        found,
    );
    cors.credentials = fields.flag("allowCredentials", found).unwrap_or_default();
    cors.age_ms = time(&mut fields, "maxAge", found);
    if cors.credentials && cors.origins.iter().any(|it| it == "*") {
        found.lost(fields.node, "`allowCredentials` for pages from everywhere");
        cors.credentials = false;
    }
    cors.methods.retain(|it| METHODS.contains(&it.as_str()));
    fields.end(found);
    cors
}

/// The methods that pages may be asked about.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
