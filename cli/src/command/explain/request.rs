//! `flowmesh explain GET URL`: what a gateway of a program would do with a request, and why. Nothing is sent and nobody is
//! asked.

use crate::{draw, error::Error, exit::Exit, program, settings::Set};
use clap::Args;
use flowmesh_diagnostics::Sources;
use flowmesh_host::{engine::Deployment, gateways::holds};
use flowmesh_ir::{
    GatewayId, Program,
    expr::Expr,
    gateway::Route,
    trace::{Lineage, TraceContext},
};
use flowmesh_mesh::{
    decide::{access::Verdict, canonical::Canonical},
    gateway::{Fit, Plan, Said, Visit},
};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A request that nobody sends.
#[derive(Args)]
pub(super) struct RequestArgs {
    /// Of a request: where it goes, a URL or a path
    #[arg(value_name = "URL")]
    url: Option<String>,
    /// The program whose gateway is meant, `.flow` or compiled `.json`
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Which gateway, if there are several
    #[arg(long, value_name = "NAME", requires = "url")]
    gateway: Option<String>,
    /// A header of the request, `name: value`
    #[arg(long = "header", short = 'H', value_name = "HEADER", requires = "url")]
    headers: Vec<String>,
    /// Who asks: `sub` of a token that is believed
    #[arg(long = "as", value_name = "NAME", requires = "url")]
    subject: Option<String>,
    /// What else that token says, a JSON object
    #[arg(long, value_name = "JSON", requires = "url")]
    claims: Option<String>,
    /// The SPIFFE identity of the certificate that is shown
    #[arg(long, value_name = "URI", requires = "url")]
    certificate: Option<String>,
    /// Where it comes from
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    from: IpAddr,
    #[command(flatten)]
    set: Set,
}

/// What was found.
struct Found<'f> {
    plan: &'f Plan,
    sources: &'f Sources,
    request: Result<&'f Canonical, String>,
    looked: Vec<(usize, Fit)>,
    said: Vec<Said>,
    verdict: Option<Verdict>,
}

impl RequestArgs {
    /// The program that is meant.
    pub(super) fn program(&self) -> Option<&Path> {
        self.program.as_deref()
    }

    /// Whether it is a request that is asked about.
    pub(super) fn is_asked(&self) -> bool {
        self.url.is_some()
    }

    /// Says what would happen.
    pub(super) fn explain(&self, method: &str, as_json: bool) -> Result<Exit, Error> {
        let file = self.program.as_ref().ok_or_else(|| Error::BadSetting {
            text: format!("{method} {}", self.url.as_deref().unwrap_or_default()),
            why: "a request is explained by a program".to_owned(),
            help: "name it with `--program shop.flow`".to_owned(),
        })?;
        let (program, sources) = program::load_with_sources(file, as_json)?;
        self.look((&program, &sources), method, |found| match as_json {
            true => draw::answer_json(&found.json()),
            false => draw::answer(found.text()),
        })?;
        Ok(Exit::Ok)
    }

