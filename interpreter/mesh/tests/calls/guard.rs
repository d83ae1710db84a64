//! A name does not lead where the program does not mean, whatever DNS says; by a real DNS server.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::support;
use crate::support::{
    call,
    dns::Dns,
    failure, plain, request,
    server::{Answer, Server},
    status, with_templates,
};
use flowmesh_ir::call::Request;
use flowmesh_mesh::{Mesh, Template, Text};
use std::net::IpAddr;

fn mesh(dns: &Dns, address: Template) -> Mesh {
    let program = support::program(plain(), &[100]);
    with_templates(program, vec![vec![address]], |options| {
        options.resolver = dns.resolver();
    })
    .unwrap()
}

fn written(address: &str) -> Template {
    Template::from(address.to_owned())
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_name_never_leads_to_the_metadata_of_a_cloud() {
    for address in ["169.254.169.254", "fd00:ec2::254", "::ffff:169.254.169.254"] {
        let dns = Dns::start().await;
        dns.address("shop.test.", 60, ip(address)).await;
        let (reply, heard) = call(&mesh(&dns, written("http://shop.test")), &request()).await;
        let (error, why) = failure(&reply);
        assert_eq!(error, "Unavailable");
        assert!(
            why.contains("`shop.test` leads to nobody who may be called"),
            "{why}"
        );
        assert!(heard.iter().all(|heard| heard.endpoint.is_none()), "{heard:?}");
    }
}

#[tokio::test]
async fn the_addresses_that_may_be_called_are_called() {
    let (dns, server) = (Dns::start().await, Server::start(|_| Answer::Status(200)).await);
    dns.address("shop.test.", 60, ip("169.254.169.254")).await;
    dns.address("shop.test.", 60, server.address.ip()).await;
    let address = format!("dns://shop.test:{}", server.address.port());
    let mesh = mesh(&dns, written(&address));
    for _ in 0..6 {
        let (reply, heard) = call(&mesh, &request()).await;
        assert_eq!(status(&reply), 200);
        assert_eq!(heard[0].endpoint, Some(server.address.to_string()));
    }
}

#[tokio::test]
async fn a_host_that_a_call_chooses_does_not_lead_to_this_machine() {
    let (dns, server) = (Dns::start().await, Server::start(|_| Answer::Status(200)).await);
    dns.address("a.shop.test.", 60, server.address.ip()).await;
    let port = server.address.port();
    let chosen = Template::new(vec![
        Text::Fixed("http://".to_owned()),
        Text::Param(0),
        Text::Fixed(format!(".shop.test:{port}")),
    ]);
    let by_call = Request {
        address: vec!["a".to_owned()],
        ..request()
    };
    let (reply, _) = call(&mesh(&dns, chosen), &by_call).await;
    let (error, why) = failure(&reply);
    assert_eq!(error, "Unavailable");
    assert!(
        why.contains("is this machine, and the program does not name the host"),
        "{why}"
    );
    assert_eq!(server.requests(), 0);
    // Where the program writes the host and the call only a part of the path, it is meant.
    let path = Template::new(vec![
        Text::Fixed(format!("http://a.shop.test:{port}/")),
        Text::Param(0),
    ]);
    let (reply, _) = call(&mesh(&dns, path), &by_call).await;
    assert_eq!(status(&reply), 200);
}
