//! A host in this process: its store, its calls, its API, and stubs beside it where somebody wants them.

use crate::{
    draw,
    error::Error,
    exit::Exit,
    identity::TokensFile,
    keys::KeyFile,
    settings::Set,
    stub::{self, Recorder, Script, Stubs, Style},
    telemetry::TelemetryArgs,
};
use clap::Args;
use flowmesh_host::{
    DeployError, FollowError, Host, HostOptions, OpenError, Opening, Retention,
    engine::Refusal,
    server::{ConfigValues, Server, ServerError, ServerOptions},
    store::compact::Due,
};
use flowmesh_ir::{
    Code, Program,
    locality::{NoZone, Zone},
};
use flowmesh_machine::Settings;
use flowmesh_mesh::{MeshError, NameServer, NameServers, Own, Resolver};
use jiff::SignedDuration;
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::oneshot, task::JoinHandle};

/// How long calls on their way are waited for when the house closes.
const GRACE: Duration = Duration::from_secs(3);

/// What a host needs to be told.
#[derive(Args, Default)]
pub(crate) struct HouseArgs {
    /// Where runs are kept
    #[arg(long, value_name = "DIR", default_value = ".flowmesh")]
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) keys: KeyFile,
    #[command(flatten)]
    pub(crate) set: Set,
    #[command(flatten)]
    pub(crate) own: OwnArgs,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    #[command(flatten)]
    pub(crate) names: NameArgs,
    /// Compact the directory when so much of it is needed by nobody: 50%, or `never`
    #[arg(long, value_name = "PERCENT", default_value = "50%", value_parser = compact_at)]
    pub(crate) compact_at: CompactAt,
    /// Let go of runs that ended longer ago than this, such as 30d or 12h, unless their flow says `keep`; their keys are
    /// free again
    #[arg(long, value_name = "TIME", value_parser = long_ago)]
    pub(crate) keep_runs: Option<SignedDuration>,
    /// Before they go, write them to a file in this directory, as `store export` would; `store import` reads it
    #[arg(long, value_name = "DIR")]
    pub(crate) archive: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) telemetry: TelemetryArgs,
    /// Stub the program's services that are on this machine first, in this process
    #[arg(long)]
    pub(crate) stub: bool,
}

/// Who this process is in a mesh in which both sides show certificates.
#[derive(Args, Default)]
pub(crate) struct OwnArgs {
    /// The certificate that this process shows to others in the mesh, in PEM, with a SPIFFE identity
    #[arg(long, value_name = "FILE", requires_all = ["certificate_key", "authority"])]
    certificate: Option<PathBuf>,
    /// The key of the certificate
    #[arg(long, value_name = "FILE", requires = "certificate")]
    certificate_key: Option<PathBuf>,
    /// The authorities under which others in the mesh are believed
    #[arg(long, value_name = "FILE", requires = "certificate")]
    authority: Option<PathBuf>,
}

impl OwnArgs {
    /// Who it is, if anything was said.
    pub(crate) fn read(&self) -> Result<Option<Own>, Error> {
        let (Some(certificate), Some(key), Some(authority)) =
            (&self.certificate, &self.certificate_key, &self.authority)
        else {
            return Ok(None);
        };
        let own = Own::read(certificate, key, authority);
        own.map(Some).map_err(|why| Error::BadSetting {
            text: "--certificate, --certificate-key and --authority".to_owned(),
            why: why.to_string(),
            help: "`flowmesh ca issue` makes a certificate with an identity".to_owned(),
        })
    }
}

/// Where this process stands.
#[derive(Args, Default)]
pub(crate) struct PlaceArgs {
    /// The zone that this process stands in, such as eu/eu-a: of a service whose addresses have zones, the nearest are
    /// called while enough of them are well
    #[arg(long, value_name = "ZONE", env = "FLOWMESH_ZONE", value_parser = zone)]
    pub(crate) zone: Option<Zone>,
}

fn zone(text: &str) -> Result<Zone, String> {
    text.parse().map_err(|why: NoZone| why.to_string())
}

