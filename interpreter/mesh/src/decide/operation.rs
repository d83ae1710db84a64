//! Which operation of a service a request looks like that comes as it is.

use flowmesh_ir::{
    OperationId, Program, ServiceId,
    access::What,
    service::{Binding, Method, Operation, Piece},
};

/// The longest value in a path that is looked at, in bytes: what is longer is no value of an operation.
const VALUE_BYTES_MAX: usize = 1024;

/// What of a service a request calls with this method and canonical path: every operation that it looks like, for who answers
/// may take it for any of these, else all of the service.
#[must_use]
pub fn called(program: &Program, service: ServiceId, method: Method, path: &str) -> Vec<What> {
    let found = alike(program, service, method, path);
    match found.is_empty() {
        true => vec![What::Service(service)],
        false => found,
    }
}

/// The operations of a service that a request may be one of: `/charges/audit` is `/charges/{id}`, too.
#[must_use]
pub fn alike(program: &Program, service: ServiceId, method: Method, path: &str) -> Vec<What> {
    let operations = program
        .service(service)
        .map(|declared| declared.operations.as_slice());
    let all = (0u32..).map(OperationId).zip(operations.unwrap_or_default());
    let fitting = all.filter(|(_, it)| fits(it, method, path));
    fitting.map(|(id, _)| What::Operation(service, id)).collect()
}

/// Whether a request with this method and canonical path is one of an operation.
#[must_use]
pub fn fits(operation: &Operation, method: Method, path: &str) -> bool {
    match &operation.binding {
        Binding::Http => operation.method == method && matches(&operation.path, path),
        Binding::Grpc {
            service,
            method: name,
        } => {
            let called = path
                .strip_prefix('/')
                .and_then(|rest| rest.strip_prefix(service.as_str()));
            let called = called.and_then(|rest| rest.strip_prefix('/'));
            method == Method::Post && called == Some(name.as_str())
        }
        Binding::Run { .. } | Binding::Worker { .. } => false,
    }
}

/// A value is anything but nothing within one segment.
fn matches(pieces: &[Piece], path: &str) -> bool {
    match pieces {
        [] => path.is_empty(),
        [Piece::Literal(text), rest @ ..] => path
            .strip_prefix(text.as_str())
            .is_some_and(|path| matches(rest, path)),
        [Piece::Value(_), rest @ ..] => {
            let segment = path.find('/').unwrap_or(path.len()).min(VALUE_BYTES_MAX);
            let mut ends = (1..=segment).rev().filter_map(|end| path.get(end..));
            ends.any(|behind| matches(rest, behind))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;
    use flowmesh_ir::{SlotId, expr::Expr, service::Piece};

    /// `{}` stands for a value.
    fn of(pattern: &str, path: &str) -> bool {
        let mut pieces = Vec::new();
        for (at, text) in pattern.split("{}").enumerate() {
            if at > 0 {
                pieces.push(Piece::Value(Expr::Slot(SlotId(0))));
            }
            if !text.is_empty() {
                pieces.push(Piece::Literal(text.to_owned()));
            }
        }
        matches(&pieces, path)
    }

    #[test]
    fn values_are_one_segment_or_a_part_of_one() {
        assert!(of("/charges", "/charges"));
        assert!(!of("/charges", "/charges/"));
        assert!(!of("/charges", "/charge"));
        assert!(of("/charges/{}/refund", "/charges/7/refund"));
        assert!(!of("/charges/{}/refund", "/charges//refund"));
        assert!(!of("/charges/{}/refund", "/charges/7/8/refund"));
        assert!(!of("/charges/{}", "/charges/7/refund"));
        assert!(!of("/charges/{}", "/charges/"));
        assert!(of("/a-{}-b/{}", "/a-1-b-b/2"));
        assert!(of("/{}.{}", "/x.tar.gz"));
    }

    #[test]
    fn a_value_of_many_bytes_is_none() {
        assert!(of("/{}", &format!("/{}", "x".repeat(1024))));
        assert!(!of("/{}", &format!("/{}", "x".repeat(1025))));
        // What is long and looks like much is done with quickly.
        assert!(!of("/{}-{}-{}x", &format!("/{}", "-".repeat(8000))));
    }

    #[test]
    fn encoded_values_stay_as_they_are() {
        assert!(of("/stock/{}", "/stock/%C3%A9"));
        assert!(of("/stock/{}", "/stock/é"));
    }
}
