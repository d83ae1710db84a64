//! Where stubs can stand: addresses of services on this machine.

use crate::{error::Error, exit::Exit};
use flowmesh_ir::{Code, Program, Value, expr::Expr, service::Service};
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
    /// What every path to it begins with; often nothing.
    pub(crate) base: String,
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
            let text = text(program, settings, address)?;
            let Some((address, base)) = loopback(&text) else {
                elsewhere.push(format!("`{}` is at {text}", service.name));
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

/// `http://127.0.0.1:7002`, `http://localhost:7002`, `http://[::1]:7002`, `dns://localhost:7002`
fn loopback(address: &str) -> Option<(SocketAddr, String)> {
    let rest = address
        .strip_prefix("http://")
        .or_else(|| address.strip_prefix("dns://"))?;
    let (place, base) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len()))?;
    let place = match place.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => place.to_owned(),
    };
    let place: SocketAddr = place.parse().ok()?;
    place
        .ip()
        .is_loopback()
        .then(|| (place, base.trim_end_matches('/').to_owned()))
}

#[cfg(test)]
mod tests {
    use super::loopback;

    #[test]
    fn only_this_machine_has_doors() {
        let door = |address: &str| loopback(address).map(|(place, base)| (place.port(), base));
        assert_eq!(door("http://127.0.0.1:7002"), Some((7002, String::new())));
        assert_eq!(
            door("http://localhost:7002/base/"),
            Some((7002, "/base".to_owned()))
        );
        assert_eq!(door("http://[::1]:7002"), Some((7002, String::new())));
        assert_eq!(door("http://10.0.0.1:7002"), None);
        assert_eq!(door("http://127.0.0.1"), None);
        assert_eq!(door("dns://payments.shop:80"), None);
    }
}
