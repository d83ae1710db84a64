//! What can stand behind a dot.

use crate::{
    check::{Globals, Ty, globals::Signature},
    resolve::Def,
};
use flowmesh_ir::{Name, TypeId};
use flowmesh_stdlib::{Native, Ty as Pattern, natives};

/// Something that can stand behind a dot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its type, or its form.
    pub detail: String,
    /// Whether it is called.
    pub called: bool,
}

/// What every run has.
const OF_RUNS: [(&str, &str); 4] = [
    ("id", "string"),
    ("status", "string"),
    ("result", "what it gave"),
    ("tags", "{string: string}"),
];

/// The members of a declaration, or else of a value of a type.
pub(crate) fn members(globals: &Globals, def: Option<Def>, ty: &Ty, views: &[Name]) -> Vec<Member> {
    match def {
        Some(Def::Service(id)) => {
            let service = globals.services.get(id as usize);
            let all = service.map_or(&[][..], |service| &service.operations);
            all.iter()
                .map(|operation| called(globals, &operation.signature))
                .collect()
        }
        Some(Def::Type(id)) => {
            let cases = globals
                .cases(&Ty::Named(TypeId(id)))
                .map_or(&[][..], |(_, cases)| cases);
            let case = |name: &Name| plain(name, "case".to_owned());
            cases.iter().map(|of| case(&of.name)).collect()
        }
        _ => of_value(globals, ty, views),
    }
}

fn of_value(globals: &Globals, ty: &Ty, views: &[Name]) -> Vec<Member> {
    let ty = globals.unfold(ty);
    let mut all: Vec<Member> = match &ty {
        Ty::Run(_) => {
            let views = views.iter().map(|view| plain(view, "view".to_owned()));
            let parts = OF_RUNS.iter();
            let parts = parts.map(|(name, detail)| plain(&Name::new_static(name), (*detail).to_owned()));
            views.chain(parts).collect()
        }
        Ty::Record(fields) => fields
            .iter()
            .map(|(name, ty)| plain(name, globals.show(ty)))
            .collect(),
        other => globals.record(other).map_or_else(Vec::new, |(_, fields)| {
            fields
                .iter()
                .map(|field| plain(&field.name, globals.show(&field.ty)))
                .collect()
        }),
    };
    all.extend(
        natives()
            .iter()
            .copied()
            .filter(|native| takes(native, &ty))
            .map(native),
    );
    all
}

/// Whether a native is called on a value of a type.
fn takes(native: &Native, ty: &Ty) -> bool {
    native.receiver.as_ref().is_some_and(|receiver| {
        matches!(
            (receiver, ty),
            (Pattern::String, Ty::String | Ty::Url)
                | (Pattern::Url, Ty::Url)
                | (Pattern::List(_), Ty::List(_))
                | (Pattern::Map(_), Ty::Map(_))
                | (Pattern::Int | Pattern::Number(_), Ty::Int)
                | (Pattern::Float | Pattern::Number(_), Ty::Float)
                | (Pattern::Decimal | Pattern::Number(_), Ty::Decimal)
                | (Pattern::Time, Ty::Time)
                | (Pattern::Date, Ty::Date)
                | (Pattern::Duration, Ty::Duration)
                | (Pattern::Bytes, Ty::Bytes)
                | (Pattern::Json, Ty::Json)
                | (Pattern::Optional(_), Ty::Optional(_))
        )
    })
}

fn native(native: &Native) -> Member {
    Member {
        name: native.short_name().to_owned(),
        detail: native.doc.to_owned(),
        called: true,
    }
}

fn plain(name: &Name, detail: String) -> Member {
    Member {
        name: name.to_string(),
        detail,
        called: false,
    }
}

fn called(globals: &Globals, signature: &Signature) -> Member {
    let params = signature.params.iter();
    let params = params.map(|param| format!("{}: {}", param.name, globals.show(&param.ty)));
    let params = params.collect::<Vec<_>>().join(", ");
    let result = match &signature.result {
        Ty::Unit => String::new(),
        result => format!(" -> {}", globals.show(result)),
    };
    Member {
        name: signature.name.to_string(),
        detail: format!("({params}){result}"),
        called: true,
    }
}
