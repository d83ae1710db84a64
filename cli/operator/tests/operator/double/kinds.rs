//! The kinds that the cluster has.

/// A kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kind {
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) plural: &'static str,
    /// Whether its status is a resource of its own.
    pub(crate) status: bool,
}

const fn kind(group: &'static str, kind: &'static str, plural: &'static str, status: bool) -> Kind {
    Kind {
        group,
        version: "v1",
        kind,
        plural,
        status,
    }
}

/// All of them.
pub(crate) const KINDS: [Kind; 19] = [
    kind("", "ConfigMap", "configmaps", false),
    kind("", "Service", "services", false),
    kind("", "ServiceAccount", "serviceaccounts", false),
    kind("", "Secret", "secrets", false),
    kind("apps", "StatefulSet", "statefulsets", true),
    kind("apps", "Deployment", "deployments", true),
    kind("networking.k8s.io", "NetworkPolicy", "networkpolicies", false),
    kind("policy", "PodDisruptionBudget", "poddisruptionbudgets", false),
    Kind {
        version: "v2",
        ..kind(
            "autoscaling",
            "HorizontalPodAutoscaler",
            "horizontalpodautoscalers",
            false,
        )
    },
    kind("batch", "Job", "jobs", true),
    kind(
        "monitoring.coreos.com",
        "ServiceMonitor",
        "servicemonitors",
        false,
    ),
    kind("rbac.authorization.k8s.io", "Role", "roles", false),
    kind("rbac.authorization.k8s.io", "RoleBinding", "rolebindings", false),
    kind("coordination.k8s.io", "Lease", "leases", false),
    kind("networking.istio.io", "VirtualService", "virtualservices", false),
    kind("networking.istio.io", "Sidecar", "sidecars", false),
    kind(
        "networking.istio.io",
        "DestinationRule",
        "destinationrules",
        false,
    ),
    Kind {
        version: "v1alpha1",
        ..kind("flowmesh.dev", "Program", "programs", true)
    },
    Kind {
        version: "v1alpha1",
        ..kind("flowmesh.dev", "Run", "runs", true)
    },
];

impl Kind {
    pub(crate) fn named(name: &str) -> Self {
        *KINDS.iter().find(|kind| kind.kind == name).expect(name)
    }

    pub(crate) fn at(group: &str, version: &str, plural: &str) -> Option<Self> {
        let same = |kind: &&Self| (kind.group, kind.version, kind.plural) == (group, version, plural);
        KINDS.iter().find(same).copied()
    }

    pub(crate) fn api_version(&self) -> String {
        match self.group {
            "" => self.version.to_owned(),
            group => format!("{group}/{}", self.version),
        }
    }
}