/// Of a hundred bytes of a directory, how many may be needed by nobody.
#[derive(Clone, Copy)]
pub(crate) struct CompactAt(u8);

impl Default for CompactAt {
    fn default() -> Self {
        Self(Due::default().percent)
    }
}

fn compact_at(text: &str) -> Result<CompactAt, String> {
    if text == "never" {
        return Ok(CompactAt(100));
    }
    let percent = text.strip_suffix('%').and_then(|number| number.parse().ok());
    let percent = percent.filter(|percent| (10..100).contains(percent));
    percent
        .map(CompactAt)
        .ok_or_else(|| "expected 10% to 99%, or `never`".to_owned())
}

/// How long runs are kept that have ended.
pub(crate) fn long_ago(text: &str) -> Result<SignedDuration, String> {
    let days = text.strip_suffix('d').and_then(|days| days.parse::<i64>().ok());
    let seconds = days.and_then(|days| days.checked_mul(24 * 60 * 60));
    let span = seconds.map(SignedDuration::from_secs);
    let span = span.or_else(|| text.parse().ok());
    span.filter(|span| !span.is_negative())
        .ok_or_else(|| "expected a time such as `30d` or `12h`".to_owned())
}

/// A host and what is around it.
pub(crate) struct House {
    pub(crate) host: Host,
    /// Where its API is.
    pub(crate) url: String,
    api_file: PathBuf,
    _stubs: Option<Stubs>,
    /// The server stops when this is dropped.
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

/// Where a host that works in a directory writes the URL of its API.
pub(crate) fn api_file(dir: &Path) -> PathBuf {
    dir.join("api")
}

impl House {
    /// Opens the directory, deploys the program and serves the API.
    pub(crate) async fn open(
        program: &Arc<Program>,
        args: &HouseArgs,
        mut listen: ServerOptions,
    ) -> Result<Self, Error> {
        // Who made tokens for a directory wants to be asked, whichever command works in it.
        let tokens = &mut listen.identity.tokens;
        tokens.get_or_insert_with(|| TokensFile::default().tokens(&args.dir));
        let (settings, secrets) = args.set.values(program)?;
        // Runs that are found in the directory go on at once, so what they call must be there before.
        let stubs = if args.stub {
            Some(stubs(program, &settings).await?)
        } else {
            None
        };
        let set = args.set.clone();
        let values = move |program: &Program| set.values(program).map(|(settings, _)| settings);
        listen.values = ConfigValues::new(move |program| values(program).map_err(|why| why.message()));
        let is_secure = listen.tls.is_some();
        let server = Server::bind(listen).await.map_err(|why| unheard(&why))?;
        let url = url(server.address(), is_secure);
        let resolver = resolver(&args.names)?;
        let mut options = HostOptions::placed(resolver, secrets, args.own.read()?, args.place.zone.clone());
        options.compact.percent = args.compact_at.0;
        options.retention = Some(Retention {
            keep: args.keep_runs,
            archive: args.archive.clone(),
        });
        options.traces = args.telemetry.sink()?;
        options.visits = args.telemetry.visits();
        options.keys = args.keys.ring()?;
        let host = Host::open(&args.dir, options).map_err(|why| opened(&why))?;
        let opening = host.serve(program.as_ref().clone(), settings).await;
        if let Opening::Later(later) = opening.map_err(|why| deployed(&why))? {
            let program: String = later.program.to_string().chars().take(12).collect();
            draw::say(format!(
                "new runs start with the program {program}, which {} deployed since this one was served; `flowmesh deploy` changes that",
                later.by
            ));
        }
        let api_file = api_file(&args.dir);
        // Only a convenience for `runs --dir`: nothing of a run depends on it.
        if let Err(why) = fs::write(&api_file, &url) {
            draw::say(format!(
                "`{}` cannot be written: {why}; use `--server {url}`",
                api_file.display()
            ));
        }
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async move { drop(stopped.await) };
        let server = tokio::spawn(server.serve(host.clone(), stopped));
        Ok(Self {
            host,
            url,
            api_file,
            _stubs: stubs,
            stop,
            server,
        })
    }

