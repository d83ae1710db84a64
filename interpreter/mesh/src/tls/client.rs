//! Safe connections to services.

use super::{
    CertificateError,
    files::{chain, key, roots},
    peer::ByIdentity,
    provider,
    workload::{Svid, Workload},
};
use crate::kept::Kept;
use flowmesh_ir::traffic::Tls;
use rustls::{
    ClientConfig,
    client::WebPkiServerVerifier,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName},
};
use rustls_platform_verifier::BuilderVerifierExt;
use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

/// Which version of HTTP a connection is for: it is agreed on in the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// HTTP/1.1.
    One,
    /// HTTP/2.
    Two,
}

/// How connections to a service are made safe.
pub(crate) struct ClientTls {
    settings: Tls,
    source: Source,
}

/// Where certificates come from.
enum Source {
    Files(Kept<Configs>),
    /// What was made of the last certificate of the agent.
    Agent(Arc<Workload>, Mutex<Option<(Arc<Svid>, Configs)>>),
}

/// Whom we believe, and what we show.
struct Material {
    authorities: Option<Vec<CertificateDer<'static>>>,
    own: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
}

/// Which connections to a service are made safe, and how.
#[derive(Clone, Default)]
pub(crate) struct Safety {
    /// INVARIANT: there where an address of the service begins with `https://`, or the service says how.
    tls: Option<Arc<ClientTls>>,
    /// Whether all are, whatever their addresses begin with.
    always: bool,
}

#[derive(Clone)]
struct Configs {
    one: Arc<ClientConfig>,
    two: Arc<ClientConfig>,
}

impl Safety {
    /// As the service says it, and for addresses with `https://` in any case, if there are `some`.
    pub(crate) fn new(said: Option<&Tls>, some: bool, directory: &Path) -> Result<Self, CertificateError> {
        let default = Tls::default();
        let settings = said.or(some.then_some(&default));
        let tls = settings.map(|settings| ClientTls::new(settings, directory).map(Arc::new));
        Ok(Self {
            tls: tls.transpose()?,
            always: said.is_some(),
        })
    }

    /// How connections to an address are made safe, if they are.
    pub(crate) fn of(&self, secure: bool) -> Option<Arc<ClientTls>> {
        self.tls.clone().filter(|_| secure || self.always)
    }
}

impl ClientTls {
    /// As the settings say; their files are in `directory` where they name no other place.
    pub(crate) fn new(settings: &Tls, directory: &Path) -> Result<Self, CertificateError> {
        let place = |file: &Option<String>| {
            let file = file.as_ref()?;
            directory.join(file).to_str().map(str::to_owned)
        };
        let settings = Tls {
            authority: place(&settings.authority),
            certificate: place(&settings.certificate),
            key: place(&settings.key),
            ..settings.clone()
        };
        let source = match &settings.workload {
            Some(workload) => Source::Agent(Workload::of(workload.socket())?, Mutex::default()),
            None => {
                let files = [&settings.authority, &settings.certificate, &settings.key];
                let files = files.into_iter().flatten().map(PathBuf::from).collect();
                Source::Files(Kept::new(files, || read(&settings))?)
            }
        };
        Ok(Self { settings, source })
    }

    async fn configs(&self) -> Result<Configs, CertificateError> {
        let (workload, made) = match &self.source {
            Source::Files(kept) => return Ok(kept.get(|| read(&self.settings))),
            Source::Agent(workload, made) => (workload, made),
        };
        let svid = workload.svid().await?;
        let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, configs)) = made.as_ref()
            && Arc::ptr_eq(known, &svid)
        {
            return Ok(configs.clone());
        }
        let configs = of_svid(&self.settings, &svid)?;
        *made = Some((svid, configs.clone()));
        Ok(configs)
    }

    /// Makes a connection safe. `host` is whom the address names.
    pub(crate) async fn secure(
        &self,
        stream: TcpStream,
        host: &str,
        version: Version,
    ) -> io::Result<TlsStream<TcpStream>> {
        let configs = self.configs().await.map_err(io::Error::other)?;
        let name = self
            .settings
            .name
            .as_deref()
            .unwrap_or_else(|| without_port(host));
        let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
        let config = match version {
            Version::One => configs.one,
            Version::Two => configs.two,
        };
        TlsConnector::from(config).connect(name, stream).await
    }
}

/// How others are believed: under the authorities of a file, or those that the system trusts. For connections that agree on
/// no protocol.
pub(crate) fn believing(authority: Option<&Path>) -> Result<ClientConfig, CertificateError> {
    let authority = authority.map(|file| file.to_string_lossy().into_owned());
    let read = read(&Tls {
        authority,
        ..Tls::default()
    })?;
    let mut config = ClientConfig::clone(&read.one);
    config.alpn_protocols.clear();
    Ok(config)
}

fn read(settings: &Tls) -> Result<Configs, CertificateError> {
    let authorities = settings.authority.as_ref().map(Path::new).map(chain);
    let own = match (settings.mutual, &settings.certificate, &settings.key) {
        (false, ..) => None,
        (true, Some(certificate), Some(secret)) => {
            Some((chain(Path::new(certificate))?, key(Path::new(secret))?))
        }
        (true, ..) => {
            return Err(CertificateError::unfit(
                "`mutual` shows a certificate, and `certificate` and `key` do not name both",
            ));
        }
    };
    let material = Material {
        authorities: authorities.transpose()?,
        own,
    };
    make(settings, material)
}

/// What the agent gives; an `authority` that is named goes before those that the agent believes.
fn of_svid(settings: &Tls, svid: &Svid) -> Result<Configs, CertificateError> {
    let named = settings
        .authority
        .as_ref()
        .map(Path::new)
        .map(chain)
        .transpose()?;
    let own = settings
        .mutual
        .then(|| (svid.chain.clone(), svid.key.clone_key()));
    let material = Material {
        authorities: Some(named.unwrap_or_else(|| svid.authorities.clone())),
        own,
    };
    make(settings, material)
}

fn make(settings: &Tls, material: Material) -> Result<Configs, CertificateError> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|why| CertificateError::unfit(why.to_string()))?;
    let builder = match (&settings.identity, material.authorities) {
        (Some(identity), Some(authorities)) => {
            let believed = ByIdentity::new(identity, authorities)?;
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(believed))
        }
        (Some(_), None) => {
            return Err(CertificateError::unfit(
                "an `identity` is believed under an `authority`, and none is named",
            ));
        }
        (None, Some(authorities)) => {
            let roots = Arc::new(roots(authorities)?);
            let believed = WebPkiServerVerifier::builder_with_provider(roots, provider()).build();
            builder.with_webpki_verifier(believed.map_err(|why| CertificateError::unfit(why.to_string()))?)
        }
        (None, None) => builder
            .with_platform_verifier()
            .map_err(|why| CertificateError::unfit(why.to_string()))?,
    };
    let mut one = match material.own {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => builder
            .with_client_auth_cert(chain, key)
            .map_err(|why| CertificateError::unfit(why.to_string()))?,
    };
    let mut two = one.clone();
    one.alpn_protocols = vec![b"http/1.1".to_vec()];
    two.alpn_protocols = vec![b"h2".to_vec()];
    Ok(Configs {
        one: Arc::new(one),
        two: Arc::new(two),
    })
}

/// The host without its port, an address of IPv6 without its brackets.
fn without_port(host: &str) -> &str {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    host.split(':').next().unwrap_or_default()
}
