//! Where stubs can stand: addresses of services on this machine.

use crate::{error::Error, exit::Exit};
use flowmesh_ir::{Code, Program, Value, address::is_template, expr::Expr, service::Service};
use flowmesh_machine::{Context, Settings, evaluate};
use std::{collections::BTreeMap, net::SocketAddr};

/// A place to listen, and the services that are there.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    /// Where.
    pub(crate) address: SocketAddr,
    /// Which services.
    pub(crate) services: Vec<Behind>,
}

/// A service behind a door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Behind {
    /// Its number in the program.
    pub(crate) service: usize,
    /// What every path to it begins with, often nothing: literal pieces, with something that each call fills between
    /// them.
    pub(crate) base: Vec<String>,
}

impl Behind {
    /// What of a path is behind its beginning, if it begins so.
    pub(crate) fn inner<'p>(&self, path: &'p str) -> Option<&'p str> {
        let mut pieces = self.base.iter();
        let Some(first) = pieces.next() else {
            return Some(path);
        };
        let mut rest = path.strip_prefix(first.as_str())?;
        for piece in pieces {
            let segment = rest.split('/').next().unwrap_or_default();
            let end = match piece.is_empty() || piece.starts_with('/') {
                true => segment.len(),
                false => segment.find(piece.split('/').next().unwrap_or_default())?,
            };
            let (filled, behind) = rest.split_at_checked(end)?;
            rest = behind
                .strip_prefix(piece.as_str())
                .filter(|_| !filled.is_empty())?;
        }
        Some(rest)
    }
}

/// The doors of a program's services at loopback addresses, all or only some by name.
pub(crate) fn doors(program: &Program, settings: &Settings, only: &[String]) -> Result<Vec<Door>, Error> {
    let known = |name: &String| {
        program
            .services
            .iter()
            .any(|service| service.name == name.as_str())
    };
    if let Some(name) = only.iter().find(|name| !known(name)) {
        return Err(unknown(program, name));
    }
    let mut doors: BTreeMap<SocketAddr, Vec<Behind>> = BTreeMap::new();
    let mut elsewhere = Vec::new();
    let wanted = |service: &Service| only.is_empty() || only.iter().any(|name| service.name == name.as_str());
    for (at, service) in program
        .services
        .iter()
        .enumerate()
        .filter(|(_, service)| wanted(service))
    {
        for address in service.subsets.iter().flat_map(|subset| &subset.addresses) {
            let texts = texts(program, settings, address)?;
            let Some((address, base)) = loopback(&texts) else {
                elsewhere.push(format!("`{}` is at {}", service.name, texts.join("{}")));
                continue;
            };
            let behind = Behind { service: at, base };
            let door = doors.entry(address).or_default();
            if !door.contains(&behind) {
                door.push(behind);
            }
        }
    }
    if doors.is_empty() {
        return Err(nothing(&elsewhere));
    }
    Ok(doors
        .into_iter()
        .map(|(address, services)| Door { address, services })
        .collect())
}

fn nothing(elsewhere: &[String]) -> Error {
    let none = || "the program declares no service".to_owned();
    Error::NothingToStub {
        why: if elsewhere.is_empty() {
            none()
        } else {
            elsewhere.join(", ")
        },
    }
}

/// The texts of an address, between what each call fills.
fn texts(program: &Program, settings: &Settings, address: &Expr) -> Result<Vec<String>, Error> {
    let parts = match address {
        Expr::Text(parts) if is_template(address) => parts,
        _ => return text(program, settings, address).map(|text| vec![text]),
    };
    let mut texts = vec![String::new()];
    for part in parts {
        match (part, texts.last_mut()) {
            (Expr::Slot(_), _) => texts.push(String::new()),
            (part, Some(last)) => {
                let part = Expr::Text(vec![part.clone()]);
                last.push_str(&text(program, settings, &part)?);
            }
            (_, None) => {}
        }
    }
    Ok(texts)
}

