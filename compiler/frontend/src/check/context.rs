//! What the parts of the checker share: what was declared, what was found, and the body at hand.

use super::{
    Checked, FactKind, Facts, Globals, Sound,
    frame::{Frame, Kind},
    service::Policies,
    ty::Ty,
};
use crate::{
    World,
    ast::Ident,
    resolve::{Declared, Def, Entry, Module, ModuleId, Resolved, scope},
    workspace::Memo,
};
use flowmesh_diagnostics::{Diagnostic, Diagnostics, Sources, Span};
use flowmesh_ir::{
    Name,
    expr::Function,
    flow::Flow,
    program::{Config, Origins},
    service::Service,
    ty::{Type, TypeDef},
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// Names that declarations of one kind have in the program.
pub(crate) type Taken = HashSet<Name, foldhash::fast::RandomState>;

/// The state of the checker.
pub(crate) struct Checker<'a> {
    /// What is known of bodies from an earlier check.
    pub(crate) memo: Option<&'a mut Memo>,
    /// Who can check bodies beside each other.
    pub(crate) hands: Option<&'a dyn World>,
    pub(crate) resolved: &'a Resolved,
    pub(crate) sources: &'a Sources,
    pub(crate) found: &'a mut Diagnostics,
    pub(crate) globals: Globals,
    pub(crate) facts: Facts,
    /// Uses that something needed: module and number.
    pub(crate) used: HashSet<(ModuleId, usize)>,
    pub(crate) frame: Frame,
    pub(crate) policies: Policies,
    pub(crate) configs: Vec<Config>,
    pub(crate) services: Vec<Arc<Service>>,
    pub(crate) functions: Vec<Arc<Function>>,
    pub(crate) secrets: Vec<Name>,
    /// The number of each function in the program: one that is called comes before those that call it.
    pub(crate) function_numbers: Vec<u32>,
    /// Nothing is reported: what is looked at now is looked at again.
    pub(crate) muted: bool,
    /// What is known where a word is missing.
    pub(crate) probes: Vec<super::Probe>,
    /// Calls between functions: who, whom, where.
    pub(crate) edges: Vec<(u32, u32, Span)>,
    pub(crate) flows: Vec<Arc<Flow>>,
    pub(crate) flow: super::flow::State,
    /// How much is of the program itself, once what comes is of tests alone.
    pub(crate) own: Option<super::Own>,
    pub(crate) copies: super::template::Copies,
    /// What the template at hand takes.
    pub(crate) taking: Vec<super::template::Taking>,
    /// Whether the parameters that are read may be something that is no value.
    pub(crate) may_take: bool,
    /// Tests of the root module, and what is known of the one at hand.
    pub(crate) tests: Vec<flowmesh_ir::test::Test>,
    pub(crate) test: super::test::State,
    pub(crate) origins: Origins,
    pub(crate) mesh: super::mesh::Parts,
    /// Names of the subsets of the service whose settings are read.
    pub(crate) subsets: Vec<Name>,
    /// What the addresses of the service at hand take from its operations.
    pub(crate) taken: Vec<super::service::address::Taken<'a>>,
    /// Records made by the compiler for bodies of requests, numbered after the declared types.
    pub(crate) made: Vec<TypeDef>,
    /// Enum cases by name, for each module that asked.
    pub(crate) cases: HashMap<ModuleId, HashMap<Name, Vec<flowmesh_ir::TypeId>>>,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(resolved: &'a Resolved, sources: &'a Sources, found: &'a mut Diagnostics) -> Self {
        Self {
            memo: None,
            hands: None,
            resolved,
            sources,
            found,
            globals: Globals::default(),
            facts: Facts::default(),
            used: HashSet::new(),
            frame: Frame::default(),
            policies: Policies::default(),
            configs: Vec::new(),
            services: Vec::new(),
            functions: Vec::new(),
            secrets: Vec::new(),
            function_numbers: Vec::new(),
            muted: false,
            probes: Vec::new(),
            edges: Vec::new(),
            flows: Vec::new(),
            flow: super::flow::State::default(),
            own: None,
            copies: super::template::Copies::default(),
            taking: Vec::new(),
            may_take: false,
            tests: Vec::new(),
            test: super::test::State::default(),
            origins: Origins::default(),
            mesh: super::mesh::Parts::default(),
            subsets: Vec::new(),
            taken: Vec::new(),
            made: Vec::new(),
            cases: HashMap::new(),
        }
    }

    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        if !self.muted {
            self.found.add(diagnostic);
        }
    }

    /// Checks something in a frame of its own and gives the frame back with it.
    pub(crate) fn within<T>(
        &mut self,
        module: ModuleId,
        kind: Kind,
        what: impl FnOnce(&mut Self) -> T,
    ) -> (T, Frame) {
        let before = std::mem::replace(&mut self.frame, Frame::new(module, kind));
        let done = what(self);
        (done, std::mem::replace(&mut self.frame, before))
    }

    pub(crate) fn module(&self) -> Option<&'a Module> {
        self.resolved.module(self.frame.module)
    }

    /// What a word means in the module of the body at hand. A `use` that brought it here counts as used.
    pub(crate) fn entry(&mut self, name: &str) -> Option<Entry> {
        let entry = *self.module()?.scope.get(name)?;
        if let Some(import) = entry.import {
            self.used.insert((self.frame.module, import));
        }
        Some(entry)
    }

    /// What a path of words means: an item, or an item of a module. Reports an item that a module does not have;
    /// gives nothing, silently, where the first word means nothing.
    pub(crate) fn path(&mut self, words: &[Ident]) -> Option<Def> {
        let (first, rest) = words.split_first()?;
        self.probe(&first.text, |_| super::Asked::Path);
        let mut def = self.entry(&first.text)?.def;
        self.fact(first.span, def);
        for word in rest {
            self.probe(&word.text, |_| {
                super::Asked::Member(super::Base::Def(def), None, None)
            });
            let module = match def {
                Def::Module(module) => module,
                def => self.described_by(def)?,
            };
            let resolved = self.resolved;
            match scope::lookup(resolved.module(module)?, word) {
                Ok(entry) => def = entry.def,
                Err(error) => {
                    self.report(error.diagnostic());
                    return None;
                }
            }
            self.fact(word.span, def);
        }
        Some(def)
    }

    /// The module made of the document that describes a service.
    pub(crate) fn described_by(&self, def: Def) -> Option<ModuleId> {
        let Def::Service(_) = def else { return None };
        let outside = self.resolved.described(self.resolved.declared(def)?)?;
        Some(outside.module)
    }

    pub(crate) fn fact(&mut self, span: Span, def: Def) {
        let declared = self.resolved.declared(def).map(|declared| declared.name.span);
        self.facts.add(span, FactKind::Def(def), declared);
    }

    /// The name of a declaration in the program: its own, or with its module before it if an earlier one has that.
    pub(crate) fn unique(&self, taken: &mut Taken, declared: &Declared) -> Name {
        let own = declared.name.text.clone();
        if taken.insert(own.clone()) {
            return own;
        }
        let module = self
            .resolved
            .module(declared.module)
            .map_or("", |module| module.name.as_str());
        let full: Name = format!("{module}.{own}").into();
        taken.insert(full.clone());
        full
    }

    /// A type of the program for a border; a record without a name gets a type made for it.
    pub(crate) fn border(&mut self, ty: &Ty, name: &str) -> Option<Type> {
        if let Some(ty) = ty.ir() {
            return Some(ty);
        }
        match ty {
            Ty::Record(fields) => {
                let mut made = Vec::new();
                for (field, ty) in fields.iter() {
                    let ty = self.border(ty, &format!("{name}.{field}"))?;
                    made.push(flowmesh_ir::ty::Field {
                        name: field.clone(),
                        ty,
                        rule: None,
                    });
                }
                Some(self.make(name, made))
            }
            Ty::Optional(inner) => Some(Type::Optional(Box::new(self.border(inner, name)?))),
            Ty::List(inner) => Some(Type::List(Box::new(self.border(inner, name)?))),
            Ty::Map(inner) => Some(Type::Map(Box::new(self.border(inner, name)?))),
            _ => None,
        }
    }

    /// A record type that no author wrote.
    pub(crate) fn make(&mut self, name: &str, fields: Vec<flowmesh_ir::ty::Field>) -> Type {
        let id = self.globals.types.len().saturating_add(self.made.len());
        let shape = flowmesh_ir::ty::Shape::Record(fields);
        self.made.push(TypeDef {
            name: name.into(),
            doc: None,
            tag: None,
            shape,
        });
        Type::Named(flowmesh_ir::TypeId(u32::try_from(id).unwrap_or(u32::MAX)))
    }

    /// What comes from here on is of tests alone.
    pub(crate) fn keep_apart(&mut self) {
        self.own = Some(super::Own {
            flows: self.flows.len(),
            policies: self.policies.len(),
            types: self.globals.types.len().saturating_add(self.made.len()),
        });
    }

    pub(crate) fn finish(mut self) -> Checked {
        let names = self.sources.iter().map(|(_, source)| source.name.clone());
        self.origins.sources = names.collect();
        let mut policies = self.policies.into_table();
        // While something is wrong, as it is most of the time in an editor, nothing is made of all this.
        let wrong = self.found.has_errors();
        let mut types = match wrong {
            true => Vec::new(),
            false => super::declare::definitions(&self.globals, self.made),
        };
        let beside = match self.own {
            Some(own) => super::Beside {
                flows: self.flows.split_off(own.flows.min(self.flows.len())),
                policies: policies.split_off(own.policies.min(policies.len())),
                types: types.split_off(own.types.min(types.len())),
            },
            None => super::Beside::default(),
        };
        let sound = (!wrong).then(|| Sound {
            types,
            errors: self.globals.error_definitions(),
            events: self.globals.event_definitions(&self.flows),
            configs: self.configs,
            secrets: self.secrets,
            policies: policies.clone(),
            services: self.services,
            functions: self.functions,
            flows: self.flows,
            beside,
            origins: self.origins,
            mesh: self.mesh,
        });
        Checked {
            globals: self.globals,
            facts: self.facts,
            policies,
            tests: self.tests,
            probes: self.probes,
            sound,
        }
    }
}
