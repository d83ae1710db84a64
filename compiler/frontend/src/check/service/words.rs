//! The words for what can be wrong with services and policies.

use super::error::Error;
use crate::resolve::did_you_mean;
use flowmesh_diagnostics::{Code, Diagnostic, Span, nearest};

impl Error {
    pub(super) fn of_settings(self) -> Diagnostic {
        match self {
            Self::UnknownSetting {
                name,
                place,
                span,
                near,
            } => {
                let message = format!("{place} has no setting `{name}`");
                did_you_mean(Diagnostic::error(Code(501), span, message), near.as_deref(), span)
            }
            Self::MisplacedSetting { name, place, span } => {
                Diagnostic::error(Code(501), span, format!("`{name}` is not a setting of {place}"))
            }
            Self::SettingTwice { name, span } => {
                Diagnostic::error(Code(520), span, format!("`{name}` is set twice"))
                    .help("remove one of them")
            }
            Self::Form {
                name,
                form,
                found,
                span,
            } => {
                let meant = meant(name, &form, &found);
                let found = if found.len() > 60 {
                    "something else".to_owned()
                } else {
                    format!("`{found}`")
                };
                let diagnostic =
                    Diagnostic::error(Code(503), span, format!("`{name}` does not fit: found {found}"))
                        .help(format!("it holds {form}"));
                match meant {
                    Some(meant) => diagnostic.fix(format!("write `{meant}`"), span, meant),
                    None => diagnostic,
                }
            }
            Self::UnknownPolicy { name, span, near } => {
                let diagnostic = Diagnostic::error(Code(213), span, format!("unknown policy `{name}`"));
                match near {
                    None => diagnostic.help("declare it with `policy`, or `use std.policy.resilient`"),
                    near => did_you_mean(diagnostic, near.as_deref(), span),
                }
            }
            other => other.of_policies(),
        }
    }

    pub(super) fn of_policies(self) -> Diagnostic {
        match self {
            Self::RetryOnce {
                name,
                attempts,
                span,
                operation,
            } => Diagnostic::error(
                Code(504),
                operation,
                format!("`{name}` would be tried {attempts} times, and nothing makes that safe"),
            )
            .and(span, "this asks for further attempts")
            .help("give it a `key`, by which the service knows a repetition, or say `retry: none` for it"),
            Self::AttemptOverTotal {
                attempt,
                total,
                span,
                other,
            } => {
                let message = format!(
                    "one attempt may take {}, the whole call only {}",
                    time(attempt),
                    time(total)
                );
                let diagnostic = Diagnostic::error(Code(505), span, message);
                let other = other.filter(|other| *other != span);
                other
                    .into_iter()
                    .fold(diagnostic, |d, other| d.and(other, "the whole call"))
                    .help(format!(
                        "give an attempt at most {}, or the whole call more",
                        time(total)
                    ))
            }
            Self::CannotFit {
                attempts,
                attempt,
                waits,
                worst,
                total,
                span,
            } => {
                let message = format!(
                    "{attempts} attempts of {} and waits of {} take up to {}, but the whole call may take {}",
                    time(attempt),
                    time(waits),
                    time(worst),
                    time(total)
                );
                Diagnostic::warning(Code(506), span, message).help(format!(
                    "give the whole call {}, or allow less for each attempt",
                    time(worst)
                ))
            }
            other => other.of_routes(),
        }
    }

    pub(super) fn of_routes(self) -> Diagnostic {
        match self {
            Self::Weight { name, span } => Diagnostic::error(
                Code(507),
                span,
                format!("`{name}` needs a whole percentage from 0% to 100%"),
            )
            .help(format!("write its share: `{name} 50%`")),
            Self::Weights { sum, span, parts } => {
                let message = format!("expected weights that add up to 100%, found {sum}%");
                let diagnostic = Diagnostic::error(Code(507), span, message);
                parts
                    .into_iter()
                    .fold(diagnostic, |d, part| d.and(part, "one of them"))
                    .help("every request goes somewhere: make them add up")
            }
            Self::UnknownSubset {
                name,
                span,
                near,
                declared,
            } => {
                let message = format!("the service has no `at {name}`");
                let diagnostic = Diagnostic::error(Code(508), span, message).and(declared, "the service");
                did_you_mean(diagnostic, near.as_deref(), span)
            }
            Self::NoElse { span } => {
                Diagnostic::error(Code(509), span, "this route leaves some requests nowhere to go")
                    .help("end it with `else -> ...`")
            }
            Self::RuleTwice { span, before } => {
                Diagnostic::error(Code(509), span, "this rule is never reached")
                    .and(before, "this one has the same condition and comes first")
                    .help("remove it, or give it another condition")
                    .fix("remove the rule", span, "")
            }
            Self::RuleNeverTaken { span, before } => {
                Diagnostic::error(Code(509), span, "this rule is never reached")
                    .and(before, "`else` takes every request")
                    .help("put `else` last")
                    .fix("remove this rule", span, "")
            }
            Self::NoRoute { name, span } => Diagnostic::error(
                Code(521),
                span,
                format!("nothing says which part of `{name}` a request goes to"),
            )
            .help("add `route { else -> v1 90%, v2 10% }`"),
            Self::UnnamedSubset { span } => Diagnostic::error(
                Code(521),
                span,
                "no route can lead to an `at` without a name beside named ones",
            )
            .help("give it a name: `at v1: ...`"),
            other => other.of_addresses(),
        }
    }