    /// Finds out, and hands it over.
    fn look<T>(
        &self,
        (program, sources): (&Program, &Sources),
        method: &str,
        show: impl FnOnce(&Found<'_>) -> T,
    ) -> Result<T, Error> {
        let deployment = Deployment::new(program.clone(), self.set.settings(program)?);
        let plan = self.plan(&deployment.program)?;
        let mut parts = self.parts(method)?;
        let request = Canonical::new(&mut parts);
        let mut found = Found {
            plan: &plan,
            sources,
            request: request.as_ref().map_err(ToString::to_string),
            looked: Vec::new(),
            said: Vec::new(),
            verdict: None,
        };
        if let Ok(request) = &request {
            let mut visit = self.visit(&plan, request)?;
            let now = Timestamp::now();
            let holds = |condition: &Expr, visit: &Visit| holds(&deployment, condition, visit, now);
            found.looked = plan.consider(&mut visit, &holds);
            if let Some(what) = found.taken().and_then(|(_, route)| route.target.what()) {
                found.said = plan.said(what, &visit, &holds);
                found.verdict = Some(plan.judge(what, &visit, &holds));
            }
        }
        Ok(show(&found))
    }

    fn plan(&self, program: &Arc<Program>) -> Result<Plan, Error> {
        let names: Vec<&str> = program.gateways.iter().map(|it| it.name.as_str()).collect();
        let at = match (&self.gateway, names.as_slice()) {
            (Some(wanted), _) => names.iter().position(|name| name == wanted),
            (None, [_]) => Some(0),
            (None, _) => None,
        };
        let id = at.and_then(|at| u32::try_from(at).ok()).map(GatewayId);
        let plan = id.and_then(|id| Plan::new(program.clone(), id));
        plan.ok_or_else(|| Error::BadSetting {
            text: format!("--gateway {}", self.gateway.as_deref().unwrap_or_default()),
            why: match names.as_slice() {
                [] => "the program has no gateway".to_owned(),
                names => format!("the program has {}", names.join(", ")),
            },
            help: "name the gateway that is meant with `--gateway NAME`".to_owned(),
        })
    }

    fn parts(&self, method: &str) -> Result<http::request::Parts, Error> {
        let url = self.url.as_deref().unwrap_or_default();
        let wrong = |why: String| Error::BadSetting {
            text: format!("{method} {url}"),
            why,
            help: "write a request as `GET https://shop.example.com/orders/7` or `GET /orders/7`".to_owned(),
        };
        let mut request = http::Request::builder().method(method).uri(url);
        if url.starts_with('/') {
            request = request.header("host", "localhost");
        }
        for text in &self.headers {
            let (name, value) = text
                .split_once(':')
                .ok_or_else(|| wrong(format!("`{text}` is no header")))?;
            request = request.header(name.trim(), value.trim());
        }
        let request = request.body(()).map_err(|why| wrong(why.to_string()))?;
        Ok(request.into_parts().0)
    }

    fn visit(&self, plan: &Plan, request: &Canonical) -> Result<Visit, Error> {
        let mut claims: Map<String, Value> = match &self.claims {
            None => Map::new(),
            Some(text) => serde_json::from_str(text).map_err(|why| Error::BadSetting {
                text: format!("--claims {text}"),
                why: why.to_string(),
                help: "write a JSON object, such as `{\"scope\": \"order:write\"}`".to_owned(),
            })?,
        };
        if let Some(subject) = &self.subject {
            claims.insert("sub".to_owned(), subject.as_str().into());
        }
        let subject = claims.get("sub").and_then(Value::as_str);
        let identity = self.certificate.as_deref().or(subject).map(str::to_owned);
        Ok(Visit {
            gateway: plan.id(),
            request: request.clone(),
            params: Vec::new(),
            claims: Arc::new(claims),
            identity,
            certificate: self.certificate.clone(),
            address: self.from,
            trace: TraceContext::root(1),
            lineage: Lineage::below(TraceContext::root(1)),
        })
    }
}

/// A request that somebody asks about at a prompt.
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) url: String,
    /// Who asks.
    pub(crate) subject: Option<String>,
    /// Which gateway, if there are several.
    pub(crate) gateway: Option<String>,
}

/// What a program would do with a request, and why, in words.
pub(crate) fn route(program: &Program, sources: &Sources, set: &Set, asked: &Asked) -> Result<String, Error> {
    let request = RequestArgs {
        url: Some(asked.url.clone()),
        program: None,
        gateway: asked.gateway.clone(),
        headers: Vec::new(),
        subject: asked.subject.clone(),
        claims: None,
        certificate: None,
        from: IpAddr::from([127, 0, 0, 1]),
        set: set.clone(),
    };
    request.look((program, sources), &asked.method, |found| found.text())
}

