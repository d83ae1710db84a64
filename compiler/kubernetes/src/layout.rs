//! How manifests are laid out: as they are, as a base for Kustomize, as a chart for Helm.

mod helm;

use crate::{Manifest, Options, yaml};
use flowmesh_ir::Program;
use serde_json::json;

/// A way to lay manifests out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// One file for each object.
    #[default]
    Plain,
    /// The same, and a `kustomization.yaml` that names them: a base that overlays change.
    Kustomize,
    /// A chart: the objects as templates, over values for image, storage and the namespace of the release.
    Helm,
}

impl Layout {
    /// The options by which manifests are made for this layout.
    pub(crate) fn prepared<'a>(self, program: &Program, options: &Options<'a>) -> Options<'a> {
        match self {
            Self::Plain | Self::Kustomize => options.clone(),
            Self::Helm => helm::prepared(program, options),
        }
    }

    /// The files of the layout.
    pub(crate) fn laid(
        self,
        program: &Program,
        options: &Options<'_>,
        manifests: Vec<Manifest>,
    ) -> Vec<Manifest> {
        match self {
            _ if manifests.is_empty() => manifests,
            Self::Plain => manifests,
            Self::Kustomize => with_kustomization(manifests),
            Self::Helm => helm::chart(program, options, manifests),
        }
    }
}

fn with_kustomization(mut manifests: Vec<Manifest>) -> Vec<Manifest> {
    let resources: Vec<&str> = manifests.iter().map(|manifest| manifest.path.as_str()).collect();
    let object = json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": resources,
    });
    let made = yaml::manifest("Kustomization", "", &object);
    manifests.push(Manifest {
        path: "kustomization.yaml".to_owned(),
        yaml: made.yaml,
    });
    manifests
}
