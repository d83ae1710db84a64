//! Where stubs can stand: addresses of services on this machine.

use crate::{error::Error, exit::Exit};
use flowmesh_ir::{Code, Program, Value, expr::Expr};
use flowmesh_machine::{Context, Settings, evaluate};
use std::{collections::BTreeMap, net::SocketAddr};

/// A place to listen, and the services (by number) that are there.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    /// Where.
    pub(crate) address: SocketAddr,
    /// Which services.
    pub(crate) services: Vec<usize>,
}

/// The doors of a program's services at loopback addresses, all or only some by name.
pub(crate) fn doors(program: &Program, settings: &Settings, only: &[String]) -> Result<Vec<Door>, Error> {
    for name in only {
        if !program
            .services
            .iter()
            .any(|service| service.name == name.as_str())
        {
            return Err(unknown(program, name));
        }
    }
    let mut doors: BTreeMap<SocketAddr, Vec<usize>> = BTreeMap::new();
    let mut elsewhere = Vec::new();
    for (at, service) in program.services.iter().enumerate() {
        if !only.is_empty() && !only.iter().any(|name| service.name == name.as_str()) {
            continue;
        }
        for address in service.subsets.iter().flat_map(|subset| &subset.addresses) {
            let text = text(program, settings, address)?;
            match loopback(&text) {
                Some(address) => doors.entry(address).or_default().push(at),
                None => elsewhere.push(format!("`{}` is at {text}", service.name)),
            }
        }
    }
    if doors.is_empty() {
        let none = || "the program declares no service".to_owned();
        return Err(Error::NothingToStub {
            why: if elsewhere.is_empty() {
                none()
            } else {
                elsewhere.join(", ")
            },
        });
    }
    for services in doors.values_mut() {
        services.dedup();
    }
    Ok(doors
        .into_iter()
        .map(|(address, services)| Door { address, services })
        .collect())
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
fn loopback(address: &str) -> Option<SocketAddr> {
    let place = address
        .strip_prefix("http://")
        .or_else(|| address.strip_prefix("dns://"))?;
    let place = place.split('/').next()?;
    let place = place
        .strip_prefix("localhost:")
        .map_or_else(|| place.to_owned(), |port| format!("127.0.0.1:{port}"));
    place
        .parse()
        .ok()
        .filter(|address: &SocketAddr| address.ip().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::loopback;

    #[test]
    fn only_this_machine_has_doors() {
        assert_eq!(loopback("http://127.0.0.1:7002").map(|a| a.port()), Some(7002));
        assert_eq!(
            loopback("http://localhost:7002/base").map(|a| a.port()),
            Some(7002)
        );
        assert_eq!(loopback("http://[::1]:7002").map(|a| a.port()), Some(7002));
        assert_eq!(loopback("http://10.0.0.1:7002"), None);
        assert_eq!(loopback("http://127.0.0.1"), None);
        assert_eq!(loopback("dns://payments.shop:80"), None);
    }
}