    /// Stops everything; runs that have not ended go on when the directory is opened again.
    pub(crate) async fn close(self) {
        drop(self.stop);
        let _ = self.server.await;
        let _ = fs::remove_file(&self.api_file);
        if let Err(why) = self.host.shutdown(GRACE).await {
            draw::say(format!("the store did not close well: {why}"));
        }
    }
}

/// Where the API is, for those on this machine.
fn url(address: SocketAddr, is_secure: bool) -> String {
    match is_secure {
        false => format!("http://{address}"),
        // No certificate is for all addresses.
        true if address.ip().is_unspecified() => format!("https://localhost:{}", address.port()),
        true => format!("https://{address}"),
    }
}

async fn stubs(program: &Arc<Program>, settings: &Settings) -> Result<Stubs, Error> {
    let doors = stub::doors(program, settings, &[])?;
    let recorder = Recorder::open(Style::People, None)?;
    let stubs = Stubs::open(Arc::clone(program), doors, Script::default(), recorder).await?;
    crate::command::announce(program, &stubs.doors);
    Ok(stubs)
}

/// Where names are looked up.
#[derive(Args, Default)]
pub(crate) struct NameArgs {
    /// Look names up at this DNS server instead of the system's: IP:PORT, tls://IP:PORT#NAME over TLS, or ZONE=IP:PORT for
    /// the names below one zone, such as consul=127.0.0.1:8600 at a Consul agent
    #[arg(long, value_name = "SERVER")]
    pub(crate) resolver: Vec<NameServer>,
    /// Look for names that are not found as they stand below this domain
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) search: Vec<String>,
    /// Believe DNS servers over TLS under the authorities of this file, and not those of the system
    #[arg(long, value_name = "FILE")]
    pub(crate) resolver_authority: Option<PathBuf>,
}

/// Names are looked up where the system says; a machine that says nothing is asked itself.
pub(crate) fn resolver(names: &NameArgs) -> Result<Arc<dyn Resolver>, Error> {
    let itself = NameServer {
        zone: None,
        address: SocketAddr::from(([127, 0, 0, 1], 53)),
        secure: None,
    };
    let authority = names.resolver_authority.as_deref();
    let mut found = NameServers::new(&names.resolver, &names.search, authority);
    if found.is_err() && names.resolver.iter().all(|server| server.zone.is_some()) {
        let servers: Vec<_> = names.resolver.iter().cloned().chain([itself]).collect();
        found = NameServers::new(&servers, &names.search, authority);
    }
    let words = |why: MeshError| below(why.code(), &why, Some(why.help()), Exit::Trouble);
    Ok(Arc::new(found.map_err(words)?))
}

pub(crate) fn unheard(why: &ServerError) -> Error {
    let exit = if matches!(why, ServerError::Remote { .. } | ServerError::Certificate(_)) {
        Exit::Usage
    } else {
        Exit::Trouble
    };
    below(why.code(), why, Some(why.help().to_owned()), exit)
}

fn opened(why: &OpenError) -> Error {
    below(why.code(), why, why.help(), Exit::Trouble)
}

fn deployed(why: &DeployError) -> Error {
    let exit = if matches!(why, DeployError::Network(_)) {
        Exit::Usage
    } else {
        Exit::Trouble
    };
    below(why.code(), why, why.help(), exit)
}

/// What the host refuses is wrong input, unless it is the host itself that has trouble.
pub(crate) fn refused(why: &Refusal) -> Error {
    let trouble = matches!(why, Refusal::Full | Refusal::Stopped { .. });
    below(
        why.code(),
        why,
        why.help(),
        if trouble { Exit::Trouble } else { Exit::Usage },
    )
}

/// Why a run cannot be followed.
pub(crate) fn unfollowed(why: &FollowError) -> Error {
    match why {
        FollowError::Refused(why) => refused(why),
        FollowError::Store(_) => below(why.code(), why, None, Exit::Trouble),
    }
}

pub(crate) fn below(code: Code, why: &dyn ToString, help: Option<String>, exit: Exit) -> Error {
    Error::Below {
        code,
        message: why.to_string(),
        help,
        exit,
    }
}
