//! Connections that are not opened here: by the name that the visitor asks for they are handed on as they are.
//!
//! Nothing of what is said on them is read, so that rules with a condition allow nothing, and deny.

use super::{
    behind::Visit,
    forwarded,
    listen::Door,
    record::{Attempts, Record, micros},
    refusal::Refusal,
    rules::{Limited, Rules},
    upgrade::join,
    visit::Peer,
};
use crate::{
    call::{
        limit::enter,
        relay::{Reached, Relay},
    },
    decide::{access::Verdict, canonical::Canonical, limit::PATIENCE, proxied},
};
use flowmesh_ir::{
    access::What,
    gateway::{Gateway, Pass},
    service::Method,
};
use http::{HeaderMap, uri::PathAndQuery};
use rustls::server::Acceptor;
use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The longest that a visitor may say before the name that is asked for: one record of TLS.
const HELLO_BYTES_MAX: usize = 16 << 10;
/// What has come is looked at again after so long: it is not taken from the connection.
const LOOKS: Duration = Duration::from_millis(5);

/// The name that a visitor asks for, in lower case, without taking anything from the connection; `None` where there is none.
///
/// # Errors
/// If the connection ends, or does not begin as TLS does.
pub(super) async fn asked_for(stream: &TcpStream) -> io::Result<Option<String>> {
    let mut heard = vec![0; HELLO_BYTES_MAX];
    let mut before = 0;
    loop {
        let length = stream.peek(&mut heard).await?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if length > before {
            before = length;
            if let Some(name) = name(heard.get(..length).unwrap_or_default())? {
                return Ok(name);
            }
        }
        if length == HELLO_BYTES_MAX {
            return Err(io::ErrorKind::InvalidData.into());
        }
        tokio::time::sleep(LOOKS).await;
    }
}

/// The name in what a visitor says first, if all of that is there.
pub(crate) fn name(mut heard: &[u8]) -> io::Result<Option<Option<String>>> {
    let mut acceptor = Acceptor::default();
    while !heard.is_empty() {
        acceptor.read_tls(&mut heard)?;
        match acceptor.accept() {
            Ok(Some(accepted)) => {
                let hello = accepted.client_hello();
                return Ok(Some(hello.server_name().map(str::to_ascii_lowercase)));
            }
            Ok(None) => {}
            Err(_) => return Err(io::ErrorKind::InvalidData.into()),
        }
    }
    Ok(None)
}

/// Reads what the proxy before us says of the visitor, who is where this says; `None` where it speaks for itself.
///
/// # Errors
/// If it says nothing, or something else.
pub(super) async fn proxied(stream: &mut TcpStream) -> io::Result<Option<SocketAddr>> {
    let wrong = |why: proxied::Wrong| io::Error::new(io::ErrorKind::InvalidData, why);
    let mut fixed = [0; proxied::FIXED_BYTES];
    stream.read_exact(&mut fixed).await?;
    let fixed = proxied::fixed(&fixed).map_err(wrong)?;
    let mut rest = vec![0; fixed.rest];
    stream.read_exact(&mut rest).await?;
    fixed.visitor(&rest).map_err(wrong)
}

/// The route that takes a name: they stand in the order of their precedence.
pub(super) fn find<'g>(gateway: &'g Gateway, name: &str) -> Option<(usize, &'g Pass)> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let takes = |pass: &Pass| match pass.name.strip_prefix('*') {
        // What is left begins with a dot, before which there must be something.
        Some(end) => name.len() > end.len() && name.ends_with(end),
        None => pass.name == name,
    };
    gateway.passes.iter().enumerate().find(|(_, pass)| takes(pass))
}

/// Hands a connection on, for as long as it lives.
pub(super) async fn hand_on(
    door: &Door,
    rules: &Rules,
    (number, pass): (usize, &Pass),
    name: &str,
    (visitor, peer): (TcpStream, Peer),
) {
    let began = Instant::now();
    let mut record = Record {
        address: Some(peer.address.ip().to_canonical()),
        host: name.into(),
        protocol: "TLS",
        route: Some(number),
        ..Record::default()
    };
    if let Some(gateway) = rules.gateway() {
        record.gateway = gateway.name.clone();
    }
    let program = rules.plan.program();
    record.target = program.service(pass.service).map(|it| it.name.clone());
    let bytes = AtomicU64::new(0);
    let done = carry(door, rules, pass, name, (visitor, peer), &mut record, &bytes).await;
    record.refused = done.err().map(|refusal| refusal.why());
    record.bytes = bytes.load(Ordering::Relaxed);
    record.took_us = micros(began.elapsed());
    if let Some(log) = &door.log {
        log.visited(Arc::new(record));
    }
}