    pub(super) fn of_addresses(self) -> Diagnostic {
        match self {
            Self::NoAddress { name, span } => {
                Diagnostic::error(Code(518), span, format!("nothing says where `{name}` is"))
                    .help("add `at: \"http://127.0.0.1:8080\"`")
            }
            Self::EmptyAddresses { span } => {
                Diagnostic::error(Code(518), span, "expected at least one address")
                    .help("write where the service is")
                    .fix("write an address", span, "[\"http://127.0.0.1:8080\"]")
            }
            Self::NoScheme { text, span } => {
                Diagnostic::error(Code(517), span, format!("`{text}` does not say how to reach it"))
                    .help("begin with `http://`, `https://`, `dns://` or `srv://`")
            }
            Self::UnknownScheme { scheme, span } => {
                Diagnostic::error(Code(517), span, format!("unknown kind of address `{scheme}://`"))
                    .help("begin with `http://`, `https://`, `dns://` or `srv://`")
            }
            Self::BadAddress { why, span } => Diagnostic::error(Code(517), span, why),
            other => other.of_operations(),
        }
    }

    pub(super) fn of_operations(self) -> Diagnostic {
        match self {
            Self::Binding { name, span, near } => {
                let diagnostic = Diagnostic::error(
                    Code(519),
                    span,
                    format!("expected a method of HTTP, `grpc`, `run` or `worker`, found `{name}`"),
                );
                match near {
                    None => diagnostic
                        .help("operations are reached by `GET`, `POST`, `PUT` and so on, or by `grpc`, `run`, `worker`"),
                    near => did_you_mean(diagnostic, near.as_deref(), span),
                }
            }
            Self::Path { span } => Diagnostic::error(Code(519), span, "expected a path that begins with `/`"),
            Self::NoSuchParam {
                name,
                span,
                declared,
                near,
            } => {
                let message = format!("`{name}` is not a parameter of the operation");
                let diagnostic = Diagnostic::error(Code(510), span, message).and(declared, "the operation");
                did_you_mean(diagnostic, near.as_deref(), span)
            }
            Self::SentNowhere { name, span } => {
                Diagnostic::error(Code(511), span, format!("the parameter `{name}` is sent nowhere"))
                    .help("use it in the path, in `body` or in `headers`, or remove it")
            }
            Self::NotForQuery { name, ty, span } => Diagnostic::error(
                Code(511),
                span,
                format!("`{name}` would go into the query, which cannot hold {ty}"),
            )
            .help("send it with a method that has a body"),
            Self::BodyOfGet { method, span } => {
                Diagnostic::error(Code(512), span, format!("a `{method}` has no body"))
                    .help("leave `body` out: parameters go into the query")
            }
            Self::Key { ty, span } => Diagnostic::error(
                Code(516),
                span,
                format!("expected a text or a whole number as key, found {ty}"),
            )
            .help("take what names the thing, such as `order.id`"),
            Self::Status {
                span,
                expected,
                http,
                near,
            } => {
                let code = if http { Code(513) } else { Code(528) };
                let diagnostic = Diagnostic::error(code, span, format!("expected {expected}"));
                if near.is_some() {
                    return did_you_mean(diagnostic, near.as_deref(), span);
                }
                if http {
                    return diagnostic.help("errors of HTTP are 400 to 599, such as `402` or `409`");
                }
                diagnostic.help("0 is success; what `on` does not name is `UnexpectedStatus`")
            }
            Self::StatusTwice { status, span, first } => Diagnostic::error(
                Code(514),
                span,
                format!("the status {status} already means an error"),
            )
            .and(first, "it is here first")
            .help("one status means one error: remove one of them"),
            Self::OnUndeclared {
                error,
                name,
                span,
                declared,
            } => Diagnostic::error(
                Code(515),
                span,
                format!("`{name}` does not declare the error `{error}`"),
            )
            .and(declared, "the operation")
            .help(format!("add `fails {error}` to the operation")),
            Self::NeverMeant { error, status, span } => Diagnostic::warning(
                Code(523),
                span,
                format!("no status means `{error}`, so it never happens"),
            )
            .help(format!("add `on {status}: {error}(...)`")),
            Self::NotAFailure { span } => Diagnostic::error(Code(212), span, "expected an error"),
            other => Diagnostic::error(Code(503), Span::default(), format!("{other:?}")),
        }
    }
}

