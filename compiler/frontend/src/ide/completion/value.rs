//! Values: names in sight, what can be called, cases of enums, what the surroundings give.

use super::{Context, Item, ItemKind, Origin, place::Place, rank::of_kind};
use crate::{
    check::{Asked, Base, FieldInfo, Given, Kind, Probe, Role, Seen, Signature, Ty, surroundings},
    ide::names::{NameKind, kind_of},
    resolve::{Def, Entry},
    syntax::SyntaxKind as K,
};
use flowmesh_ir::{Name, TypeId};
use flowmesh_stdlib::{Native, natives};

/// What a value is expected to be.
struct Wish {
    ty: Option<Ty>,
    given: Option<Given>,
}

impl Context<'_> {
    /// All that can stand for a value.
    pub(super) fn values(&mut self) {
        if self.site.around == Some(K::Test) && self.site.within == Some(K::Call) {
            self.add(Item::new("_", ItemKind::Word, 125));
        }
        let Some(probe) = self.probe else {
            self.written_names();
            self.all_declared();
            return self.keywords();
        };
        let wish = match &probe.asked {
            Asked::Value(ty, given) => Wish {
                ty: ty.clone(),
                given: given.clone(),
            },
            _ => Wish {
                ty: None,
                given: None,
            },
        };
        self.locals(probe, &wish);
        self.in_scope(probe, &wish);
        self.cases(&wish);
        self.context_words(probe);
        self.free_natives(&wish);
        if matches!(self.site.within, Some(K::Await | K::AwaitArm)) && matches!(self.site.place, Place::Value)
        {
            self.named(NameKind::Signal);
        }
        self.constants(&wish);
        if matches!(self.site.place, Place::Statement) || self.site.problems > 0 {
            self.keywords();
        }
    }

    /// How something fits what follows: a call, or a member.
    pub(super) fn follows(&self, base: &Base, callable: bool) -> i32 {
        // Two statements do not stand on one line, so a word of the language is missing and not a value.
        if matches!(self.site.place, Place::Statement) && self.site.after.more {
            return -80;
        }
        if let Some(member) = &self.site.after.member {
            let known = self.has_member(base, member);
            return if known { 90 } else { -60 };
        }
        match (self.site.after.call, callable) {
            (true, true) => 70,
            (true, false) => -90,
            (false, true) => -20,
            (false, false) => 0,
        }
    }

    fn locals(&mut self, probe: &Probe, wish: &Wish) {
        for (at, seen) in probe.locals.iter().enumerate() {
            let Seen { name, ty, role, .. } = seen;
            if *role == Role::Hidden {
                continue;
            }
            let near = 14i32.saturating_sub(i32::try_from(at).unwrap_or(14) * 2).max(0);
            let kind = match role {
                Role::Param => NameKind::Param,
                _ => NameKind::Local,
            };
            let kind = ItemKind::Name(kind);
            let score = of_kind(kind)
                + near
                + self.unused(name)
                + self.fit(ty, wish.ty.as_ref())
                + self.beside(ty)
                + self.follows(&Base::Value(ty.clone()), false);
            let item = Item::new(name.as_str(), kind, score).typed(self.globals, ty.clone());
            self.add(item);
        }
    }

    /// What the module declares or uses.
    fn in_scope(&mut self, probe: &Probe, wish: &Wish) {
        let entries: Vec<(Name, Entry)> = self
            .module
            .scope
            .iter()
            .map(|(name, entry)| (name.clone(), *entry))
            .collect();
        for (name, entry) in entries {
            let item = self.declared_value(&name, entry.def, probe, wish);
            self.items.extend(item);
        }
    }

    fn declared_value(&self, name: &Name, def: Def, probe: &Probe, wish: &Wish) -> Option<Item> {
        let in_flow = matches!(
            probe.kind,
            Kind::Flow | Kind::Test | Kind::Gateway | Kind::Scheduled
        );
        let kind = ItemKind::Name(kind_of(def));
        let base = Base::Def(def);
        // A flow does not call itself, and a function cannot.
        let is_own = self
            .around
            .and_then(crate::ide::symbols::name_of)
            .is_some_and(|own| own.text == *name);
        let spoken = if is_own { -80 } else { self.unused(name) };
        let plain = |score: i32| Item::new(name.as_str(), kind, score + spoken).of(Origin::Def(def));
        let extra = match def {
            Def::Config(id) => {
                let ty = self.globals.configs.get(id as usize)?.clone();
                let score = of_kind(kind)
                    + self.fit(&ty, wish.ty.as_ref())
                    + self.follows(&Base::Value(ty.clone()), false);
                return Some(plain(score).typed(self.globals, ty));
            }
            Def::Function(_) => 0,
            Def::Flow(_) | Def::Template(_) => self.started(in_flow),
            Def::Type(id) => return self.constructor(name, TypeId(id), &plain(0), wish),
            Def::Service(_) | Def::Module(_) => {
                let statement = if in_flow { 10 } else { -10 };
                let score = of_kind(kind) + statement + self.follows(&base, false);
                let member = if self.site.after.member.is_none() { -10 } else { 0 };
                return Some(plain(score + member).detail(def.kind()));
            }
            Def::Secret(_) => {
                let sent = matches!(probe.kind, Kind::Operation);
                return Some(plain(if sent { 20 } else { -40 }).detail("secret"));
            }
            Def::Event(_) | Def::Error(_) | Def::Policy(_) | Def::Gateway(_) | Def::Schedule(_) => {
                return Some(plain(-60).detail(def.kind()));
            }
        };
        let signature = self.globals.called(def)?;
        let score = of_kind(kind) + extra + self.call_score(signature, wish) + self.follows(&base, true);
        Some(self.callable(plain(score), signature))
    }

    /// How likely a flow is here.
    fn started(&self, in_flow: bool) -> i32 {
        let starts = matches!(self.site.within, Some(K::Start | K::TestStart));
        let leads = matches!(self.site.around, Some(K::Schedule | K::Gateway));
        match starts || leads && self.site.after.call {
            true => 90,
            false if in_flow => 0,
            false => -60,
        }
    }

    /// How a type fits a literal that stands beside the place.
    pub(super) fn beside(&self, ty: &Ty) -> i32 {
        let ty = self.globals.unfold(ty);
        match self.site.after.literal {
            Some(K::NumberToken) if ty.is_number() || ty == Ty::Duration => 30,
            Some(K::Quote) if ty == Ty::String => 30,
            Some(_) => -20,
            None => 0,
        }
    }

    fn call_score(&self, signature: &Signature, wish: &Wish) -> i32 {
        let params = params(&signature.params);
        self.fit(&signature.result, wish.ty.as_ref()) + self.takes(&params, wish.given.as_ref())
    }

    /// An item that is called, with places for its arguments.
    pub(super) fn callable(&self, item: Item, signature: &Signature) -> Item {
        let shown: Vec<String> = signature
            .params
            .iter()
            .map(|param| format!("{}: {}", param.name, self.globals.show(&param.ty)))
            .collect();
        let result = match &signature.result {
            Ty::Unit => String::new(),
            ty => format!(" -> {}", self.globals.show(ty)),
        };
        let detail = format!("({}){result}", shown.join(", "));
        let names = signature
            .params
            .iter()
            .map(|param| (param.name.as_str(), self.globals.unfold(&param.ty).is_optional()));
        let insert = call(&item.label, names, self.site.after.brackets);
        let mut item = item.detail(detail);
        item.ty = Some(signature.result.clone());
        item.snippet(insert)
    }

    /// `Order(...)` of a record, or the name of an enum before its case.
    fn constructor(&self, name: &Name, id: TypeId, item: &Item, wish: &Wish) -> Option<Item> {
        let ty = Ty::Named(id);
        let mut item = item.clone();
        if let Some((_, fields)) = self.globals.record(&ty) {
            let known = params(fields);
            item.score += of_kind(item.kind)
                + self.fit(&ty, wish.ty.as_ref())
                + self.takes(&known, wish.given.as_ref())
                + self.follows(&Base::Value(Ty::Bad), true);
            let names = fields
                .iter()
                .map(|field| (field.name.as_str(), self.globals.unfold(&field.ty).is_optional()));
            let insert = record(name, names, self.site.after.brackets);
            return Some(item.typed(self.globals, ty).snippet(insert));
        }
        self.globals.cases(&ty)?;
        item.score += self.fit(&ty, wish.ty.as_ref()) / 2 + self.follows(&Base::Def(Def::Type(id.0)), false);
        Some(item.typed(self.globals, ty))
    }

    /// Cases of the enum that is expected, or of one that is in sight.
    fn cases(&mut self, wish: &Wish) {
        let wanted = wish
            .ty
            .as_ref()
            .map(|ty| self.globals.unfold(ty).present().clone());
        let wanted = wanted.and_then(|ty| self.globals.cases(&ty)).map(|(id, _)| id);
        let in_sight = self.module.scope.values().filter_map(|entry| match entry.def {
            Def::Type(id) => Some(TypeId(id)),
            _ => None,
        });
        let mut enums: Vec<TypeId> = in_sight.chain(wanted).collect();
        enums.sort_unstable();
        enums.dedup();
        for id in enums {
            let ty = Ty::Named(id);
            let Some((_, cases)) = self.globals.cases(&ty) else {
                continue;
            };
            for case in cases.iter().cloned() {
                let fits = if wanted == Some(id) {
                    70
                } else if wanted.is_some() {
                    -40
                } else {
                    -25
                };
                let has_fields = !case.fields.is_empty();
                let takes = self.takes(&params(&case.fields), wish.given.as_ref());
                let follows = self.follows(&Base::Value(ty.clone()), has_fields);
                let kind = ItemKind::Name(NameKind::Case);
                let score = of_kind(kind) + fits + takes + follows + self.unused(&case.name) / 2;
                let mut item = Item::new(case.name.as_str(), kind, score).typed(self.globals, ty.clone());
                if has_fields {
                    let names = case.fields.iter().map(|field| (field.name.as_str(), false));
                    let insert = record(&case.name, names, self.site.after.brackets);
                    item = item.snippet(insert);
                }
                self.add(item.of(Origin::Field(case.span)));
            }
        }
    }

    /// `run`, `reply`, `request`, `caller`, `scheduled`, `it`, and what only a flow can ask for.
    fn context_words(&mut self, probe: &Probe) {
        let known: &[&str] = match probe.kind {
            Kind::Flow | Kind::Test => &["run"],
            Kind::Operation => &["run"],
            Kind::Reply | Kind::Item => &["reply"],
            Kind::Route => &["request"],
            Kind::Visitor | Kind::Gateway => &["request", "caller"],
            Kind::Scheduled => &["scheduled"],
            _ => &[],
        };
        for word in known {
            let member = self.site.after.member.clone();
            let fits = match &member {
                Some(member)
                    if surroundings().contains(&format!("{word}.{member}")) || member == "header" =>
                {
                    110
                }
                Some(_) => -20,
                None => 0,
            };
            let tested = if self.site.around == Some(K::Test) { 45 } else { 0 };
            self.add(Item::new(*word, ItemKind::Builtin, 30 + fits + tested));
        }
        if matches!(probe.kind, Kind::Flow | Kind::Test) {
            for (name, ty) in [("now", Ty::Time), ("uuid", Ty::String), ("random", Ty::Float)] {
                let called = if self.site.after.call { 40 } else { -20 };
                let item = Item::new(name, ItemKind::Builtin, 20 + called + self.absent(name));
                let insert = if self.site.after.brackets {
                    name.to_owned()
                } else {
                    format!("{name}()")
                };
                let item = item.typed(self.globals, ty).snippet(insert);
                self.add(item);
            }
        }
    }

    fn free_natives(&mut self, wish: &Wish) {
        for native in natives().iter().filter(|native| native.receiver.is_none()) {
            let called = if self.site.after.call { 40 } else { -30 };
            let result = self.result_of(native, &Ty::Open);
            let score = of_kind(ItemKind::Native) + called + self.fit(&result, wish.ty.as_ref()) / 2;
            let item = self.native(native, score);
            self.add(item);
        }
    }

    /// An item for a function or method of the library.
    pub(super) fn native(&self, native: &'static Native, score: i32) -> Item {
        let name = native.short_name();
        let names = native.params.iter().map(|param| (param.name, param.optional));
        Item::new(name, ItemKind::Native, score)
            .detail(native.to_string())
            .snippet(call(name, names, self.site.after.brackets))
            .of(Origin::Native(native))
    }

    fn constants(&mut self, wish: &Wish) {
        let wanted = wish.ty.as_ref().map(|ty| self.globals.unfold(ty));
        let is_bool = wanted.as_ref().is_some_and(|ty| *ty.present() == Ty::Bool);
        let is_optional = wanted.as_ref().is_some_and(Ty::is_optional);
        let called = if self.site.after.call || self.site.after.member.is_some() {
            -90
        } else {
            0
        };
        for word in ["true", "false"] {
            let fits = if is_bool { 60 } else { -10 };
            self.add(Item::new(word, ItemKind::Keyword, 30 + fits + called));
        }
        let fits = if is_optional { 55 } else { -10 };
        self.add(Item::new("none", ItemKind::Keyword, 30 + fits + called));
        for word in ["not", "if", "match"] {
            self.add(Item::new(word, ItemKind::Keyword, 5 + called));
        }
    }
}

