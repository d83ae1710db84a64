//! The request of a call, computed once: path, query, headers, body and key from the arguments.

use super::Turn;
use crate::{
    Settings, border,
    eval::{Context, Evaluator, FUEL},
};
use flowmesh_ir::{
    Name, Program, Value,
    address::{Part, label},
    call::{Request, Sealed, Wire},
    expr::Expr,
    flow::Target,
    service::{AddressParam, Binding, Operation, Piece},
};
use flowmesh_stdlib::{Fault, text, write_text};
use std::{fmt::Write, sync::Arc};

impl<'p> Turn<'p, '_> {
    /// The request of a call with the arguments as they are now.
    pub(super) fn request(&mut self, target: &'p Target) -> Result<Request, Fault> {
        let mut arguments = self.arguments(target)?;
        self.request_of(target, &mut arguments)
    }

    /// The arguments of a call as they are now.
    pub(super) fn arguments(&mut self, target: &'p Target) -> Result<Vec<Value>, Fault> {
        let mut arguments = Vec::with_capacity(target.arguments.len());
        for argument in &target.arguments {
            let mut evaluator = self.evaluator();
            let value = evaluator.eval(argument)?;
            evaluator.weigh(argument, &value)?;
            arguments.push(value);
        }
        Ok(arguments)
    }

    /// The request of a call with these arguments.
    pub(super) fn request_of(
        &mut self,
        target: &'p Target,
        arguments: &mut Vec<Value>,
    ) -> Result<Request, Fault> {
        let operation = operation(self.program, target)?;
        let sealed = operation
            .is_sealed()
            .then(|| sealed(&self.run.context, arguments));
        compose(self.program, target, sealed, &mut self.evaluator_over(arguments))
    }
}

fn operation<'p>(program: &'p Program, target: &Target) -> Result<&'p Operation, Fault> {
    let service = program.service(target.service);
    let operation = service.and_then(|service| service.operations.get(target.operation.index()));
    operation.ok_or_else(|| Fault::BadValue("the program has no such operation".to_owned()))
}

/// The request of a call that no run makes: its arguments are evaluated in the frame, and all else in the context.
///
/// # Errors
/// If an argument, or a part of the request, has no value.
pub fn request(
    program: &Program,
    settings: &Settings,
    target: &Target,
    frame: &mut Vec<Value>,
    context: &mut Context,
) -> Result<Request, Fault> {
    let mut fuel = FUEL;
    let mut arguments = Vec::with_capacity(target.arguments.len());
    for argument in &target.arguments {
        let mut evaluator = Evaluator::new(program, settings, frame, context, &mut fuel);
        let value = evaluator.eval(argument)?;
        evaluator.weigh(argument, &value)?;
        arguments.push(value);
    }
    let sealed = operation(program, target)?
        .is_sealed()
        .then(|| sealed(context, &arguments));
    let mut evaluator = Evaluator::new(program, settings, &mut arguments, context, &mut fuel);
    compose(program, target, sealed, &mut evaluator)
}

/// The request of a call with the arguments that the evaluator has as its frame.
fn compose(
    program: &Program,
    target: &Target,
    sealed: Option<Arc<Sealed>>,
    evaluator: &mut Evaluator<'_>,
) -> Result<Request, Fault> {
    let service = program.service(target.service);
    let operation = operation(program, target)?;
    let wire = wire(evaluator, operation)?;
    let params = service.map_or(&[][..], |service| &service.address_params);
    let address = address(evaluator, params, &operation.address)?;
    let path = path(evaluator, operation)?;
    let headers = headers(evaluator, &operation.headers)?;
    let key = key(evaluator, operation.key.as_ref())?;
    let body = match &operation.body {
        Some((expr, _)) if expr.is_secret() => String::new(),
        Some((expr, ty)) => {
            let value = evaluator.eval(expr)?;
            evaluator.weigh(expr, &value)?;
            let mut json = String::new();
            border::write(program, ty, &value, &mut json);
            json
        }
        None => String::new(),
    };
    Ok(Request {
        service: target.service,
        operation: target.operation,
        policy: target.policy,
        wire,
        address,
        method: operation.method,
        path,
        headers,
        body: body.into_bytes().into(),
        key,
        sealed,
        effect: operation.effect,
    })
}

/// What whoever sends a request needs to compute the parts with secrets.
fn sealed(context: &Context, arguments: &[Value]) -> Arc<Sealed> {
    let run = context.run.as_ref();
    Arc::new(Sealed {
        arguments: arguments.to_vec(),
        run: run.map_or(0, |run| run.id.as_u128()),
        started: run.map_or(context.now, |run| run.started),
        key: run.and_then(|run| run.key.clone()),
    })
}

