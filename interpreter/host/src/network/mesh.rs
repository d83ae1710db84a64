//! The mesh as the network: addresses, conditions and texts are evaluated here, since the mesh knows no expressions.

use super::{Caller, Network, NetworkError, named::Named, pool::Pool, sealed::Seals, wires::Wires};
use crate::{clock::Clock, engine::Deployment, workers::Workers};
use flowmesh_ir::{
    Code, Name, Program, SecretId, Value,
    address::is_template,
    call::Request,
    expr::Expr,
    locality::Zone,
    service::{Auth, Service},
    value::Fields,
};
use flowmesh_machine::{Context, Settings, evaluate};
use flowmesh_mesh::{
    Addresses, Mesh, MeshError, MeshOptions, Observer, Own, RequestView, Resolver, Template, Text,
};
use std::{collections::BTreeMap, sync::Arc};

/// How many connections at rest are kept for each endpoint: as many runs as may call it at once without anybody
/// connecting anew.
const CONNECTIONS: usize = 1024;

/// Gives the value of a secret by its name.
pub type Secrets = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The network that there is.
pub struct MeshNetwork {
    resolver: Arc<dyn Resolver>,
    secrets: Secrets,
    clock: Arc<dyn Clock>,
    workers: Workers,
    own: Option<Own>,
    beside: Option<Name>,
    zone: Option<Zone>,
}

impl MeshNetwork {
    /// A network that looks names up with `resolver`, and has `workers` do what they pull.
    #[must_use]
    pub fn new(
        resolver: Arc<dyn Resolver>,
        secrets: Secrets,
        clock: Arc<dyn Clock>,
        workers: Workers,
    ) -> Self {
        Self {
            resolver,
            secrets,
            clock,
            workers,
            own: None,
            beside: None,
            zone: None,
        }
    }

    /// Shows who this process is to services of a mesh in which both sides do.
    #[must_use]
    pub fn showing(mut self, own: Option<Own>) -> Self {
        self.own = own;
        self
    }

    /// Stands in a zone: what is near is called before what is not.
    #[must_use]
    pub fn standing(mut self, zone: Option<Zone>) -> Self {
        self.zone = zone;
        self
    }

    /// Knows of a service that is beside this process on the same machine, to which nothing need be shown.
    #[must_use]
    pub fn beside(mut self, service: Name) -> Self {
        self.beside = Some(service);
        self
    }
}

impl Network for MeshNetwork {
    fn connect(&self, deployment: &Deployment) -> Result<Arc<dyn Caller>, NetworkError> {
        let addresses = addresses(deployment)?;
        let mut options = MeshOptions::new(self.resolver.clone(), self.clock.draw());
        let (names, secrets) = (deployment.program.secrets.clone(), self.secrets.clone());
        (options.own, options.beside) = (self.own.clone(), self.beside.clone());
        options.zone.clone_from(&self.zone);
        options.limits.idle_connections = CONNECTIONS;
        let secret = move |id: SecretId| secrets(names.get(id.index())?);
        let seals = Seals::new(deployment, &secret);
        options.headers = seals.of_policies()?;
        options.tags = deployment.tags().to_vec();
        options.unseal = Arc::new(move |request| seals.open(request));
        options.secrets = Arc::new(secret);
        let secrets = options.secrets.clone();
        options.token_urls = token_urls(deployment)?;
        let (program, settings) = (deployment.program.clone(), deployment.settings.clone());
        options.conditions = Arc::new(move |rule, request| holds(&program, &settings, rule, request));
        let (program, settings) = (deployment.program.clone(), deployment.settings.clone());
        options.texts = Arc::new(move |text, request| written(&program, &settings, text, request));
        let mesh = Mesh::new(deployment.program.clone(), &addresses, options)?;
        let mesh = Arc::new(mesh);
        let shared = mesh.clone();
        let call = move |request: Arc<Request>, trace, observer: Arc<dyn Observer>| {
            let mesh = mesh.clone();
            async move { mesh.call(&request, trace, observer.as_ref()).await }
        };
        Ok(Arc::new(Wires {
            http: Arc::new(Pool::new(call)),
            mesh: shared,
            program: deployment.program.clone(),
            secrets,
            named: Named::of(deployment),
            workers: self.workers.clone(),
            clock: self.clock.clone(),
        }))
    }
}

impl From<MeshError> for NetworkError {
    fn from(error: MeshError) -> Self {
        Self {
            code: error.code(),
            message: error.to_string(),
            help: Some(error.help()),
            place: error.place(),
        }
    }
}

/// Where services get their tokens.
fn token_urls(deployment: &Deployment) -> Result<BTreeMap<Name, String>, NetworkError> {
    let url = |service: &Arc<Service>| match &service.auth {
        Some(Auth::OAuth2 { url, .. }) => {
            let text = text(deployment, &service.name, url);
            Some(text.map(|text| (service.name.clone(), text)))
        }
        _ => None,
    };
    deployment.program.services.iter().filter_map(url).collect()
}

fn addresses(deployment: &Deployment) -> Result<Addresses, NetworkError> {
    let services = deployment.program.services.iter();
    services.map(|service| of_service(deployment, service)).collect()
}