impl Found<'_> {
    fn taken(&self) -> Option<(usize, &Route)> {
        let (number, _) = self.looked.last().filter(|(_, fit)| *fit == Fit::Taken)?;
        Some((*number, self.plan.gateway()?.routes.get(*number)?))
    }

    /// What the visitor would be told first, and why.
    fn answer(&self) -> (u16, String) {
        if let Err(why) = &self.request {
            return (400, why.clone());
        }
        let Some((_, route)) = self.taken() else {
            let methods = self.looked.iter().any(|(_, fit)| *fit == Fit::Method);
            return match methods {
                true => (405, "routes take this path by other methods".to_owned()),
                false => (404, "no route takes it".to_owned()),
            };
        };
        match self.verdict {
            Some(Verdict::Denied(Some(rule))) => (403, format!("{} denies it", self.rule(rule))),
            Some(Verdict::Denied(None)) => (403, "no rule allows it".to_owned()),
            Some(Verdict::Allowed(Some(rule))) => {
                (200, format!("{}, as {} allows", self.led(route), self.rule(rule)))
            }
            Some(Verdict::Allowed(None)) => (200, format!("{}; no rule is about it", self.led(route))),
            None => (302, "it is sent elsewhere".to_owned()),
        }
    }

    fn led(&self, route: &Route) -> String {
        let name = self.plan.name(&route.target);
        format!("it is led to {}", name.as_deref().unwrap_or("another address"))
    }

    /// Where a rule stands.
    fn rule(&self, rule: usize) -> String {
        let written = self.plan.program().access.len();
        if rule >= written {
            return "a rule that the compiler derived from the program's own calls".to_owned();
        }
        self.place(&format!("access/{rule}"))
            .unwrap_or_else(|| format!("rule {rule}"))
    }

    /// A place of the program, as people name one.
    fn place(&self, path: &str) -> Option<String> {
        let span = self.plan.program().origins.span(path)?;
        self.sources.get(span.source)?;
        Some(self.sources.place(span))
    }

    /// How the author wrote it.
    fn words(&self, path: &str) -> String {
        let span = self.plan.program().origins.span(path);
        let text = span.and_then(|span| Some(self.sources.get(span.source)?.slice(span)));
        text.and_then(|text| text.lines().next())
            .unwrap_or_default()
            .trim()
            .to_owned()
    }

    fn route(&self, number: usize) -> String {
        let name = self.plan.gateway().map_or("", |gateway| gateway.name.as_str());
        format!("gateway/{name}/{number}")
    }

    /// It for people.
    fn text(&self) -> String {
        let mut lines = Vec::new();
        if let Ok(request) = &self.request {
            lines.push(format!(
                "{} {} is read as {}",
                request.method.as_str(),
                request.host,
                request.target
            ));
        }
        for (number, fit) in &self.looked {
            let path = self.route(*number);
            let place = self.place(&path).unwrap_or_else(|| format!("route {number}"));
            let fit = match fit {
                Fit::Taken => "takes it",
                Fit::Method => "is for another method",
                Fit::Pattern => "is for a path that looks otherwise",
                Fit::Condition => "has a condition that does not hold",
            };
            lines.push(format!("  {place}: `{}` {fit}", self.words(&path)));
        }
        for said in &self.said {
            let words = self.words(&format!("access/{}", said.rule));
            lines.push(format!(
                "  {}: `{words}` {}",
                self.rule(said.rule),
                said_text(*said)
            ));
        }
        let (status, why) = self.answer();
        lines.push(match status {
            200 => why,
            status => format!("{status}: {why}"),
        });
        lines.join("\n")
    }

    fn json(&self) -> Value {
        let (status, why) = self.answer();
        let request = self.request.as_ref().ok().map(|request| {
            json!({ "method": request.method.as_str(), "host": request.host, "path": request.path(), "query": request.query() })
        });
        let route = |(number, fit): &(usize, Fit)| {
            let path = self.route(*number);
            let fit = match fit {
                Fit::Taken => "taken",
                Fit::Method => "method",
                Fit::Pattern => "pattern",
                Fit::Condition => "condition",
            };
            json!({ "number": number, "fit": fit, "place": self.place(&path), "text": self.words(&path) })
        };
        let rule = |said: &Said| {
            let path = format!("access/{}", said.rule);
            json!({ "number": said.rule, "applies": said.applies, "holds": said.holds, "place": self.place(&path), "text": self.words(&path) })
        };
        json!({
            "request": request,
            "routes": self.looked.iter().map(route).collect::<Vec<_>>(),
            "target": self.taken().and_then(|(_, route)| self.plan.name(&route.target)),
            "rules": self.said.iter().map(rule).collect::<Vec<_>>(),
            "status": status,
            "why": why,
        })
    }
}

fn said_text(said: Said) -> &'static str {
    match (said.applies, said.holds) {
        (false, _) => "is about others",
        (true, Some(true)) => "applies",
        (true, Some(false)) => "has a condition that does not hold",
        (true, None) => "has a condition without a value",
    }
}
