//! Where something is: a Service of the cluster and its port, or a host outside.

/// A Service or host, by its whole name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Host(pub(crate) String);

/// The domain that clusters have where nobody says another.
const DOMAIN: &str = "svc.cluster.local";

impl Host {
    /// A host as Istio names it: a name without a dot is a Service beside whoever names it.
    pub(crate) fn of(text: &str, namespace: &str) -> Self {
        let text = text.trim_end_matches('.').to_ascii_lowercase();
        if !text.contains('.') {
            return Self::service(&text, namespace);
        }
        match text.strip_suffix(".svc") {
            Some(_) => Self(format!("{text}.cluster.local")),
            None => Self(text),
        }
    }

    /// A Service of a namespace.
    pub(crate) fn service(name: &str, namespace: &str) -> Self {
        Self(format!("{name}.{namespace}.{DOMAIN}"))
    }

    /// The name and the namespace of a Service of the cluster.
    pub(crate) fn parts(&self) -> Option<(&str, &str)> {
        let (inside, _) = self.0.split_once(".svc.")?;
        inside.split_once('.').filter(|(_, rest)| !rest.contains('.'))
    }

    /// What people call it.
    pub(crate) fn name(&self) -> &str {
        self.parts().map_or(self.0.as_str(), |(name, _)| name)
    }

    /// Its namespace, where it has one.
    pub(crate) fn namespace(&self) -> Option<&str> {
        self.parts().map(|(_, namespace)| namespace)
    }

    /// Whether a program can name it: letters of hosts, and no pattern.
    pub(crate) fn is_plain(&self) -> bool {
        let plain = |sign: char| sign.is_ascii_alphanumeric() || "-._".contains(sign);
        !self.0.is_empty() && self.0.len() <= 253 && self.0.chars().all(plain)
    }
}

/// A host and its port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) host: Host,
    pub(crate) port: u16,
}

impl Place {
    /// As a program writes it, with the port at which it is called.
    pub(crate) fn address(&self, port: u16) -> String {
        format!("dns://{}:{port}", self.host.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Host;

    #[test]
    fn short_names_are_services_beside_whoever_names_them() {
        assert_eq!(Host::of("reviews", "shop").0, "reviews.shop.svc.cluster.local");
        assert_eq!(
            Host::of("reviews.ops.svc", "shop").0,
            "reviews.ops.svc.cluster.local"
        );
        assert_eq!(Host::of("api.example.com", "shop").parts(), None);
        assert_eq!(Host::of("a.b.svc.cluster.local", "x").parts(), Some(("a", "b")));
    }
}