/// What the addresses of the service take. Whatever could lead out of the place it has in them is refused.
fn address(
    evaluator: &mut Evaluator<'_>,
    params: &[AddressParam],
    given: &[Expr],
) -> Result<Vec<String>, Fault> {
    let one = |(param, expr): (&AddressParam, &Expr)| {
        let value = evaluator.eval(expr)?;
        match param.part {
            Part::Label => label(&text(&value))
                .map_err(|why| Fault::BadValue(format!("the `{}` of an address: {why}", param.name))),
            Part::Segment => {
                let mut encoded = String::new();
                segment(&mut encoded, &value).map(|()| encoded)
            }
        }
    };
    params.iter().zip(given).map(one).collect()
}

/// The way by which a request goes. A stream begins without a cursor.
fn wire(evaluator: &mut Evaluator<'_>, operation: &Operation) -> Result<Wire, Fault> {
    let stream = operation.stream.is_some();
    Ok(match &operation.binding {
        Binding::Http if stream => Wire::Stream(None),
        Binding::Http => Wire::Http,
        Binding::Grpc { service, method } => Wire::Grpc {
            path: format!("/{service}/{method}"),
            stream,
        },
        Binding::Run { words } => {
            let words = words.iter().map(|pieces| word(evaluator, pieces));
            Wire::Run(words.collect::<Result<_, _>>()?)
        }
        Binding::Worker { queue } => Wire::Worker(queue.clone()),
    })
}

/// One word of a command line. Nothing in it begins another word, since there is no shell.
fn word(evaluator: &mut Evaluator<'_>, pieces: &[Piece]) -> Result<String, Fault> {
    let mut word = String::new();
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => word.push_str(literal),
            Piece::Value(expr) => write_text(&mut word, &evaluator.eval(expr)?),
        }
    }
    if word.contains('\0') {
        return Err(Fault::BadValue(
            "an argument of a program holds a zero byte".to_owned(),
        ));
    }
    Ok(word)
}

fn path(evaluator: &mut Evaluator<'_>, operation: &Operation) -> Result<String, Fault> {
    let mut path = String::new();
    for piece in &operation.path {
        match piece {
            Piece::Literal(literal) => path.push_str(literal),
            Piece::Value(expr) => segment(&mut path, &evaluator.eval(expr)?)?,
        }
    }
    let mut between = if path.contains('?') { '&' } else { '?' };
    for (name, expr) in &operation.query {
        let value = evaluator.eval(expr)?;
        let several = match &value {
            Value::None => continue,
            Value::List(values) => values.as_slice(),
            other => std::slice::from_ref(other),
        };
        for value in several {
            path.push(between);
            between = '&';
            percent_encode(&mut path, name);
            path.push('=');
            percent_encode(&mut path, &text(value));
        }
    }
    Ok(path)
}

/// A value as one segment of a path. An empty one, or one of dots, would lead to another resource.
fn segment(path: &mut String, value: &Value) -> Result<(), Fault> {
    let mut segment = String::new();
    write_text(&mut segment, value);
    if *value == Value::None || segment.is_empty() {
        return Err(Fault::BadValue("a parameter of the path is empty".to_owned()));
    }
    if segment == "." || segment == ".." {
        return Err(Fault::BadValue(format!("a parameter of the path is `{segment}`")));
    }
    percent_encode(path, &segment);
    Ok(())
}

/// Appends a text as it may stand in a path or a query (RFC 3986, 2.3): everything but the unreserved characters is encoded.
pub fn percent_encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

fn headers(evaluator: &mut Evaluator<'_>, headers: &[(Name, Expr)]) -> Result<Vec<(Name, String)>, Fault> {
    let mut all = Vec::with_capacity(headers.len());
    for (name, expr) in headers {
        let value = evaluator.eval(expr)?;
        if value != Value::None {
            all.push((name.clone(), header(name, text(&value))?));
        }
    }
    Ok(all)
}

fn key(evaluator: &mut Evaluator<'_>, key: Option<&Expr>) -> Result<Option<String>, Fault> {
    let Some(key) = key else {
        return Ok(None);
    };
    let key = header("Idempotency-Key", text(&evaluator.eval(key)?))?;
    if key.is_empty() {
        return Err(Fault::BadValue(
            "the key of a call is empty, so it would not tell calls apart".to_owned(),
        ));
    }
    Ok(Some(key))
}

/// A header's value. A line break in it would begin another header.
fn header(name: &str, value: String) -> Result<String, Fault> {
    match value.chars().find(|c| c.is_control()) {
        Some(control) => Err(Fault::BadValue(format!(
            "header `{name}` cannot hold the character `{}`",
            control.escape_default()
        ))),
        None => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::{header, percent_encode, segment};
    use flowmesh_ir::Value;

    #[test]
    fn a_value_stays_one_segment() {
        let mut out = String::new();
        percent_encode(&mut out, "a/b c?é%~");
        assert_eq!(out, "a%2Fb%20c%3F%C3%A9%25~");
    }

    #[test]
    fn a_segment_that_leads_elsewhere_is_refused() {
        for wrong in ["", ".", ".."] {
            assert!(
                segment(&mut String::new(), &Value::string(wrong)).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_header_cannot_begin_another() {
        assert!(header("x", "a\r\nb: c".to_owned()).is_err());
        assert!(header("x", "plain".to_owned()).is_ok());
    }
}
