//! What can go wrong while something is done.

use thiserror::Error;

/// Why something was not done. All of it is tried again.
#[derive(Debug, Error)]
pub enum Error {
    /// The cluster refused, or was not there.
    #[error("the cluster: {}", causes(.0.as_ref()))]
    Cluster(#[from] Box<kube::Error>),
    /// The cluster does not know a kind.
    #[error("the cluster has no `{kind}` of `{version}`: is what defines it installed?")]
    NoKind {
        /// The version.
        version: String,
        /// The kind.
        kind: String,
    },
    /// An object is not what the cluster says it is.
    #[error("an object cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// An object lacks what every object has.
    #[error("an object has no {0}")]
    Incomplete(&'static str),
    /// A program took too long, or its compiler broke.
    #[error("the program was not compiled: {0}")]
    Compiler(String),
    /// A name that no object of a cluster has.
    #[error("`{0}` is no name of an object")]
    BadName(String),
    /// The lease is lost, or may be by now.
    #[error("another operator may work by now")]
    Deposed,
    /// Nobody can be told there how the operator is.
    #[error("cannot listen on {0}: {1}")]
    Address(std::net::SocketAddr, std::io::Error),
    /// A configuration by which no cluster is found.
    #[error("no cluster is known: {0}")]
    NoCluster(String),
}

/// What went wrong and by what: where nobody answers, the outermost words are the same whatever keeps them from it.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        // Some say already what is below them.
        if !text.ends_with(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = inner.source();
    }
    text
}

impl From<kube::Error> for Error {
    fn from(error: kube::Error) -> Self {
        Self::Cluster(Box::new(error))
    }
}

impl Error {
    /// The cluster's refusal, if it is one.
    #[must_use]
    pub fn refusal(&self) -> Option<&kube::core::Status> {
        match self {
            Self::Cluster(error) => match error.as_ref() {
                kube::Error::Api(status) => Some(status),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether the cluster will not take what it was given, however often.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::NoKind { .. } | Self::BadName(_) => true,
            other => other.refusal().is_some_and(is_final),
        }
    }

    /// Whether somebody else was faster, or wrote the same.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.refusal().is_some_and(|status| status.code == 409)
    }
}

/// How a cluster begins its words about an object with a field that its kind does not have there.
const UNTYPED: &str = "failed to create typed patch object";

/// An object that is applied with a field that its kind does not have there (the cluster is older, or has another channel of Gateway
/// API) is answered with 500, as an outage is: it is known by the words alone.
fn is_final(status: &kube::core::Status) -> bool {
    match status.code {
        429 => false,
        400..500 => true,
        code => code == 500 && status.message.starts_with(UNTYPED),
    }
}

#[cfg(test)]
mod tests {
    use super::Error;
    use std::io;

    #[derive(Debug, thiserror::Error)]
    #[error("no way there")]
    struct NoWay(#[source] io::Error);

    #[test]
    fn what_keeps_from_the_cluster_is_said_and_nothing_twice() {
        let no_way = NoWay(io::Error::other("nobody listens"));
        let error = Error::from(kube::Error::Service(Box::new(no_way)));
        assert_eq!(
            error.to_string(),
            "the cluster: ServiceError: no way there: nobody listens"
        );
    }
}