/// Names of parameters with their types, and whether they may be left out.
pub(super) fn params(fields: &[FieldInfo]) -> Vec<(&str, Option<Ty>, bool)> {
    fields
        .iter()
        .map(|field| {
            (
                field.name.as_str(),
                Some(field.ty.clone()),
                field.ty.is_optional(),
            )
        })
        .collect()
}

/// `name($1, $2)`, or the name alone where a bracket follows already.
pub(super) fn call<'n>(name: &str, params: impl Iterator<Item = (&'n str, bool)>, called: bool) -> String {
    if called {
        return name.to_owned();
    }
    let places = params.filter(|(_, optional)| !optional);
    let places: Vec<String> = (1..)
        .zip(places)
        .map(|(at, (name, _))| format!("${{{at}:{name}}}"))
        .collect();
    format!("{name}({})", places.join(", "))
}

/// `Name(field: $1)`
pub(super) fn record<'n>(name: &str, fields: impl Iterator<Item = (&'n str, bool)>, called: bool) -> String {
    if called {
        return name.to_owned();
    }
    let places = fields.filter(|(_, optional)| !optional);
    let places: Vec<String> = (1..)
        .zip(places)
        .map(|(at, (name, _))| format!("{name}: ${at}"))
        .collect();
    format!("{name}({})", places.join(", "))
}
