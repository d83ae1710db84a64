//! Natives on lengths of time.

use crate::{
    Arg, Fault, Interpreter, arguments,
    signature::{Native, Ty},
};
use flowmesh_ir::Value;

pub(crate) const NATIVES: &[Native] = &[
    Native::method("duration.days", Ty::Duration, &[], Ty::Int, days)
        .doc("The whole days in it.", "50h.days() == 2"),
    Native::method("duration.hours", Ty::Duration, &[], Ty::Int, hours)
        .doc("The whole hours in it.", "90m.hours() == 1"),
    Native::method("duration.minutes", Ty::Duration, &[], Ty::Int, minutes)
        .doc("The whole minutes in it.", "90m.minutes() == 90"),
    Native::method("duration.seconds", Ty::Duration, &[], Ty::Int, seconds)
        .doc("The whole seconds in it.", "2m.seconds() == 120"),
    Native::method("duration.millis", Ty::Duration, &[], Ty::Int, millis)
        .doc("The whole milliseconds in it.", "2s.millis() == 2000"),
];

fn days(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    arguments::duration(args, 0).map(|duration| Value::Int(duration.as_secs() / 86400))
}

fn hours(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    arguments::duration(args, 0).map(|duration| Value::Int(duration.as_secs() / 3600))
}

fn minutes(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    arguments::duration(args, 0).map(|duration| Value::Int(duration.as_secs() / 60))
}

fn seconds(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    arguments::duration(args, 0).map(|duration| Value::Int(duration.as_secs()))
}

fn millis(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let millis = i64::try_from(arguments::duration(args, 0)?.as_millis());
    millis
        .map(Value::Int)
        .map_err(|_| Fault::Arithmetic("the milliseconds do not fit an int".to_owned()))
}