impl Error {
    pub(super) fn of_bindings(self) -> Diagnostic {
        match self {
            Self::Grpc { span } => Diagnostic::error(Code(524), span, "expected a method of a gRPC service")
                .help("write `grpc \"package.Service/Method\"`"),
            Self::Command { span } => Diagnostic::error(Code(525), span, "expected a program by its name")
                .help(
                    "write `run \"program {argument}\"`: the name is written out, the arguments may be data",
                ),
            Self::Queue { span } => Diagnostic::error(Code(526), span, "expected the name of a queue")
                .help("write `worker \"emails\"`"),
            Self::ResumeOnce { span, declared } => Diagnostic::error(
                Code(527),
                span,
                "`resume` belongs to an operation that answers with a stream",
            )
            .and(declared, "this one answers once")
            .help("declare `-> stream TYPE`, or leave it out"),
            Self::ResumeWhere { span, declared } => Diagnostic::error(
                Code(527),
                span,
                "gRPC has no place for a cursor of its own",
            )
            .and(declared, "no parameter of that name takes it")
            .help("say which parameter takes it: `resume: { after: reply.id }`"),
            Self::ClientStream { name, span, place } => Diagnostic::error(
                Code(554),
                span,
                format!("`{name}` takes a stream of requests, which no operation can send"),
            )
            .and(place, "the document says so here")
            .help("a call sends one message, and gets one or a stream: offer a method that takes a list, or one that is called for each"),
            Self::LocalStream { word, span } => Diagnostic::error(
                Code(527),
                span,
                format!("`{word}` answers once, and not with a stream"),
            )
            .help("declare a list, or reach the service by HTTP or gRPC"),
            Self::NotForBinding { name, way, span } => {
                Diagnostic::error(Code(529), span, format!("`{name}` means nothing to `{way}`"))
                    .help("leave it out: what is sent is the parameters, as JSON")
            }
            other => other.of_operations(),
        }
    }
}

/// What was probably meant where a value does not fit: without the quotation marks, with a unit, in its place of a record,
/// or the word that is nearest.
fn meant(name: &str, form: &str, found: &str) -> Option<String> {
    let is_number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let begins = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let of_signs = |text: &str| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || "%/._".contains(c))
    };
    let is_time = begins(found) && found.ends_with(['s', 'm', 'h', 'd']) && of_signs(found);
    match name {
        "timeout" if is_time => return Some(format!("{{ total: {found} }}")),
        "backoff" if is_time => return Some(format!("exponential({found})")),
        "rate" if is_number(found) => return Some(format!("{found}/s")),
        _ => {}
    }
    let words = || {
        form.split([',', ' ', '`'])
            .filter(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
    };
    if let Some(inner) = found.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        let word = words().any(|word| word == inner && word.len() > 2);
        return (begins(inner) && of_signs(inner) || word).then(|| inner.to_owned());
    }
    let plain = found.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let known = words().filter(|word| word.len() > 3);
    nearest(found, known)
        .filter(|near| plain && *near != found)
        .map(str::to_owned)
}

/// Milliseconds as the author would write them.
pub(crate) fn time(ms: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let mut left = ms;
    let mut text = String::new();
    for (size, unit) in UNITS {
        // A fraction of a second is clearer in milliseconds than after a dot.
        let whole = left / size;
        if whole > 0 {
            text.push_str(&format!("{whole}{unit}"));
            left -= whole * size;
        }
    }
    if left > 0 || text.is_empty() {
        text.push_str(&format!("{left}ms"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn times_read_as_literals() {
        assert_eq!(time(0), "0ms");
        assert_eq!(time(6_300), "6s300ms");
        assert_eq!(time(90_000), "1m30s");
    }
}