async fn carry(
    door: &Door,
    rules: &Rules,
    pass: &Pass,
    name: &str,
    (visitor, peer): (TcpStream, Peer),
    record: &mut Record,
    bytes: &AtomicU64,
) -> Result<(), Refusal> {
    let began = Instant::now();
    let mut headers = HeaderMap::new();
    let mut traced = door.traced(&mut headers);
    traced.decide(rules.plan.share(None));
    let trace = traced.context;
    record.request = trace.trace;
    record.trace = Some(trace);
    let visit = Visit {
        gateway: rules.plan.id(),
        request: Canonical::unread(name),
        params: Vec::new(),
        claims: Arc::default(),
        identity: None,
        certificate: None,
        address: forwarded::address(peer.address.ip(), &headers, 0),
        trace,
        lineage: traced.lineage,
    };
    match rules
        .plan
        .judge(What::Service(pass.service), &visit, &|_, _| None)
    {
        Verdict::Allowed(rule) => record.rule = rule,
        Verdict::Denied(rule) => {
            record.rule = rule;
            return Err(Refusal::denied(rule));
        }
    }
    let policy = pass.policy.or(rules.gateway().and_then(|gateway| gateway.policy));
    let declared = rules.plan.program().service(pass.service);
    let held = policy.or_else(|| declared.map(|service| service.policy));
    let _permit = match rules.limiter() {
        None => None,
        Some((limit, Limited { limiter, clock })) => {
            let per = limit.per.as_ref();
            let key = per.and_then(|per| rules.behind.text(per, &visit));
            let until = clock.now().saturating_add(PATIENCE);
            let priority = rules.plan.priority(held);
            let entered = enter(limiter, (&key.unwrap_or_default(), priority), *clock, until).await;
            Some(entered.map_err(Refusal::of_limit)?)
        }
    };
    let onward = held.and_then(|policy| rules.plan.onward(policy, &visit, &|_, _| None));
    let relay = Relay {
        service: pass.service,
        subset: pass.subset,
        policy,
        method: Method::Get,
        target: PathAndQuery::from_static("/"),
        host: None,
        is_rewritten: true,
        headers,
        onward: onward.unwrap_or_default(),
        revalidates: false,
        body_bytes: 0,
        trace,
    };
    let attempts = Attempts::new(began);
    let reached = rules.mesh.reach(&relay, &attempts).await;
    record.attempts = attempts.take();
    let Reached {
        stream: mut service,
        held: _held,
    } = reached.map_err(Refusal::Failed)?;
    if pass.proxied {
        let to = visitor.local_addr().unwrap_or(peer.address);
        let header = proxied::header(peer.address, to);
        let told = service.write_all(&header).await;
        told.map_err(|why| Refusal::Failed(flowmesh_ir::call::Failure::Unavailable(why.to_string())))?;
    }
    record.head_us = micros(began.elapsed());
    join(visitor, service, door.options.silence, bytes).await;
    Ok(())
}

/// Hands connections on where the gateway has routes for them.
///
/// Gives the connection back where it is to be opened here.
pub(super) async fn pass(
    door: &Arc<Door>,
    rules: &Rules,
    stream: TcpStream,
    peer: Peer,
) -> Option<(TcpStream, Peer)> {
    let gateway = rules.gateway()?;
    if gateway.passes.is_empty() {
        return Some((stream, peer));
    }
    let asked = tokio::time::timeout(door.options.handshake_time, asked_for(&stream)).await;
    let name = asked.ok()?.ok()?.unwrap_or_default();
    match find(gateway, &name) {
        Some(found) => {
            hand_on(door, rules, found, &name, (stream, peer)).await;
            None
        }
        None => Some((stream, peer)),
    }
}

#[cfg(test)]
mod tests {
    use super::find;
    use flowmesh_ir::{
        ServiceId,
        gateway::{Gateway, Pass},
    };

    /// Which of these routes, in their order, takes a name.
    fn of(routes: &[&str], name: &str) -> Option<usize> {
        let pass = |name: &&str| Pass {
            name: (*name).to_owned(),
            service: ServiceId(0),
            subset: None,
            policy: None,
            proxied: false,
        };
        let gateway = Gateway {
            passes: routes.iter().map(pass).collect(),
            ..Gateway::default()
        };
        find(&gateway, name).map(|(at, _)| at)
    }

    #[test]
    fn a_name_is_taken_by_the_route_that_names_it_or_all_below_it() {
        let routes = ["a.example.com", "*.b.example.com", "*.example.com"];
        assert_eq!(of(&routes, "a.example.com"), Some(0));
        assert_eq!(of(&routes, "a.example.com."), Some(0));
        assert_eq!(of(&routes, "x.b.example.com"), Some(1));
        assert_eq!(of(&routes, "b.example.com"), Some(2));
        assert_eq!(of(&routes, "x.y.example.com"), Some(2));
        assert_eq!(of(&routes, "example.com"), None);
        assert_eq!(of(&routes, ".example.com"), None);
        assert_eq!(of(&routes, "badexample.com"), None);
        assert_eq!(of(&routes, ""), None);
    }
}