/// The text of an address.
fn text(program: &Program, settings: &Settings, address: &Expr) -> Result<String, Error> {
    let bad = |message: String| Error::Below {
        code: Code(1115),
        message,
        help: None,
        exit: Exit::Usage,
    };
    let value = evaluate(
        program,
        settings,
        address,
        &mut Vec::new(),
        &mut Context::default(),
    );
    match value {
        Ok(Value::String(text)) => Ok(text.to_string()),
        Ok(_) => Err(bad("an address is no text".to_owned())),
        Err(why) => Err(bad(format!("an address cannot be computed: {why}"))),
    }
}

fn unknown(program: &Program, name: &str) -> Error {
    let known: Vec<String> = program
        .services
        .iter()
        .map(|service| service.name.to_string())
        .collect();
    Error::BadScript {
        why: format!("unknown service `{name}`"),
        help: match flowmesh_diagnostics::nearest(name, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there is {}", crate::error::ticked(&known)),
        },
    }
}

/// `http://127.0.0.1:7002`, `http://localhost:7002`, `http://acme.localhost:7002`, `http://[::1]:7002`,
/// `dns://localhost:7002`; what a call fills may be anything.
fn loopback(texts: &[String]) -> Option<(SocketAddr, Vec<String>)> {
    let (first, others) = texts.split_first()?;
    let first = first
        .strip_prefix("http://")
        .or_else(|| first.strip_prefix("dns://"))?;
    let mut place = String::new();
    let mut base: Vec<String> = Vec::new();
    for (at, text) in std::iter::once(first)
        .chain(others.iter().map(String::as_str))
        .enumerate()
    {
        if !base.is_empty() {
            base.push(text.to_owned());
            continue;
        }
        place.push_str(if at == 0 { "" } else { "x" });
        let (before, behind) = text.split_at_checked(text.find('/').unwrap_or(text.len()))?;
        place.push_str(before);
        if !behind.is_empty() {
            base.push(behind.to_owned());
        }
    }
    if let Some(last) = base.last_mut() {
        last.truncate(last.trim_end_matches('/').len());
    }
    let place = match place.rsplit_once("localhost:") {
        Some((before, port)) if before.is_empty() || before.ends_with('.') => format!("127.0.0.1:{port}"),
        _ => place,
    };
    let place: SocketAddr = place.parse().ok()?;
    place.ip().is_loopback().then_some((place, base))
}

#[cfg(test)]
mod tests {
    use super::{Behind, loopback};

    fn door(texts: &[&str]) -> Option<(u16, Vec<String>)> {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        loopback(&texts).map(|(place, base)| (place.port(), base))
    }

    #[test]
    fn only_this_machine_has_doors() {
        assert_eq!(door(&["http://127.0.0.1:7002"]), Some((7002, Vec::new())));
        let based = Some((7002, vec!["/base".to_owned()]));
        assert_eq!(door(&["http://localhost:7002/base/"]), based);
        assert_eq!(door(&["http://[::1]:7002"]), Some((7002, Vec::new())));
        assert_eq!(door(&["http://10.0.0.1:7002"]), None);
        assert_eq!(door(&["http://127.0.0.1"]), None);
        assert_eq!(door(&["dns://payments.shop:80"]), None);
    }

    #[test]
    fn what_a_call_fills_may_be_anything() {
        assert_eq!(door(&["http://", ".localhost:7002"]), Some((7002, Vec::new())));
        assert_eq!(door(&["http://", ".example.com:7002"]), None);
        let (_, base) = door(&["http://127.0.0.1:7002/shops/", "/v1/"]).unwrap();
        let behind = Behind { service: 0, base };
        assert_eq!(behind.inner("/shops/7/v1/orders"), Some("/orders"));
        assert_eq!(behind.inner("/shops//v1/orders"), None);
        assert_eq!(behind.inner("/shops/7/8/v1/orders"), None);
    }
}
