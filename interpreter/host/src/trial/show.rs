//! Values, calls and errors as their author would write them.

use flowmesh_ir::{
    Name, Program, ServiceId, SubsetId, Value, print,
    test::Target,
    ty::{Field, Shape, Type},
    value::{Fields, Variant},
};

/// How deep a value is shown.
const DEPTH_MAX: u32 = 64;

/// How long a text of one line may be.
const LENGTH_MAX: usize = 400;

/// A value by its type.
pub(super) fn value(program: &Program, ty: &Type, value: &Value) -> String {
    shortened(typed(program, ty, value, 0))
}

/// All of a value, however long that is.
#[must_use]
pub fn written(program: &Program, ty: &Type, value: &Value) -> String {
    typed(program, ty, value, 0)
}

/// A call with its arguments.
pub(super) fn call(program: &Program, target: Target, arguments: &[Value]) -> String {
    let params = params(program, target);
    let shown = params.iter().zip(arguments);
    let shown: Vec<String> = shown
        .map(|(param, value)| typed(program, &param.ty, value, 0))
        .collect();
    shortened(format!("{}({})", title(program, target), shown.join(", ")))
}

/// An error with what it carries.
pub(super) fn error(program: &Program, error: &Variant) -> String {
    let def = program.error_named(&error.name).and_then(|id| program.error(id));
    let fields = def.map_or(&[][..], |def| &def.fields);
    shortened(named(program, &error.name, fields, &error.fields, 0))
}

/// A shift as its author would write it; one without weights goes back to what the program says.
pub(super) fn shift(program: &Program, id: ServiceId, weights: &[(SubsetId, u32)]) -> String {
    let Some(service) = program.service(id) else {
        return "shift ?".to_owned();
    };
    let weight = |(subset, weight): &(SubsetId, u32)| {
        let subset = service.subsets.get(subset.index());
        format!("{}: {weight}%", subset.map_or("?", |subset| subset.name.as_str()))
    };
    let shown: Vec<String> = weights.iter().map(weight).collect();
    match shown.as_slice() {
        [] => format!("shift {} back", service.name),
        shown => format!("shift {} {{ {} }}", service.name, shown.join(", ")),
    }
}

/// What is called.
pub(super) fn title(program: &Program, target: Target) -> String {
    match target {
        Target::Operation(service, operation) => {
            let service = program.service(service);
            let operation = service.and_then(|service| service.operations.get(operation.index()));
            match (service, operation) {
                (Some(service), Some(operation)) => format!("{}.{}", service.name, operation.name),
                _ => "?".to_owned(),
            }
        }
        Target::Flow(flow) => program
            .flow(flow)
            .map_or_else(|| "?".to_owned(), |flow| flow.name.to_string()),
    }
}

/// The parameters of what is called.
pub(super) fn params(program: &Program, target: Target) -> &[Field] {
    match target {
        Target::Operation(service, operation) => program
            .service(service)
            .and_then(|service| service.operations.get(operation.index()))
            .map_or(&[], |operation| &operation.params),
        Target::Flow(flow) => program.flow(flow).map_or(&[], |flow| &flow.params),
    }
}

/// A mock to paste for a call.
pub(super) fn mock(program: &Program, target: Target) -> String {
    let any: Vec<&str> = params(program, target).iter().map(|_| "_").collect();
    let result = match target {
        Target::Operation(service, operation) => program
            .service(service)
            .and_then(|service| service.operations.get(operation.index()))
            .map(|operation| (&operation.result, operation.stream.is_some())),
        Target::Flow(flow) => program.flow(flow).map(|flow| (&flow.result, false)),
    };
    let answer = match result {
        Some((ty, true)) => format!("[{}]", example(program, ty, 0)),
        Some((ty, false)) => example(program, ty, 0),
        None => "none".to_owned(),
    };
    format!("mock {}({}) -> {answer}", title(program, target), any.join(", "))
}

