//! `flowmesh serve FILE`: a host for as long as it is wanted.

pub(super) mod doors;

use crate::{
    draw,
    error::Error,
    exit::Exit,
    house::{House, HouseArgs, refused},
    identity::IdentityArgs,
    program, runtime,
    telemetry::DrainArgs,
};
use clap::Args;
use flowmesh_host::server::{self, AuditOptions, CertificateFiles, ServerOptions};
use flowmesh_ir::{Program, print};
use http::Uri;
use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// Serve a program's flows over HTTP and finish the runs that are open
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh serve shop.flow
  flowmesh serve shop.json --dir /var/lib/shop --set payments_url=http://payments:8080
  flowmesh serve shop.flow --stub --listen 127.0.0.1:8800
  flowmesh serve shop.flow --listen 0.0.0.0:7700 --tokens /etc/shop/tokens.json
  flowmesh serve shop.flow --listen 0.0.0.0:7700 --oidc-issuer https://id.example.com --oidc-audience flowmesh
  flowmesh serve shop.flow --listen 0.0.0.0:7700 --tls-cert server.pem --tls-key server.key
  flowmesh serve shop.flow --listen 0.0.0.0:7700 --tokens /etc/shop/tokens.json --url https://runs.example.com
  flowmesh serve shop.flow --health 0.0.0.0:7701 --drain 5s
  flowmesh serve shop.flow --access-log -
  flowmesh serve --openapi > openapi.json

The gateways of the program listen where it says, and change when another program is deployed.

It listens on other addresses than those of this machine only if everybody is asked who they are: with
API tokens (see `flowmesh token`), or with the tokens of an OpenID provider.

Its schedules are carried out as long as it runs; see `flowmesh schedules`.")]
pub(crate) struct Serve {
    /// The program, `.flow` or compiled `.json`
    #[arg(required_unless_present = "openapi")]
    file: Option<PathBuf>,
    #[command(flatten)]
    house: HouseArgs,
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7700")]
    listen: SocketAddr,
    /// What others call the API by, where that is not where it listens: visitors of gateways are told so where to look for
    /// the runs that they began
    #[arg(long, value_name = "URL", value_parser = called_by)]
    url: Option<String>,
    #[command(flatten)]
    identity: IdentityArgs,
    /// Speak TLS, and show the certificate in this file, in PEM, with those that lead to its authority behind it; read again
    /// when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key of that certificate, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Let others than this machine in although nobody is asked who they are
    #[arg(long)]
    allow_remote: bool,
    /// Keep who did what in this file; else in `audit.jsonl` of the directory
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,
    /// Say at this address whether the server is alive (/healthz) and ready (/readyz), and how it does
    /// (/metrics, for Prometheus); nobody is asked who they are there
    #[arg(long, value_name = "ADDRESS")]
    health: Option<SocketAddr>,
    #[command(flatten)]
    drain: DrainArgs,
    /// Write a line of JSON for each visit of a gateway to this file, behind what is there; `-` is standard output
    #[arg(long, value_name = "FILE")]
    access_log: Option<PathBuf>,
    /// Print the description of the API, OpenAPI 3.1, and end
    #[arg(long)]
    openapi: bool,
}

impl Serve {
    fn tls(&self) -> Option<CertificateFiles> {
        let (certificate, key) = self.tls_cert.clone().zip(self.tls_key.clone())?;
        Some(CertificateFiles { certificate, key })
    }

