//! A service at run time.

use super::{
    MeshOptions, Secrets,
    copies::Copies,
    limiters::Limiters,
    places::{Places, Shared},
};
use crate::{
    decide::{address::Wrong, budget::Budgets, chance, sticky::Key, template::Template},
    error::MeshError,
    grant::{Ask, Grant},
    identity::Https,
    tls::client::Safety,
    wire::{
        grpc::codec::{self, Method, Methods},
        request::{self, Credential},
    },
};
use base64::{Engine, engine::general_purpose::STANDARD};
use flowmesh_ir::{
    Name, OperationId, Program, SecretId, SubsetId,
    access::Mtls,
    expr::Expr,
    policy::Policy,
    service::{self, Auth, Binding},
    traffic::{Health, Tls},
};
use http::{HeaderName, HeaderValue, header::AUTHORIZATION};
use std::{
    collections::BTreeSet,
    iter,
    path::Path,
    slice,
    sync::{Arc, PoisonError, RwLock},
};

/// What each subset gets of the traffic.
pub(crate) type Split = Arc<[(SubsetId, u32)]>;

/// A service at run time.
pub(crate) struct Service {
    /// Its subsets, in the order of the program.
    pub(crate) subsets: Vec<Places>,
    /// Where its traffic goes instead of where its last route says.
    moved: RwLock<Option<Split>>,
    /// How connections are made safe, if the service says it.
    tls: Option<Tls>,
    /// Whether it has operations of gRPC, and so speaks HTTP/2.
    pub(crate) grpc: bool,
    /// How we show who we are.
    pub(crate) shown: Shown,
    /// For each operation its method of gRPC.
    pub(crate) methods: Methods,
    /// What its retries are paid from.
    pub(crate) budgets: Budgets,
    /// How many of its calls are let through.
    pub(crate) limiters: Limiters,
    /// The copies of its requests.
    pub(crate) copies: Copies,
}

impl Service {
    /// Checks addresses and secrets.
    pub(super) fn new(
        program: &Program,
        service: &service::Service,
        addresses: &[Vec<Template>],
        options: &MeshOptions,
        shared: &Shared,
    ) -> Result<Self, MeshError> {
        let clock = shared.clock;
        let (nothing, secrets) = (Vec::new(), options.secrets.as_ref());
        // Processes and workers are nowhere; who calls them does not ask the mesh.
        let local = |operation: &service::Operation| operation.binding.is_local();
        let nowhere = !service.operations.is_empty() && service.operations.iter().all(local);
        let subsets = service.subsets.iter().enumerate().map(|(at, subset)| {
            let texts = addresses.get(at).unwrap_or(&nothing);
            if nowhere && texts.is_empty() {
                return Ok(Places::nowhere(&subset.name, clock));
            }
            Places::new(&service.name, subset, texts, shared)
        });
        are_given(program, service, secrets)?;
        Ok(Self {
            subsets: subsets.collect::<Result<_, _>>()?,
            moved: RwLock::new(None),
            tls: said_of_tls(program, service).cloned(),
            grpc: is_grpc(service),
            shown: shown(program, service, options)?,
            methods: codec::methods(service).map_err(|why| MeshError::BadDescriptors {
                service: service.name.clone(),
                why,
            })?,
            budgets: Budgets::new(program, clock.now()),
            limiters: Limiters::new(program, service),
            copies: Copies::default(),
        })
    }

    /// The method of gRPC that an operation is reached by.
    pub(crate) fn method(&self, operation: OperationId) -> Option<&Method> {
        self.methods.get(operation.index())?.as_ref()
    }

    /// Whether its connections are as safe as a policy wants them. They belong to the service, and are not made again for
    /// one call; what wants them otherwise is not sent by those that there are.
    pub(crate) fn is_safe_for(&self, policy: &Policy) -> Result<(), String> {
        match &policy.tls {
            Some(wanted) if self.tls.as_ref() != Some(wanted) => Err(
                "the policy of the request says another `tls` than the service; say it at the service"
                    .to_owned(),
            ),
            _ => Ok(()),
        }
    }

    /// Moves its traffic; no weights is back to what its routes say.
    pub(crate) fn shift(&self, weights: &[(SubsetId, u32)]) {
        let moved = (!weights.is_empty()).then(|| Arc::from(weights));
        *self.moved.write().unwrap_or_else(PoisonError::into_inner) = moved;
    }

