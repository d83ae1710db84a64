//! A program's services at run time.

mod copies;
mod limiters;
mod measures;
mod places;
mod service;
mod store;

pub use copies::Copied;
pub(crate) use limiters::{Limited, Whose};
pub(crate) use places::Shared;
pub(crate) use service::Service;
pub(crate) use store::{Flight, Found, Kept, Lead, Store};

use crate::{
    clock::Clock,
    decide::{
        access::{Verdict, judge},
        chance,
        limit::Limiter,
        propagation::Forms,
        route::{Conditions, Texts},
        sticky::Key,
        tally::Seen,
        template::Template,
    },
    error::MeshError,
    gauge::Calls,
    lend::Shares,
    observe::Asker,
    tls::Own,
    unseal::Unseal,
    wire::{health::Check, request::Credential, resolver::Resolver},
};
use flowmesh_ir::{
    Name, PolicyId, Program, SecretId, ServiceId, SubsetId,
    access::{Rule, What, Who, rules},
    locality::Zone,
    policy::Policy,
    traffic::Limit,
};
use std::{
    collections::BTreeMap,
    ops::Deref,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

/// A program's services at run time: their endpoints, connections and budgets. One per program; shared by its runs. A
/// clone is the same mesh, for what goes on beside whoever asked for it.
#[derive(Clone)]
pub struct Mesh(Arc<Core>);

/// What a mesh is made of.
pub struct Core {
    pub(crate) program: Arc<Program>,
    /// Who may call what.
    access: Vec<Rule>,
    pub(crate) services: Vec<Service>,
    pub(crate) resolver: Arc<dyn Resolver>,
    pub(crate) conditions: Arc<Conditions>,
    pub(crate) texts: Arc<Texts>,
    /// What the mesh as a whole lets through, once somebody comes.
    whole: OnceLock<Limiter>,
    /// Who lends of limits that are shared, where somebody does.
    shares: OnceLock<Shares>,
    pub(crate) unseal: Arc<Unseal>,
    /// For each policy, the headers that it adds.
    pub(crate) headers: Vec<Vec<Credential>>,
    /// For each policy, by which headers the next one is told of the trace.
    pub(crate) forms: Vec<Forms>,
    /// What stands on spans: for each policy, and last for what has none.
    pub(crate) tags: Vec<Tags>,
    /// What is measured of its calls.
    pub(crate) calls: Calls,
    pub(crate) limits: Limits,
    /// For each policy, what the endpoints are hidden with that visitors stay with.
    pub(crate) sticky: Vec<Option<Key>>,
    /// The answers that are kept.
    pub(crate) kept: Store,
    pub(crate) chance: chance::Source,
    pub(crate) clock: Clock,
}

/// The addresses of every subset of every service, in the order of the program.
pub type Addresses = Vec<Vec<Vec<Template>>>;

/// Names and values that stand on spans.
pub type Tags = Arc<[(Name, String)]>;

/// Gives the value of a secret.
pub type Secrets = dyn Fn(SecretId) -> Option<String> + Send + Sync;

/// What a mesh needs from its surroundings.
#[derive(Clone)]
pub struct MeshOptions {
    /// Looks up names; one per process.
    pub resolver: Arc<dyn Resolver>,
    /// Gives the values of secrets. Asked once, when the mesh is made.
    pub secrets: Arc<Secrets>,
    /// Computes what of a request is made from secrets.
    pub unseal: Arc<Unseal>,
    /// For each policy of the program, the headers that it adds to every request.
    pub headers: Vec<Vec<(Name, String)>>,
    /// What stands on spans: for each policy of the program, and last for what has none.
    pub tags: Vec<Tags>,
    /// Says whether a route's condition holds.
    pub conditions: Arc<Conditions>,
    /// Gives the value of a text over the request.
    pub texts: Arc<Texts>,
    /// What a service may cost us.
    pub limits: Limits,
    /// Where the services whose `auth` is `oauth2` get their tokens, by their names.
    pub token_urls: BTreeMap<Name, String>,
    /// Where the files of certificates are that name no other place.
    pub certificates: PathBuf,
    /// Who we are in the mesh; needed where the program says `mesh { mtls: strict }`.
    pub own: Option<Own>,
    /// The service that is beside us on this machine, whose connections need not be safe.
    pub beside: Option<Name>,
    /// Where we are, if somebody says it: endpoints that are near are then called before others.
    pub zone: Option<Zone>,
    /// Where chance begins: for jitter, weights and balance.
    pub seed: u64,
}

/// What a service may cost us, whatever it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest body of an answer, in bytes.
    pub body_bytes: usize,
    /// The longest head of an answer, in bytes; at least 8 KiB.
    pub header_bytes: usize,
    /// The most headers of an answer.
    pub headers: usize,
    /// The longest that connecting may take; never longer than the attempt.
    pub connect: Duration,
    /// The most connections at rest per endpoint.
    pub idle_connections: usize,
    /// The most places that are known at a time of a subset whose address each call fills; the least recently used is
    /// forgotten, with its connections.
    pub places: usize,
    /// The most bytes of answers that are kept.
    pub cache_bytes: usize,
}

