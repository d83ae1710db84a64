//! The gateways of the program that is served.

use crate::{
    draw,
    error::Error,
    exit::Exit,
    house::{House, below},
};
use flowmesh_host::gateways::{AccessLog, GatewayError, Gateways, GatewaysOptions};
use flowmesh_ir::{Program, gateway::Gateway};
use flowmesh_mesh::{
    gateway::{GatewayOptions, Log},
    identity::Https,
};
use std::{
    fs::OpenOptions,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Opens them. `url` is what visitors call the API by, where that is not where it listens.
pub(super) async fn open(house: &House, log: Option<&Path>, url: Option<&str>) -> Result<Gateways, Error> {
    let api = url.unwrap_or(&house.url).to_owned();
    let opened = Gateways::open(&house.host, options(log, api)?).await;
    opened.map_err(|why| unopened(&why))
}

/// What they need to be told; `api` is where visitors look for runs.
pub(crate) fn options(log: Option<&Path>, api: String) -> Result<GatewaysOptions, Error> {
    let fetch = Https::new().map_err(|why| Error::BadSetting {
        text: "the certificates that this system trusts".to_owned(),
        why,
        help: "install the certificates of the system (on Debian: `ca-certificates`)".to_owned(),
    })?;
    Ok(GatewaysOptions {
        limits: GatewayOptions::default(),
        log: log.map(access_log).transpose()?,
        fetch: Arc::new(fetch),
        api,
        directory: PathBuf::new(),
    })
}

/// Why they cannot be opened.
pub(crate) fn unopened(why: &GatewayError) -> Error {
    below(why.code(), why, Some(why.help().to_owned()), Exit::Usage)
}

fn access_log(path: &Path) -> Result<Arc<dyn Log>, Error> {
    let unwritable = |why: io::Error| Error::BadSetting {
        text: format!("--access-log {}", path.display()),
        why: why.to_string(),
        help: "name a file that can be written, or `-` for standard output".to_owned(),
    };
    if path == Path::new("-") {
        return Ok(Arc::new(AccessLog::new(io::stdout()).map_err(unwritable)?));
    }
    let file = OpenOptions::new().append(true).create(true).open(path);
    let log = file.and_then(AccessLog::new).map_err(unwritable)?;
    Ok(Arc::new(log))
}

/// Says where they listen.
pub(crate) fn announce(program: &Program, gateways: &Gateways) {
    for (name, addresses) in gateways.addresses() {
        let declared = program.gateways.iter().find(|gateway| gateway.name == name);
        let routes = declared.map_or(0, |gateway| gateway.routes.len());
        for address in addresses {
            draw::say(format!(
                "  gateway {name} at {}{address}, {routes} routes",
                scheme(declared)
            ));
        }
    }
}

fn scheme(gateway: Option<&Gateway>) -> &'static str {
    match gateway.is_some_and(|gateway| gateway.tls.is_some()) {
        true => "",
        false => "http://",
    }
}