/// An example of a type.
fn example(program: &Program, ty: &Type, depth: u32) -> String {
    if depth > 6 {
        return "none".to_owned();
    }
    match ty {
        Type::Bool => "true".to_owned(),
        Type::Int | Type::Float | Type::Decimal => "1".to_owned(),
        Type::String => "\"...\"".to_owned(),
        Type::Url => "\"https://example.com\"".to_owned(),
        Type::Bytes => "\"\" as bytes".to_owned(),
        Type::Time => "now()".to_owned(),
        Type::Date => "\"2026-01-31\" as date".to_owned(),
        Type::Duration => "1s".to_owned(),
        Type::Json | Type::Map(_) => "{}".to_owned(),
        Type::Unit | Type::Optional(_) => "none".to_owned(),
        Type::List(_) => "[]".to_owned(),
        Type::Named(id) => match program.ty(*id).map(|def| (&def.name, &def.shape)) {
            Some((name, Shape::Record(fields))) => with_examples(program, name, fields, depth),
            Some((_, Shape::Enum(cases))) => match cases.first() {
                Some(case) if case.fields.is_empty() => case.name.to_string(),
                Some(case) => with_examples(program, &case.name, &case.fields, depth),
                None => "none".to_owned(),
            },
            Some((_, Shape::Alias { ty, .. })) => example(program, ty, depth + 1),
            None => "none".to_owned(),
        },
    }
}

fn with_examples(program: &Program, name: &Name, fields: &[Field], depth: u32) -> String {
    let needed = fields
        .iter()
        .filter(|field| !matches!(field.ty, Type::Optional(_)));
    let shown = needed.map(|field| format!("{}: {}", field.name, example(program, &field.ty, depth + 1)));
    format!("{name}({})", shown.collect::<Vec<_>>().join(", "))
}

fn typed(program: &Program, ty: &Type, value: &Value, depth: u32) -> String {
    if depth > DEPTH_MAX {
        return "...".to_owned();
    }
    let inner = |ty: &Type, value: &Value| typed(program, ty, value, depth + 1);
    match (ty, value) {
        (Type::Optional(ty), value) if *value != Value::None => inner(ty, value),
        (Type::List(ty), Value::List(values)) => {
            let shown: Vec<String> = values.iter().map(|value| inner(ty, value)).collect();
            format!("[{}]", shown.join(", "))
        }
        (Type::Named(id), value) => match (program.ty(*id).map(|def| (&def.name, &def.shape)), value) {
            (Some((_, Shape::Alias { ty, .. })), value) => inner(ty, value),
            (Some((name, Shape::Record(fields))), Value::Record(values)) => {
                named(program, name, fields, values, depth)
            }
            (Some((_, Shape::Enum(cases))), Value::Variant(variant)) => {
                let case = cases.iter().find(|case| case.name == variant.name);
                let fields = case.map_or(&[][..], |case| &case.fields);
                match fields {
                    [] => variant.name.to_string(),
                    fields => named(program, &variant.name, fields, &variant.fields, depth),
                }
            }
            _ => print::value(value),
        },
        (Type::Decimal, Value::Decimal(decimal)) => decimal.to_string(),
        (Type::Float, Value::Float(float)) => format!("{float:?}"),
        _ => print::value(value),
    }
}

fn named(program: &Program, name: &Name, fields: &[Field], values: &Fields, depth: u32) -> String {
    let shown = fields.iter().filter_map(|field| {
        let value = values.get(&field.name).filter(|value| **value != Value::None)?;
        Some(format!(
            "{}: {}",
            field.name,
            typed(program, &field.ty, value, depth + 1)
        ))
    });
    let shown: Vec<String> = shown.collect();
    match shown.as_slice() {
        [] if fields.is_empty() => name.to_string(),
        shown => format!("{name}({})", shown.join(", ")),
    }
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(LENGTH_MAX) {
        Some((at, _)) => text.get(..at).unwrap_or_default().to_owned() + "...",
        None => text,
    }
}