    /// Serves until interrupted.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let Some(file) = self.file.as_ref().filter(|_| !self.openapi) else {
            draw::answer_json(&server::openapi());
            return Ok(Exit::Ok);
        };
        let program = Arc::new(program::load(file, false)?);
        runtime::block_on(async {
            let mut options = ServerOptions::new(self.listen);
            options.allow_remote = self.allow_remote;
            options.tls = self.tls();
            options.identity = self.identity.identity(&self.house.dir)?;
            (options.health, options.drain) = (self.health, self.drain.drain);
            let audit = self.audit.clone();
            let audit = audit.unwrap_or_else(|| self.house.dir.join("audit.jsonl"));
            options.audit = Some(AuditOptions::new(audit));
            let opened = Arc::new(AtomicBool::new(false));
            options.gateways = opened.clone();
            let asks = options.identity.asks();
            let house = House::open(&program, &self.house, options).await?;
            let kept = house.host.keep_schedules().await;
            kept.map_err(|why| refused(&why))?;
            let visits = doors::open(&house, self.access_log.as_deref(), self.url.as_deref()).await;
            let doors = match visits {
                Ok(doors) => doors,
                Err(why) => {
                    house.close().await;
                    return Err(why);
                }
            };
            opened.store(true, Ordering::Relaxed);
            announce(&program, &house);
            doors::announce(&program, &doors);
            if !asks {
                draw::say("nobody is asked who they are; `flowmesh token create` changes that");
            }
            let ended = tokio::select! {
                () = runtime::interrupted() => {
                    draw::say("stopping; runs that have not ended go on with the next start");
                    Ok(Exit::Ok)
                }
                why = house.host.stopped() => {
                    draw::say(format!("the host has stopped: {why}"));
                    Ok(Exit::Trouble)
                }
            };
            // Those who visit are answered before what answers them goes.
            doors.close().await;
            house.close().await;
            ended
        })
    }
}

/// A URL below which the routes of the API are.
fn called_by(text: &str) -> Result<String, String> {
    let wrong = || format!("expected a URL such as `https://runs.example.com`, found `{text}`");
    let url: Uri = text.parse().map_err(|_| wrong())?;
    let is_http = matches!(url.scheme_str(), Some("http" | "https"));
    // What is behind `#` is no part of what is parsed, and a password is not for visitors.
    let is_alone = url.query().is_none() && !text.contains(['#', '@']);
    let is_place = is_http && url.authority().is_some() && is_alone;
    match is_place {
        true => Ok(text.trim_end_matches('/').to_owned()),
        false => Err(wrong()),
    }
}

fn announce(program: &Program, house: &House) {
    let url = &house.url;
    draw::say(format!("serving {} at {url}", program.name));
    let open = house.host.recovered().runs;
    if open > 0 {
        draw::say(format!("{open} runs that had not ended go on"));
    }
    for schedule in &program.schedules {
        draw::say(format!(
            "  {} is due by {}",
            schedule.name,
            print::when(&schedule.when)
        ));
    }
    for flow in &program.flows {
        draw::say(format!("  POST {url}/v1/flows/{}/runs", flow.name));
    }
    for (route, what) in [
        ("GET  /v1/runs", "all runs"),
        ("GET  /v1/runs/ID", "one run"),
        (
            "GET  /v1/runs/ID/events",
            "what happens to it, as server-sent events",
        ),
        ("POST /v1/runs/ID/signals/NAME", "tell it something"),
        ("GET  /v1/runs/ID/views/NAME", "read one of its views"),
        ("POST /v1/events/NAME", "tell an event to all who wait for it"),
        ("GET  /v1/schedules", "all schedules and their next times"),
        ("POST /v1/queues/NAME/lease", "pull a task, as a worker"),
        ("POST /v1/runs/ID/cancel", "stop it; what it did is undone"),
    ] {
        draw::say(format!("  {route:<31} {what}"));
    }
}

#[cfg(test)]
mod tests {
    use super::called_by;

    #[test]
    fn a_url_has_a_host_and_no_question() {
        assert_eq!(
            called_by("https://runs.example.com/"),
            Ok("https://runs.example.com".to_owned())
        );
        assert_eq!(
            called_by("http://shop.team-a:7700/api"),
            Ok("http://shop.team-a:7700/api".to_owned())
        );
        for wrong in [
            "",
            "runs.example.com",
            "ftp://runs",
            "http://",
            "https://runs?x=1",
            "https://runs/#a",
            "https://a:b@runs",
            "/v1",
        ] {
            assert!(called_by(wrong).is_err(), "{wrong}");
        }
    }
}