    /// Where its traffic was moved.
    pub(crate) fn moved(&self) -> Option<Split> {
        self.moved.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What a service says of its connections, or else the first of its operations that does.
fn said_of_tls<'p>(program: &'p Program, service: &service::Service) -> Option<&'p Tls> {
    policies(program, service).find_map(|policy| policy.tls.as_ref())
}

/// The policy of a service, and those of its operations.
fn policies<'p>(program: &'p Program, service: &service::Service) -> impl Iterator<Item = &'p Policy> {
    let operations = service.operations.iter().map(|operation| operation.policy);
    let all: Vec<_> = iter::once(service.policy).chain(operations).collect();
    all.into_iter().filter_map(|id| program.policy(id))
}

/// How connections to a service are made safe.
pub(super) fn safety(
    program: &Program,
    service: &service::Service,
    addresses: &[Vec<Template>],
    options: &MeshOptions,
) -> Result<Safety, MeshError> {
    let directory: &Path = &options.certificates;
    let strict = strict(program, service, addresses, options)?;
    let said = said_of_tls(program, service).or(strict.as_ref());
    let mut texts = addresses.iter().flatten().map(Template::text);
    let some = texts.any(|text| text.starts_with("https://"));
    Safety::new(said, some, directory).map_err(|why| MeshError::BadTls {
        service: service.name.clone(),
        why,
    })
}

/// How a service of the mesh is spoken with where both sides always show certificates. What says itself how its connections
/// are safe, by `tls` or by `https://`, is not of the mesh.
fn strict(
    program: &Program,
    service: &service::Service,
    addresses: &[Vec<Template>],
    options: &MeshOptions,
) -> Result<Option<Tls>, MeshError> {
    let mut texts = addresses.iter().flatten().map(Template::text).peekable();
    let nowhere = texts.peek().is_none();
    let own_way = said_of_tls(program, service).is_some() || texts.any(|text| text.starts_with("https://"));
    let beside = options.beside.as_ref() == Some(&service.name);
    if program.mesh.mtls != Some(Mtls::Strict) || own_way || beside || nowhere {
        return Ok(None);
    }
    let own = options.own.as_ref().ok_or_else(|| MeshError::NoIdentity {
        service: service.name.clone(),
    })?;
    Ok(Some(own.towards(own.other(&format!("service/{}", service.name)))))
}

/// How we show who we are.
pub(crate) enum Shown {
    /// Not at all.
    Nothing,
    /// Always the same way.
    Fixed(Credential),
    /// By a token that somebody gives us.
    Granted(Box<Grant>),
}

impl Shown {
    /// What goes out with a request, or why there is nothing to show.
    pub(crate) async fn credential(&self) -> Result<Option<Credential>, String> {
        match self {
            Self::Nothing => Ok(None),
            Self::Fixed(credential) => Ok(Some(credential.clone())),
            // Apart, so that others do not carry room for it along.
            Self::Granted(grant) => Ok(Some((AUTHORIZATION, Box::pin(grant.header()).await?))),
        }
    }

    /// The service answered with this status.
    pub(crate) fn answered(&self, status: u16) {
        if let (Self::Granted(grant), 401) = (self, status) {
            grant.refused();
        }
    }
}

fn shown(program: &Program, service: &service::Service, options: &MeshOptions) -> Result<Shown, MeshError> {
    let Some(auth) = &service.auth else {
        return Ok(Shown::Nothing);
    };
    let (declared, secrets) = (service, options.secrets.as_ref());
    let id = auth.secret();
    let (service, secret) = (service.name.clone(), named(program, id));
    let Some(value) = secrets(id) else {
        return Err(MeshError::MissingSecret { service, secret });
    };
    let header = match auth {
        Auth::Bearer(_) => header(AUTHORIZATION, &format!("Bearer {value}")),
        Auth::Basic(user, _) => header(
            AUTHORIZATION,
            &format!("Basic {}", STANDARD.encode(format!("{user}:{value}"))),
        ),
        Auth::ApiKey(name, _) => HeaderName::try_from(name.as_str())
            .ok()
            .and_then(|name| header(name, &value)),
        Auth::OAuth2 { client, scopes, .. } => {
            let url = options
                .token_urls
                .get(&declared.name)
                .cloned()
                .unwrap_or_default();
            let wrong = |why: &str| MeshError::BadAddress {
                service: declared.name.clone(),
                subset: Name::default(),
                text: url.clone(),
                why: Wrong(why.to_owned()),
            };
            if !Https::may(&url) {
                return Err(wrong("tokens are asked for at `https://`, or on this machine"));
            }
            let https = Https::new().map_err(|why| wrong(&why))?;
            let ask = Ask {
                url: url.clone(),
                client: client.clone(),
                secret: value,
                scopes: scopes.clone(),
            };
            return Ok(Shown::Granted(Box::new(Grant::new(ask, Arc::new(https)))));
        }
    };
    header
        .map(Shown::Fixed)
        .ok_or(MeshError::BadCredential { service, secret })
}

