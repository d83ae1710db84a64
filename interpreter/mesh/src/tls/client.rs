//! Safe connections to services.

use super::{
    CertificateError,
    files::{Kept, chain, key, roots},
    peer::ByIdentity,
    provider,
};
use flowmesh_ir::traffic::Tls;
use rustls::{ClientConfig, client::WebPkiServerVerifier, pki_types::ServerName};
use rustls_platform_verifier::BuilderVerifierExt;
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
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
    kept: Kept<Configs>,
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
        let files = [&settings.authority, &settings.certificate, &settings.key];
        let files = files.into_iter().flatten().map(PathBuf::from).collect();
        let kept = Kept::new(files, || read(&settings))?;
        Ok(Self { settings, kept })
    }

    /// Makes a connection safe. `host` is whom the address names.
    pub(crate) async fn secure(
        &self,
        stream: TcpStream,
        host: &str,
        version: Version,
    ) -> io::Result<TlsStream<TcpStream>> {
        let configs = self.kept.get(|| read(&self.settings));
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
    let authority = settings.authority.as_ref().map(Path::new);
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|why| CertificateError::unfit(why.to_string()))?;
    let builder = match (&settings.identity, authority) {
        (Some(identity), Some(authority)) => {
            let believed = ByIdentity::new(identity, chain(authority)?)?;
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(believed))
        }
        (Some(_), None) => {
            return Err(CertificateError::unfit(
                "an `identity` is believed under an `authority`, and none is named",
            ));
        }
        (None, Some(authority)) => {
            let roots = Arc::new(roots(authority)?);
            let believed = WebPkiServerVerifier::builder_with_provider(roots, provider()).build();
            builder.with_webpki_verifier(believed.map_err(|why| CertificateError::unfit(why.to_string()))?)
        }
        (None, None) => builder
            .with_platform_verifier()
            .map_err(|why| CertificateError::unfit(why.to_string()))?,
    };
    let mut one = match (settings.mutual, &settings.certificate, &settings.key) {
        (false, ..) => builder.with_no_client_auth(),
        (true, Some(certificate), Some(secret)) => builder
            .with_client_auth_cert(chain(Path::new(certificate))?, key(Path::new(secret))?)
            .map_err(|why| CertificateError::unfit(why.to_string()))?,
        (true, ..) => {
            return Err(CertificateError::unfit(
                "`mutual` shows a certificate, and `certificate` and `key` do not name both",
            ));
        }
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