impl Default for Limits {
    /// 32 MiB of body, 64 KiB of head, 100 headers, 2 s to connect, 64 connections at rest, 256 places, 64 MiB of answers.
    fn default() -> Self {
        Self {
            body_bytes: 32 * 1024 * 1024,
            header_bytes: 64 * 1024,
            headers: 100,
            connect: Duration::from_secs(2),
            idle_connections: 64,
            places: 256,
            cache_bytes: 64 * 1024 * 1024,
        }
    }
}

impl MeshOptions {
    /// No secrets, no condition of a route ever holds, and no text over a request has a value.
    #[must_use]
    pub fn new(resolver: Arc<dyn Resolver>, seed: u64) -> Self {
        Self {
            resolver,
            secrets: Arc::new(|_| None),
            unseal: Arc::new(|_| Err("nobody gives the values of secrets".to_owned())),
            headers: Vec::new(),
            tags: Vec::new(),
            conditions: Arc::new(|_, _| false),
            texts: Arc::new(|_, _| None),
            limits: Limits::default(),
            token_urls: BTreeMap::new(),
            certificates: PathBuf::new(),
            own: None,
            beside: None,
            zone: None,
            seed,
        }
    }
}

/// What the policy says of that, or the mesh.
fn forms(program: &Program, policy: &Policy) -> Forms {
    let said = [policy.trace.as_ref(), program.mesh.trace.as_ref()];
    let mut said = said.into_iter().flatten().map(|trace| trace.propagate.as_slice());
    Forms::new(said.find(|forms| !forms.is_empty()).unwrap_or_default())
}

impl Mesh {
    /// What stands on the spans of what is done under a policy, or under none.
    pub(crate) fn tags(&self, policy: Option<PolicyId>) -> Option<Tags> {
        let own = policy.and_then(|policy| self.tags.get(policy.index()));
        own.or_else(|| self.tags.last()).cloned()
    }

    /// Whether a call of this service may go to all of these. What rules ask of a visitor is not known here, and allows nothing.
    pub(crate) fn may(&self, service: ServiceId, called: &[What], asker: Asker<'_>) -> bool {
        let is = |who: &Who| match asker {
            Asker::Flow(flow) => who.covers(&Who::Flow(flow)),
            Asker::Nobody | Asker::Visitor(_) => *who == Who::Anyone,
        };
        let rules = (self.access.as_slice(), self.program.mesh.access);
        let allowed = |what: &What| matches!(judge(rules, *what, &is, &mut |_, _| None), Verdict::Allowed(_));
        match asker {
            Asker::Visitor(services) => services.contains(&service),
            Asker::Flow(_) | Asker::Nobody => called.iter().all(allowed),
        }
    }

    /// By which headers those are told of the trace who are asked under a policy.
    pub(crate) fn forms(&self, policy: PolicyId) -> Forms {
        let forms = self.forms.get(policy.index()).copied();
        forms.unwrap_or_else(|| Forms::new(&[]))
    }

    /// From now on, limits that are shared are lent of by these; before anybody comes. Without any, each is this mesh's
    /// alone.
    pub fn share(&self, shares: Shares) {
        let _ = self.shares.set(shares);
    }

