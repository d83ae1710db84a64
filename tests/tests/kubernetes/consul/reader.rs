//! Consul's objects as its documentation reads them: the chain of discovery, and intentions.

use regex::Regex;
use serde_json::Value;
use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
};

thread_local! {
    /// Those that were met before: there are few, and to make one takes long.
    static KNOWN: RefCell<HashMap<String, Regex>> = RefCell::default();
}

/// A request, as far as routes and intentions look at it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'r> {
    pub(super) method: &'r str,
    pub(super) path: &'r str,
    pub(super) header: Option<&'r str>,
}

/// The object of a kind and name.
fn find<'o>(objects: &'o [(String, Value)], kind: &str, name: &str) -> Option<&'o Value> {
    let is = |object: &&Value| object["kind"] == kind && object["metadata"]["name"] == name;
    objects
        .iter()
        .map(|(_, object)| object)
        .find(is)
        .map(|object| &object["spec"])
}

/// Elements of a list that may be missing.
fn each(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// Whether a request fits what a router or an intention asks of it: all that is asked for must be there.
fn fits(http: &Value, request: Request<'_>) -> bool {
    let path = match (
        http["pathExact"].as_str(),
        http["pathPrefix"].as_str(),
        http["pathRegex"].as_str(),
    ) {
        (None, None, None) => true,
        (Some(exact), None, None) => request.path == exact,
        (None, Some(prefix), None) => request.path.starts_with(prefix),
        (None, None, Some(regex)) => KNOWN.with_borrow_mut(|known| {
            let made = || Regex::new(&format!("^(?:{regex})$")).expect("it is a regular expression");
            known
                .entry(regex.to_owned())
                .or_insert_with(made)
                .is_match(request.path)
        }),
        _ => panic!("Consul takes one of them: {http}"),
    };
    let mut methods = each(&http["methods"]).peekable();
    let header = |wanted: &Value| {
        assert_eq!(wanted["name"], "x");
        request.header.is_some_and(|header| wanted["exact"] == header)
    };
    assert!(http["queryParam"].is_null(), "no request here has a query");
    path && (methods.peek().is_none() || methods.any(|method| *method == request.method))
        && each(&http["header"]).all(header)
}

/// Where a request for a service goes, how much of it, and what holds for it: the router first, and of its routes the first
/// that fits.
pub(super) fn led(
    objects: &[(String, Value)],
    service: &str,
    request: Request<'_>,
) -> (BTreeMap<String, f64>, Value) {
    let router = find(objects, "ServiceRouter", service);
    let routes = router.map(|spec| &spec["routes"]).into_iter().flat_map(each);
    let mut taken = routes.filter(|route| fits(&route["match"]["http"], request));
    let destination = taken
        .next()
        .map_or(Value::Null, |route| route["destination"].clone());
    let to = destination["service"].as_str().unwrap_or(service).to_owned();
    let mut backends = BTreeMap::new();
    split(objects, &to, 100.0, &mut backends);
    (backends, destination)
}

/// A splitter splits what comes to its service; what it leads to itself is split no more.
fn split(objects: &[(String, Value)], service: &str, share: f64, found: &mut BTreeMap<String, f64>) {
    let Some(splitter) = find(objects, "ServiceSplitter", service) else {
        *found.entry(resolve(objects, service)).or_default() += share;
        return;
    };
    for part in each(&splitter["splits"]) {
        let to = part["service"].as_str().unwrap_or(service);
        let share = share * part["weight"].as_f64().expect("a split has a weight") / 100.0;
        if to == service {
            *found.entry(resolve(objects, to)).or_default() += share;
        } else {
            split(objects, to, share, found);
        }
    }
}

/// A resolver may mean another service.
fn resolve(objects: &[(String, Value)], service: &str) -> String {
    let resolver = find(objects, "ServiceResolver", service);
    let other = resolver.and_then(|spec| spec["redirect"]["service"].as_str());
    other.unwrap_or(service).to_owned()
}

/// Whether somebody may make a request of a service: the source with their name before `*`, and of its permissions the first
/// that fits; what fits none is what the installation says.
pub(super) fn may(
    objects: &[(String, Value)],
    service: &str,
    caller: &str,
    request: Request<'_>,
    installation: bool,
) -> bool {
    may_with(objects, service, (caller, None), request, installation)
}

/// The same with what a token says. Of permissions the first that fits the request is the one, whatever its token must say,
/// and where the installation lets in whom no intention names, one that allows asks for no token at all.
pub(super) fn may_with(
    objects: &[(String, Value)],
    service: &str,
    (caller, token): (&str, Option<&Value>),
    request: Request<'_>,
    installation: bool,
) -> bool {
    let Some(intentions) = find(objects, "ServiceIntentions", service) else {
        return installation;
    };
    assert_eq!(intentions["destination"]["name"], service);
    let of = |name: &str| each(&intentions["sources"]).find(|source| source["name"] == name);
    let Some(source) = of(caller).or_else(|| of("*")) else {
        return installation;
    };
    if let Some(action) = source["action"].as_str() {
        return action == "allow";
    }
    let mut permissions = each(&source["permissions"]);
    let first = permissions.find(|permission| fits(&permission["http"], request));
    first.map_or(installation, |permission| match permission["action"].as_str() {
        Some("allow") => installation || asked(objects, &permission["jwt"], token),
        _ => {
            assert!(permission["jwt"].is_null(), "a denial asks for no token");
            false
        }
    })
}

/// Whether a gateway lets a visitor to a rule: what its listener asks for, else what the rule does, else what holds where no
/// rule asks.
pub(super) fn passes(
    objects: &[(String, Value)],
    (gateway, listener): (&str, &str),
    rule: &Value,
    token: Option<&Value>,
) -> bool {
    let of_it = |object: &&Value| {
        let target = &object["spec"]["targetRef"];
        object["kind"] == "GatewayPolicy" && target["name"] == gateway && target["sectionName"] == listener
    };
    let policy = objects.iter().map(|(_, object)| object).find(of_it);
    let policy = policy.map_or(&Value::Null, |policy| &policy["spec"]);
    let filters = each(&rule["filters"]).map(|filter| &filter["extensionRef"]);
    let mut filters = filters.filter(|filter| filter["kind"] == "RouteAuthFilter");
    let own = filters.next().map(|filter| {
        let name = filter["name"].as_str().expect("a filter has a name");
        find(objects, "RouteAuthFilter", name).expect("the filter is there")
    });
    let own = own.unwrap_or(&Value::Null);
    let all = [&policy["override"]["jwt"], &own["jwt"], &policy["default"]["jwt"]];
    let first = all.into_iter().find(|jwt| !jwt.is_null());
    asked(objects, first.unwrap_or(&Value::Null), token)
}

/// Whether a token is what is asked for: one of the providers, and all claims of it, each a text or in a list.
fn asked(objects: &[(String, Value)], jwt: &Value, token: Option<&Value>) -> bool {
    let provider = |provider: &Value| {
        let name = provider["name"].as_str().expect("a provider has a name");
        find(objects, "JWTProvider", name).expect("the provider is there");
        let claim = |claim: &Value| {
            let mut path = each(&claim["path"]).filter_map(Value::as_str);
            let found = token.and_then(|token| path.try_fold(token, |token, part| token.get(part)));
            let is = |found: &Value| found.is_string() && *found == claim["value"];
            found.is_some_and(|found| is(found) || each(found).any(is))
        };
        token.is_some() && each(&provider["verifyClaims"]).all(claim)
    };
    jwt.is_null() || each(&jwt["providers"]).any(provider)
}

/// What an instance counts a request with, and how much of that it lets through in a second and at once: the first of the
/// routes that fits, else the service.
pub(super) fn rate(
    objects: &[(String, Value)],
    service: &str,
    path: &str,
) -> Option<(Option<usize>, (u64, u64))> {
    let level = &find(objects, "ServiceDefaults", service)?["rateLimits"]["instanceLevel"];
    let request = Request {
        method: "",
        path,
        header: None,
    };
    let mut routes = each(&level["routes"]).enumerate();
    let first = routes.find(|(_, route)| fits(route, request));
    let (place, says) = match first {
        Some((number, route)) => (Some(number), route),
        None => (None, level),
    };
    let rate = says["requestsPerSecond"].as_u64()?;
    Some((place, (rate, says["requestsMaxBurst"].as_u64().unwrap_or(rate))))
}
