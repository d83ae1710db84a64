//! What every reconciliation can reach.

use crate::{
    cluster::Cluster,
    elect::Terms,
    server::{Server, encode},
    standing::Standing,
};
use kube::Client;
use std::{collections::BTreeSet, net::SocketAddr, sync::Arc, time::Duration};

/// How the operator works.
#[derive(Clone, Debug)]
pub struct Options {
    /// The only namespace that is looked at; all where nothing is said.
    pub watch: Option<String>,
    /// Namespaces into which programs of other ones may put objects of a mesh.
    pub into: BTreeSet<String>,
    /// Where the API of a program's server is, with `{name}` and `{namespace}`.
    pub server: String,
    /// Where it is measured.
    pub server_health: String,
    /// Where the operator says how it is; nowhere where nothing is said.
    pub health: Option<SocketAddr>,
    /// How often everything is looked at again.
    pub resync: Duration,
    /// How soon what went wrong is tried again.
    pub retry: Duration,
    /// How it is found out who works.
    pub terms: Terms,
}

impl Options {
    /// Servers as `--to kubernetes` makes them; all is looked at every half a minute.
    #[must_use]
    pub fn new(terms: Terms) -> Self {
        Self {
            watch: None,
            into: BTreeSet::new(),
            server: "http://{name}.{namespace}.svc:7700".to_owned(),
            server_health: "http://{name}.{namespace}.svc:7701".to_owned(),
            health: None,
            resync: Duration::from_secs(30),
            retry: Duration::from_secs(5),
            terms,
        }
    }
}

/// What every reconciliation can reach.
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) cluster: Cluster,
    pub(crate) standing: Arc<Standing>,
    pub(crate) options: Options,
}

impl Context {
    pub(crate) fn new(client: Client, options: Options, standing: Arc<Standing>) -> Self {
        Self {
            cluster: Cluster::new(client.clone(), standing.clone()),
            standing,
            client,
            options,
        }
    }

    /// The server of a program.
    pub(crate) fn server(&self, namespace: &str, name: &str, token: Option<String>) -> Server {
        // What a status says of the name may be written by others than us.
        let (name, namespace) = (encode(name), encode(namespace));
        let fill = |template: &str| {
            template
                .replace("{name}", &name)
                .replace("{namespace}", &namespace)
        };
        let (api, health) = (fill(&self.options.server), fill(&self.options.server_health));
        Server::new(api, health, token, self.standing.clone())
    }
}
