//! What stands behind a dot: fields, methods, operations, cases, items of a module, what the surroundings give.

use super::{Context, Item, ItemKind, Origin, rank::of_kind, value::params};
use crate::{
    ast::ItemKind as Declares,
    check::{Asked, Base, Given, Ty, surroundings},
    ide::{
        names::{NameKind, kind_of},
        parts::named_parts,
    },
    resolve::{Def, Module},
};
use flowmesh_ir::TypeId;
use flowmesh_stdlib::{Native, Ty as Pattern, natives};

impl Context<'_> {
    /// What stands behind the dot at hand.
    pub(super) fn members(&mut self) {
        let asked = self.probe.map(|probe| probe.asked.clone());
        let (base, expected, given) = match asked {
            Some(Asked::Member(base, expected, given)) => (base, expected, given),
            _ => match self.written_base() {
                Some(def) => (Base::Def(def), None, None),
                None => return,
            },
        };
        match &base {
            Base::Value(ty) => self.of_value(ty, expected.as_ref(), given.as_ref()),
            Base::Def(Def::Service(id)) => self.operations(*id, given.as_ref()),
            Base::Def(Def::Module(id)) => {
                if let Some(module) = self.resolved.module(*id) {
                    self.of_module(module);
                }
            }
            Base::Def(Def::Type(id)) => self.cases_of(TypeId(*id), given.as_ref()),
            Base::Context(whole) => self.of_context(whole),
            Base::Def(_) => {}
        }
    }

    /// What the words before the dot name in the module, where the checker has not looked.
    fn written_base(&self) -> Option<Def> {
        let before = self
            .site
            .text
            .get(..self.site.start as usize)?
            .strip_suffix('.')?;
        let letter = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let path = before.get(before.trim_end_matches(letter).len()..)?;
        let mut words = path.split('.');
        let mut def = self.module.scope.get(words.next()?)?.def;
        for word in words {
            let Def::Module(id) = def else { return None };
            def = self.resolved.module(id)?.scope.get(word)?.def;
        }
        Some(def)
    }

    /// Fields and methods of a value.
    fn of_value(&mut self, ty: &Ty, expected: Option<&Ty>, given: Option<&Given>) {
        let unfolded = self.globals.unfold(ty);
        let called = self.site.after.call;
        for (name, ty, span) in self.globals.fields_of(&unfolded) {
            let kind = ItemKind::Name(NameKind::Field);
            let follows = if called {
                -60
            } else {
                self.leads_on(&Base::Value(ty.clone()))
            };
            let score =
                of_kind(kind) + self.fit(&ty, expected) + self.beside(&ty) + follows + self.unused(&name) / 2;
            let item = Item::new(name.as_str(), kind, score).typed(self.globals, ty);
            self.add(match span {
                Some(span) => item.of(Origin::Field(span)),
                None => item,
            });
        }
        if let Ty::Run(flow) = &unfolded {
            self.of_run(*flow);
        }
        for native in natives() {
            let Some(receiver) = native
                .receiver
                .as_ref()
                .filter(|receiver| self.receives(receiver, &unfolded))
            else {
                continue;
            };
            let any = matches!(receiver, Pattern::Var(_));
            let known: Vec<(&str, Option<Ty>, bool)> = native
                .params
                .iter()
                .map(|param| (param.name, plain(&param.ty), param.optional))
                .collect();
            let result = self.result_of(native, &unfolded);
            let follows = if called { 50 } else { -10 };
            let lambda = native
                .params
                .iter()
                .any(|param| matches!(param.ty, Pattern::Lambda(..)));
            let fits_lambda = match given.and_then(|given| given.first()) {
                Some((_, Ty::Open)) if lambda => 40,
                Some((_, Ty::Open)) => -40,
                Some(_) if lambda => -40,
                _ => 0,
            };
            let score = of_kind(ItemKind::Native)
                + follows
                + fits_lambda
                + self.takes(&known, given)
                + self.fit(&result, expected) / 2
                + common(native)
                - if any { 25 } else { 0 };
            let item = self.native(native, score);
            self.add(item);
        }
    }

    /// Whether something has a member of that name.
    pub(super) fn has_member(&self, base: &Base, name: &str) -> bool {
        match base {
            Base::Value(ty) => {
                let ty = self.globals.unfold(ty);
                let present = ty.present().clone();
                self.globals
                    .fields_of(&present)
                    .iter()
                    .any(|(field, ..)| field == name)
                    || matches!(present, Ty::Json)
                    || flowmesh_stdlib::methods(name).any(|native| {
                        native.receiver.as_ref().is_some_and(|receiver| {
                            !matches!(receiver, Pattern::Var(_)) && self.receives(receiver, &ty)
                        })
                    })
            }
            Base::Def(Def::Service(id)) => {
                let service = self.globals.services.get(*id as usize);
                service.is_some_and(|service| service.by_name.contains_key(name))
            }
            Base::Def(Def::Module(id)) => {
                let module = self.resolved.module(*id);
                module.is_some_and(|module| module.scope.contains_key(name))
            }
            Base::Def(Def::Type(id)) => {
                let cases = self.globals.cases(&Ty::Named(TypeId(*id)));
                cases.is_some_and(|(_, cases)| cases.iter().any(|case| case.name == name))
            }
            _ => false,
        }
    }

    /// How something fits what follows it.
    fn leads_on(&self, base: &Base) -> i32 {
        match &self.site.after.member {
            Some(member) if self.has_member(base, member) => 60,
            Some(_) => -40,
            None => 0,
        }
    }

    fn of_run(&mut self, flow: u32) {
        let declared = self.resolved.declared(Def::Flow(flow));
        let item = declared.and_then(|declared| self.resolved.item(declared));
        if let Some(Declares::Flow(flow)) = item.map(|item| &item.kind) {
            for (name, kind) in named_parts(flow) {
                if kind == NameKind::View {
                    let score = 60 + self.unused(&name.text);
                    self.add(
                        Item::new(name.text.as_str(), ItemKind::Name(kind), score)
                            .of(Origin::Field(name.span)),
                    );
                }
            }
        }
        for (name, ty) in [
            ("status", Ty::String),
            ("result", Ty::Json),
            ("id", Ty::String),
            ("tags", Ty::String.map()),
        ] {
            let item = Item::new(name, ItemKind::Builtin, 40).typed(self.globals, ty);
            self.add(item);
        }
    }

    fn operations(&mut self, service: u32, given: Option<&Given>) {
        let Some(info) = self.globals.services.get(service as usize) else {
            return;
        };
        let wish = self
            .probe
            .filter(|_| self.returns())
            .map(|probe| probe.result.clone());
        for (at, operation) in (0u32..).zip(&info.operations) {
            let signature = &operation.signature;
            let known = params(&signature.params);
            let kind = ItemKind::Name(NameKind::Operation);
            let many = if given.is_some_and(Vec::is_empty)
                && signature.params.iter().any(|param| !param.ty.is_optional())
            {
                -30
            } else {
                0
            };
            let score = of_kind(kind)
                + many
                + self.takes(&known, given)
                + self.unused(&signature.name)
                + self.fit(&signature.result, wish.as_ref());
            let item = Item::new(signature.name.as_str(), kind, score).of(Origin::Operation(service, at));
            let item = self.callable(item, signature);
            let item = match self.is_called() {
                true => item,
                false => Item {
                    insert: item.label.clone(),
                    is_snippet: false,
                    ..item
                },
            };
            self.add(item);
        }
    }

    /// Whether the statement at hand gives the flow's result.
    fn returns(&self) -> bool {
        let before = self.site.text.get(..self.site.start as usize).unwrap_or("");
        let line = before.rsplit('\n').next().unwrap_or("");
        line.trim_start().starts_with("return ")
    }

    /// Whether what is named here is called, and not only spoken of as in a rule.
    fn is_called(&self) -> bool {
        use crate::syntax::SyntaxKind as K;
        !matches!(self.site.around, Some(K::Access))
    }

    fn of_module(&mut self, module: &Module) {
        let public = module.scope.iter().filter(|(name, entry)| {
            entry.import.is_none() && entry.span != Default::default() && !name.starts_with('_')
        });
        for (name, entry) in public {
            let kind = ItemKind::Name(kind_of(entry.def));
            let follows = self.leads_on(&Base::Def(entry.def));
            let called = matches!(
                entry.def,
                Def::Function(_)
                    | Def::Flow(_)
                    | Def::Template(_)
                    | Def::Type(_)
                    | Def::Error(_)
                    | Def::Event(_)
            );
            let calls = match (self.site.after.call, called) {
                (true, true) => 30,
                (true, false) => -60,
                _ => 0,
            };
            let score = of_kind(kind) + follows + calls + self.absent(name);
            let item = Item::new(name.as_str(), kind, score)
                .of(Origin::Def(entry.def))
                .detail(entry.def.kind());
            self.add(item);
        }
    }

    fn cases_of(&mut self, id: TypeId, given: Option<&Given>) {
        let ty = Ty::Named(id);
        let Some((_, cases)) = self.globals.cases(&ty) else {
            return;
        };
        for case in cases.iter().cloned() {
            let kind = ItemKind::Name(NameKind::Case);
            let score = of_kind(kind) + self.takes(&params(&case.fields), given) + self.unused(&case.name);
            let item = Item::new(case.name.as_str(), kind, score).typed(self.globals, ty.clone());
            self.add(item.of(Origin::Field(case.span)));
        }
    }

    fn of_context(&mut self, whole: &str) {
        for known in surroundings() {
            let Some(part) = known.strip_prefix(whole).and_then(|rest| rest.strip_prefix('.')) else {
                continue;
            };
            let usual = match part {
                "body" | "id" | "claims" | "time" => 10,
                "key" | "status" | "headers" | "date" => 5,
                _ => 0,
            };
            let score = 50 + usual - if self.site.after.call { 50 } else { 0 };
            self.add(Item::new(part, ItemKind::Builtin, score));
        }
        if whole == "request" {
            let called = if self.site.after.call { 60 } else { 0 };
            self.add(Item::new("header", ItemKind::Builtin, 45 + called).snippet("header(\"$1\")"));
        }
    }

    /// Whether a method can be called on a value of a type.
    pub(super) fn receives(&self, pattern: &Pattern, ty: &Ty) -> bool {
        let ty = self.globals.unfold(ty);
        match (pattern, &ty) {
            (_, Ty::Bad | Ty::Open) => true,
            (Pattern::Var(_), Ty::Unit | Ty::Secret | Ty::Error(_) | Ty::Run(_)) => false,
            (Pattern::Var(_), _) => true,
            (Pattern::Ordered(_), ty) => ty.is_ordered(),
            (Pattern::Number(_), ty) => ty.is_number(),
            (Pattern::Optional(a), Ty::Optional(b))
            | (Pattern::List(a), Ty::List(b))
            | (Pattern::Map(a), Ty::Map(b)) => self.receives(a, b),
            (Pattern::String, Ty::Url) => true,
            (pattern, ty) => plain(pattern).as_ref() == Some(ty),
        }
    }

    /// What a native gives, as far as that is plain.
    pub(super) fn result_of(&self, native: &Native, receiver: &Ty) -> Ty {
        let item = match receiver {
            Ty::List(inner) | Ty::Map(inner) | Ty::Optional(inner) => Some(Ty::clone(inner)),
            _ => None,
        };
        match (&native.result, item) {
            (Pattern::Optional(Pattern::Var(0) | Pattern::Ordered(0) | Pattern::Number(0)), Some(item)) => {
                item.optional()
            }
            (Pattern::List(Pattern::Var(0) | Pattern::Ordered(0)), Some(item)) => item.list(),
            (Pattern::Var(0) | Pattern::Ordered(0) | Pattern::Number(0), Some(item)) => item,
            (result, _) => plain(result).unwrap_or(Ty::Open),
        }
    }
}

/// The type that a pattern stands for, if it is one.
fn plain(pattern: &Pattern) -> Option<Ty> {
    Some(match pattern {
        Pattern::Bool => Ty::Bool,
        Pattern::Int => Ty::Int,
        Pattern::Float => Ty::Float,
        Pattern::Decimal => Ty::Decimal,
        Pattern::String => Ty::String,
        Pattern::Bytes => Ty::Bytes,
        Pattern::Time => Ty::Time,
        Pattern::Date => Ty::Date,
        Pattern::Duration => Ty::Duration,
        Pattern::Url => Ty::Url,
        Pattern::Json => Ty::Json,
        Pattern::Optional(inner) => plain(inner)?.optional(),
        Pattern::List(inner) => plain(inner)?.list(),
        Pattern::Map(inner) => plain(inner)?.map(),
        _ => return None,
    })
}

/// Methods that programs call more than others.
fn common(native: &Native) -> i32 {
    match native.short_name() {
        "map" => 12,
        "len" | "filter" => 10,
        "sum" | "contains" | "any" | "all" | "first" | "join" => 6,
        _ => 0,
    }
}