    /// What lets through what a limit says that stands at this place of the program.
    pub(crate) fn limiter(&self, place: &str, limit: &Limit) -> Limiter {
        match self.shares.get() {
            Some(shares) => shares.limiter(place, limit),
            None => Limiter::new(limit),
        }
    }

    /// What lets through what the limit of the whole mesh says.
    pub(crate) fn whole(&self) -> Option<(&Limit, Limiter)> {
        let limit = self.program.mesh.limit.as_ref()?;
        let made = || self.limiter("mesh", limit);
        Some((limit, self.whole.get_or_init(made).clone()))
    }

    /// Moves the traffic of a service: what the route without a condition says holds no more. No weights is back to
    /// what the program says. A service or subset that the program does not have is left alone.
    pub fn shift(&self, service: &str, weights: &[(Name, u32)]) {
        let declared = self.program.services.iter().zip(&self.services);
        let mut named = declared.filter(|(declared, _)| declared.name == service);
        let Some((declared, service)) = named.next() else {
            return;
        };
        let number = |name: &Name| {
            let at = declared.subsets.iter().position(|subset| subset.name == *name)?;
            u32::try_from(at).ok().map(SubsetId)
        };
        let weights: Option<Vec<(SubsetId, u32)>> = weights
            .iter()
            .map(|(name, weight)| Some((number(name)?, *weight)))
            .collect();
        service.shift(&weights.unwrap_or_default());
    }

    /// How a subset of a service did within the last time; `None` where the program has no such subset.
    #[must_use]
    pub fn seen(&self, service: &str, subset: &str, last: Duration) -> Option<Seen> {
        let at = self.program.services.iter().position(|it| it.name == service)?;
        let declared = self.program.services.get(at)?;
        let subset = declared.subsets.iter().position(|it| it.name == subset)?;
        Some(self.services.get(at)?.subsets.get(subset)?.seen(last))
    }

    /// Makes a mesh. Nothing is looked up and nobody is connected to before the first call; what can be wrong before
    /// that is said now.
    pub fn new(
        program: Arc<Program>,
        addresses: &Addresses,
        options: MeshOptions,
    ) -> Result<Self, MeshError> {
        let (clock, chance) = (Clock::start(), chance::Source::new(options.seed));
        let nothing = Vec::new();
        let limits = options.limits;
        let services = program.services.iter().enumerate().map(|(at, service)| {
            let addresses = addresses.get(at).unwrap_or(&nothing);
            let health = service::health(&program, service).cloned();
            let check =
                health.map(|health| Check::new(health, service::is_grpc(service), limits, chance.draw()));
            let shared = Shared {
                clock,
                most: limits.places,
                check: check.map(Arc::new),
                zone: options.zone.clone(),
                safety: service::safety(&program, service, addresses, &options)?,
            };
            Service::new(&program, service, addresses, &options, &shared)
        });
        let headers = options.headers.iter().map(|headers| service::headers(headers));
        let headers = headers.collect::<Result<_, _>>()?;
        Ok(Self(Arc::new(Core {
            access: rules(&program),
            services: services.collect::<Result<_, _>>()?,
            resolver: options.resolver,
            conditions: options.conditions,
            texts: options.texts,
            whole: OnceLock::new(),
            shares: OnceLock::new(),
            unseal: options.unseal,
            headers,
            forms: program
                .policies
                .iter()
                .map(|policy| forms(&program, policy))
                .collect(),
            tags: options.tags,
            calls: Calls::new(&program),
            limits,
            sticky: service::sticky_keys(&program, options.secrets.as_ref(), &chance)?,
            kept: Store::new(limits.cache_bytes),
            chance,
            clock,
            program,
        })))
    }

    /// How many requests to a service were copied, by its name; nothing for one that the program does not have.
    #[must_use]
    pub fn copied(&self, service: &str) -> Copied {
        let at = self
            .program
            .services
            .iter()
            .position(|known| known.name == service);
        let service = at.and_then(|at| self.services.get(at));
        service.map_or_else(Copied::default, |service| service.copies.count())
    }
}

impl Deref for Mesh {
    type Target = Core;

    fn deref(&self) -> &Core {
        &self.0
    }
}