/// How the endpoints of a service are asked how they are: an endpoint is well or not for whatever is asked of it, so that
/// the policy of the service decides, or else the first of its operations whose policy says something.
pub(super) fn health<'p>(program: &'p Program, service: &service::Service) -> Option<&'p Health> {
    policies(program, service).find_map(|policy| policy.health.as_ref())
}

/// Whether a service speaks HTTP/2, and maybe nothing else.
pub(super) fn is_grpc(service: &service::Service) -> bool {
    let grpc = |operation: &service::Operation| matches!(operation.binding, Binding::Grpc { .. });
    service.operations.iter().any(grpc)
}

/// What is wrong with a secret is told before the first call needs it.
fn are_given(program: &Program, service: &service::Service, secrets: &Secrets) -> Result<(), MeshError> {
    let mut needed = BTreeSet::new();
    for operation in &service.operations {
        operation.each_secret(&mut |id| {
            needed.insert(id);
        });
    }
    if let Some(id) = needed.into_iter().find(|id| secrets(*id).is_none()) {
        let (service, secret) = (service.name.clone(), named(program, id));
        return Err(MeshError::MissingSecret { service, secret });
    }
    let headers = service
        .operations
        .iter()
        .flat_map(|operation| &operation.secret_headers);
    for (name, expr) in headers {
        // What a function makes of a secret may be another text; what is only put into one is not.
        let direct = match expr {
            Expr::Text(parts) => parts.as_slice(),
            other => slice::from_ref(other),
        };
        for part in direct {
            let Expr::Secret(id) = part else { continue };
            let (service, secret) = (service.name.clone(), named(program, *id));
            let value = secrets(*id).unwrap_or_default();
            let fits = HeaderName::try_from(name.as_str()).is_ok() && HeaderValue::from_str(&value).is_ok();
            if !fits {
                return Err(MeshError::BadCredential { service, secret });
            }
        }
    }
    Ok(())
}

/// For each policy, what the endpoints are hidden with that visitors stay with: the secret that it names, or what chance
/// brings.
pub(super) fn sticky_keys(
    program: &Program,
    secrets: &Secrets,
    chance: &chance::Source,
) -> Result<Vec<Option<Key>>, MeshError> {
    let drawn: [u64; 4] = std::array::from_fn(|_| chance.draw());
    let one = |policy: &Policy| {
        let Some(sticky) = &policy.sticky else {
            return Ok(None);
        };
        let Some(id) = sticky.key else {
            return Ok(Some(Key::of(&format!("{drawn:?}"))));
        };
        let missing = || MeshError::MissingSecret {
            service: Name::from("sticky"),
            secret: named(program, id),
        };
        Ok(Some(Key::of(&secrets(id).ok_or_else(missing)?)))
    };
    program.policies.iter().map(one).collect()
}

/// The headers of a policy. Some may be made from secrets, so all are treated as such.
pub(super) fn headers(headers: &[(Name, String)]) -> Result<Vec<Credential>, MeshError> {
    let one = |(name, value): &(Name, String)| {
        let made = request::name(name).ok().and_then(|name| header(name, value));
        made.ok_or_else(|| MeshError::BadHeader { name: name.clone() })
    };
    headers.iter().map(one).collect()
}

fn header(name: HeaderName, value: &str) -> Option<Credential> {
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}

fn named(program: &Program, id: SecretId) -> Name {
    program.secrets.get(id.index()).cloned().unwrap_or_default()
}
