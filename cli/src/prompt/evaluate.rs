//! From an expression to its value, with a way out for the impatient.

use crate::{
    draw::{self, pretty::pretty},
    error::Error,
    exit::Exit,
    runtime,
    settings::Set,
};
use flowmesh_frontend::prompt::{Evaluation, Session};
use flowmesh_ir::{Code, Value, expr::Expr};
use flowmesh_machine::{Context, Draws, Settings, border::encode, evaluate};
use jiff::Timestamp;

/// Shows the value and type of an expression, or keeps it under the name of a `let`. Ctrl-C ends the evaluation and
/// nothing else.
pub(super) fn show(session: &mut Session, evaluation: Evaluation, set: &Set) -> Result<(), Error> {
    let settings = set.settings(&evaluation.program)?;
    let type_text = evaluation.type_text.clone();
    let bind = evaluation.bind.clone();
    let (value, json) = runtime::block_on(async {
        // It ends by itself when it has used up its fuel, even if nobody waits any more.
        let work = tokio::task::spawn_blocking(move || value(&evaluation, &settings));
        tokio::select! {
            done = work => done.unwrap_or_else(|_| Err(stopped("the evaluation broke off"))),
            () = runtime::interrupted() => Err(stopped("interrupted")),
        }
    })?;
    match bind {
        Some(bind) => {
            draw::answer(format!("{} = {}  : {type_text}", bind.name, pretty(&json)));
            session.bind(bind, value);
        }
        None => draw::answer(format!("{}  : {type_text}", pretty(&json))),
    }
    Ok(())
}

/// The value, and its form at a border.
fn value(evaluation: &Evaluation, settings: &Settings) -> Result<(Value, String), Error> {
    let arguments = evaluation.arguments.iter().cloned().map(Expr::Constant).collect();
    let call = Expr::Call(evaluation.function, arguments);
    let mut context = Context {
        now: Timestamp::now(),
        draws: Draws::new(rand::random()),
        ..Context::default()
    };
    let value = evaluate(
        &evaluation.program,
        settings,
        &call,
        &mut Vec::new(),
        &mut context,
    );
    let value = value.map_err(|fault| stopped(&format!("the expression has no value: {fault}")))?;
    let function = evaluation.program.function(evaluation.function);
    let json = function.map_or_else(String::new, |function| {
        encode(&evaluation.program, &function.result, &value)
    });
    Ok((value, json))
}

fn stopped(why: &str) -> Error {
    Error::Below {
        code: Code(1116),
        message: why.to_owned(),
        help: None,
        exit: Exit::Failed,
    }
}
