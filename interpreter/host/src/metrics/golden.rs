//! What is measured of visits, calls and attempts, as Prometheus reads it.

use super::text::Page;
use flowmesh_mesh::{CallMeasures, EndpointMeasures, Measures, Spread, VisitMeasures};

/// Operations are told of up to so many.
const OPERATIONS_MAX: usize = 200;
/// The classes of status, in the order in which they are counted.
const CLASSES: [&str; 6] = ["1xx", "2xx", "3xx", "4xx", "5xx", "none"];
/// What is handed on as it is, as the value of a label.
const RELAYED: &str = "relayed";

type Labels<'l> = &'l [(&'l str, &'l str)];

pub(super) fn golden(page: &mut Page, visits: &[VisitMeasures], measures: &Measures) {
    gateways(page, visits);
    calls(page, &measures.calls);
    attempts(page, &measures.endpoints);
}

fn gateways(page: &mut Page, visits: &[VisitMeasures]) {
    let routes = || {
        visits
            .iter()
            .flat_map(|of| of.routes.iter().map(move |route| (of, route)))
    };
    page.head(
        "flowmesh_gateway_requests_total",
        "counter",
        "Visits of gateways, by route, what that leads to, and class of status",
    );
    for (of, route) in routes() {
        let labels = [
            ("gateway", of.gateway.as_str()),
            ("route", &route.route),
            ("target", &route.target),
        ];
        classes(page, "flowmesh_gateway_requests_total", &labels, &route.classes);
    }
    page.head(
        "flowmesh_gateway_request_duration_seconds",
        "histogram",
        "From a visit to the head of its answer",
    );
    for (of, route) in routes() {
        let labels = [("gateway", of.gateway.as_str()), ("route", &route.route)];
        spread(
            page,
            "flowmesh_gateway_request_duration_seconds",
            &labels,
            &route.took,
        );
    }
    each(
        page,
        (
            "flowmesh_gateway_requests_in_flight",
            "gauge",
            "Visits whose answer has not ended",
        ),
        visits.iter().map(|of| (of, of.in_flight)),
        |of| vec![("gateway", of.gateway.as_str())],
    );
    page.head(
        "flowmesh_gateway_refusals_total",
        "counter",
        "Visits that were refused, by why",
    );
    for of in visits {
        for (reason, count) in &of.refused {
            let labels = [("gateway", of.gateway.as_str()), ("reason", reason)];
            page.line("flowmesh_gateway_refusals_total", &labels, count);
        }
    }
    each(
        page,
        (
            "flowmesh_gateway_limit_waits_total",
            "counter",
            "Visits that waited for the limit of the gateway",
        ),
        visits.iter().map(|of| (of, of.waits)),
        |of| vec![("gateway", of.gateway.as_str())],
    );
    each(
        page,
        (
            "flowmesh_gateway_limit_wait_seconds_total",
            "counter",
            "How long those waited",
        ),
        visits.iter().map(|of| (of, seconds(of.waited_us))),
        |of| vec![("gateway", of.gateway.as_str())],
    );
}

fn calls(page: &mut Page, calls: &[CallMeasures]) {
    let told: Vec<&CallMeasures> = calls.iter().take(OPERATIONS_MAX).collect();
    fn labels(of: &CallMeasures) -> Vec<(&str, &str)> {
        let operation = of
            .operation
            .as_ref()
            .map_or(RELAYED, |operation| operation.as_str());
        vec![("service", of.service.as_str()), ("operation", operation)]
    }
    page.head(
        "flowmesh_service_requests_total",
        "counter",
        "Calls to services, by operation and class of status",
    );
    for of in &told {
        classes(page, "flowmesh_service_requests_total", &labels(of), &of.classes);
    }
    page.head(
        "flowmesh_service_request_duration_seconds",
        "histogram",
        "From a call to its reply, with all attempts and the waiting between them",
    );
    for of in &told {
        spread(
            page,
            "flowmesh_service_request_duration_seconds",
            &labels(of),
            &of.took,
        );
    }
    page.head(
        "flowmesh_service_failures_total",
        "counter",
        "Calls that ended without an answer, by why",
    );
    for of in &told {
        for (reason, count) in &of.failed {
            let labels = [labels(of), vec![("reason", *reason)]].concat();
            page.line("flowmesh_service_failures_total", &labels, count);
        }
    }
    each(
        page,
        (
            "flowmesh_service_requests_in_flight",
            "gauge",
            "Calls that have no reply yet",
        ),
        told.iter().map(|of| (*of, of.in_flight)),
        labels,
    );
    each(
        page,
        (
            "flowmesh_service_retries_total",
            "counter",
            "Attempts beside the first of a call",
        ),
        told.iter().map(|of| (*of, of.retries)),
        labels,
    );
    each(
        page,
        (
            "flowmesh_service_failovers_total",
            "counter",
            "Attempts that went elsewhere, since nobody was there who could take them",
        ),
        told.iter().map(|of| (*of, of.failovers)),
        labels,
    );
    each(
        page,
        (
            "flowmesh_service_limit_waits_total",
            "counter",
            "Calls that waited for a limit",
        ),
        told.iter().map(|of| (*of, of.waits)),
        labels,
    );
    each(
        page,
        (
            "flowmesh_service_limit_wait_seconds_total",
            "counter",
            "How long those waited",
        ),
        told.iter().map(|of| (*of, seconds(of.waited_us))),
        labels,
    );
}