fn of_service(deployment: &Deployment, service: &Service) -> Result<Vec<Vec<Template>>, NetworkError> {
    let of_subset = |addresses: &Vec<Expr>| -> Result<Vec<Template>, NetworkError> {
        addresses
            .iter()
            .map(|address| template(deployment, &service.name, address))
            .collect()
    };
    service
        .subsets
        .iter()
        .map(|subset| of_subset(&subset.addresses))
        .collect()
}

/// An address with the places that calls fill.
fn template(deployment: &Deployment, service: &Name, address: &Expr) -> Result<Template, NetworkError> {
    let parts = match address {
        Expr::Text(parts) if is_template(address) => parts,
        _ => return text(deployment, service, address).map(Template::from),
    };
    let part = |part: &Expr| match part {
        Expr::Slot(slot) => Ok(Text::Param(slot.index())),
        other => text(deployment, service, &Expr::Text(vec![other.clone()])).map(Text::Fixed),
    };
    parts
        .iter()
        .map(part)
        .collect::<Result<_, _>>()
        .map(Template::new)
}

/// An address as text; it may read configs, and nothing else.
fn text(deployment: &Deployment, service: &Name, address: &Expr) -> Result<String, NetworkError> {
    let context = &mut Context::default();
    let found = match evaluate(
        &deployment.program,
        &deployment.settings,
        address,
        &mut Vec::new(),
        context,
    ) {
        Ok(Value::String(text)) => return Ok(text.to_string()),
        Ok(_) => "something else".to_owned(),
        Err(fault) => format!("none: {fault}"),
    };
    Err(NetworkError {
        code: Code(1057),
        message: format!("expected a text as the address of service `{service}`, found {found}"),
        help: Some("see the configs that it is made of".to_owned()),
        place: Some(format!("service/{service}")),
    })
}

/// Whether a route's condition holds. One that has no value does not.
fn holds(program: &Program, settings: &Settings, rule: &Expr, request: &RequestView<'_>) -> bool {
    matches!(asked(program, settings, rule, request), Some(Value::Bool(true)))
}

/// What a text over the request is, if it has a value.
fn written(program: &Program, settings: &Settings, text: &Expr, request: &RequestView<'_>) -> Option<String> {
    let text = match asked(program, settings, text, request)? {
        Value::String(text) => return Some(text.to_string()),
        Value::None => return None,
        other => Expr::Text(vec![Expr::Constant(other)]),
    };
    match asked(program, settings, &text, request)? {
        Value::String(text) => Some(text.to_string()),
        _ => None,
    }
}

/// The value of an expression over the request. A flow that calls has no claims and no address.
fn asked(program: &Program, settings: &Settings, expr: &Expr, request: &RequestView<'_>) -> Option<Value> {
    let caller = Fields::from_iter([
        ("claims".into(), Value::Json("{}".into())),
        ("identity".into(), Value::None),
        ("address".into(), Value::string("")),
    ]);
    let mut context = Context {
        request: Some(record(request)),
        caller: Some(Value::record(caller)),
        ..Context::default()
    };
    evaluate(program, settings, expr, &mut Vec::new(), &mut context).ok()
}

fn record(request: &RequestView<'_>) -> Value {
    let headers = request.headers.iter();
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase().into(), Value::string(value)));
    let query = request
        .query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (Name::from(name), Value::string(value))
        });
    Value::record(Fields::from_iter([
        ("method".into(), Value::string(request.method.as_str())),
        ("path".into(), Value::string(request.path)),
        ("host".into(), Value::string(request.host)),
        ("headers".into(), Value::record(headers.collect())),
        ("query".into(), Value::record(query.collect())),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flowmesh_ir::{expr, service::Method};

    /// What a text is over a request of customer 7.
    fn over(text: &Expr) -> Option<String> {
        let headers = [("X-Customer".into(), "7".to_owned())];
        let request = RequestView {
            method: Method::Get,
            path: "/orders",
            host: "shop",
            headers: &headers,
            query: "page=2",
        };
        written(&Program::default(), &Settings::default(), text, &request)
    }

    fn of_request(name: &str) -> Expr {
        Expr::Field(Expr::Context(expr::Context::Request).into(), name.into())
    }

    fn header(name: &str) -> Expr {
        let name = Expr::Constant(Value::string(name));
        Expr::Index(of_request("headers").into(), name.into())
    }

    #[test]
    fn a_text_over_the_request_has_its_value() {
        assert_eq!(over(&of_request("path")).as_deref(), Some("/orders"));
        assert_eq!(over(&header("x-customer")).as_deref(), Some("7"));
        let joined = Expr::Text(vec![of_request("method"), header("x-customer")]);
        assert_eq!(over(&joined).as_deref(), Some("GET7"));
    }

    #[test]
    fn a_number_is_its_digits_and_what_is_not_there_has_no_text() {
        assert_eq!(over(&Expr::Constant(Value::Int(7))).as_deref(), Some("7"));
        assert_eq!(over(&Expr::Constant(Value::Bool(true))).as_deref(), Some("true"));
        assert_eq!(over(&header("x-other")), None);
        assert_eq!(over(&Expr::Slot(flowmesh_ir::SlotId(9))), None);
    }
}