fn attempts(page: &mut Page, endpoints: &[EndpointMeasures]) {
    fn labels(of: &EndpointMeasures) -> Vec<(&str, &str)> {
        let mut labels = vec![("service", of.service.as_str()), ("subset", of.subset.as_str())];
        labels.extend(of.endpoint.as_deref().map(|endpoint| ("endpoint", endpoint)));
        labels
    }
    let subsets = || endpoints.iter().filter(|of| of.endpoint.is_none());
    let single = || endpoints.iter().filter(|of| of.endpoint.is_some());
    page.head(
        "flowmesh_subset_attempts_total",
        "counter",
        "Attempts at calls, by subset and class of status",
    );
    for of in subsets() {
        classes(page, "flowmesh_subset_attempts_total", &labels(of), &of.classes);
    }
    page.head(
        "flowmesh_subset_first_byte_seconds",
        "histogram",
        "From a request to the first byte of its answer",
    );
    for of in subsets() {
        let took = of.took.clone().unwrap_or_default();
        spread(page, "flowmesh_subset_first_byte_seconds", &labels(of), &took);
    }
    page.head(
        "flowmesh_endpoint_attempts_total",
        "counter",
        "Attempts at calls, by endpoint and class of status",
    );
    for of in single() {
        classes(page, "flowmesh_endpoint_attempts_total", &labels(of), &of.classes);
    }
    each(
        page,
        (
            "flowmesh_endpoint_requests_in_flight",
            "gauge",
            "Requests on their way to an endpoint",
        ),
        single().map(|of| (of, of.in_flight)),
        labels,
    );
    each(
        page,
        (
            "flowmesh_endpoint_breaker_state",
            "gauge",
            "Whether the breaker of an endpoint is closed (0), lets one through to prove it well (1), or is open (2)",
        ),
        single().filter_map(|of| Some((of, of.breaker?))),
        labels,
    );
}

fn each<'m, T: 'm, V: std::fmt::Display>(
    page: &mut Page,
    (name, kind, help): (&str, &str, &str),
    values: impl Iterator<Item = (&'m T, V)>,
    labels: impl Fn(&'m T) -> Vec<(&'m str, &'m str)>,
) {
    page.head(name, kind, help);
    for (of, value) in values {
        page.line(name, &labels(of), value);
    }
}

/// What never was is not told of: most classes of most routes.
fn classes(page: &mut Page, name: &str, labels: Labels<'_>, counts: &[u64; 6]) {
    for (class, count) in CLASSES.into_iter().zip(counts).filter(|(_, count)| **count > 0) {
        page.line(name, &[labels, &[("status", class)]].concat(), count);
    }
}

fn spread(page: &mut Page, name: &str, labels: Labels<'_>, spread: &Spread) {
    let all = spread.below.last().map_or(0, |(_, count)| *count);
    if all == 0 {
        return;
    }
    let bucket = format!("{name}_bucket");
    for (bound, count) in &spread.below {
        let bound = bound.map_or_else(|| "+Inf".to_owned(), |bound| seconds(bound).to_string());
        page.line(&bucket, &[labels, &[("le", &bound)]].concat(), count);
    }
    page.line(&format!("{name}_sum"), labels, seconds(spread.sum_us));
    page.line(&format!("{name}_count"), labels, all);
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a sum of microseconds is exact for centuries"
)]
fn seconds(us: u64) -> f64 {
    us as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::golden;
    use crate::metrics::text::Page;
    use flowmesh_mesh::{Measures, RouteMeasures, Spread, VisitMeasures};

    #[test]
    fn a_gateway_is_told_of_as_prometheus_reads_it() {
        let took = Spread {
            below: vec![(Some(500), 1), (Some(1_000), 3), (None, 4)],
            sum_us: 12_345,
        };
        let route = |route: &str, classes, took| RouteMeasures {
            route: route.to_owned(),
            target: "desk".to_owned(),
            classes,
            took,
        };
        let visits = VisitMeasures {
            gateway: "shop".into(),
            routes: vec![
                route("GET /\"{id}\"", [0, 3, 0, 0, 1, 0], took),
                route("none", [0; 6], Spread::default()),
            ],
            in_flight: 2,
            refused: vec![("denied", 1)],
            waits: 1,
            waited_us: 1_500_000,
        };
        let mut page = Page::default();
        golden(&mut page, &[visits], &Measures::default());
        let text = page.text();
        for line in [
            r#"flowmesh_gateway_requests_total{gateway="shop",route="GET /\"{id}\"",target="desk",status="2xx"} 3"#,
            r#"flowmesh_gateway_request_duration_seconds_bucket{gateway="shop",route="GET /\"{id}\"",le="0.0005"} 1"#,
            r#"flowmesh_gateway_request_duration_seconds_bucket{gateway="shop",route="GET /\"{id}\"",le="+Inf"} 4"#,
            r#"flowmesh_gateway_request_duration_seconds_sum{gateway="shop",route="GET /\"{id}\""} 0.012345"#,
            r#"flowmesh_gateway_requests_in_flight{gateway="shop"} 2"#,
            r#"flowmesh_gateway_refusals_total{gateway="shop",reason="denied"} 1"#,
            r#"flowmesh_gateway_limit_wait_seconds_total{gateway="shop"} 1.5"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(
            !text.contains("4xx") && !text.contains("route=\"none\""),
            "{text}"
        );
    }
}
