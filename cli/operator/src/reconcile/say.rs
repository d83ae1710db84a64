//! Statuses and finalizers on their way to the cluster: written only where something is different.

use crate::{crd::FINALIZER, error::Error, standing::Standing};
use kube::{
    Api, Resource, ResourceExt,
    api::{Patch, PatchParams, PostParams},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;
use std::fmt::Debug;

/// Writes the status of an object as it was read. Where somebody wrote it since, that is a conflict, and it is looked at anew.
pub(super) async fn status<K>(standing: &Standing, api: &Api<K>, object: &K) -> Result<K, Error>
where
    K: Resource + Clone + Serialize + DeserializeOwned + Debug,
{
    standing.may_write()?;
    Ok(api
        .replace_status(&object.name_any(), &PostParams::default(), object)
        .await?)
}

/// Whether the operator is to be asked before an object goes.
pub(super) fn is_kept<K: Resource>(object: &K) -> bool {
    object
        .meta()
        .finalizers
        .iter()
        .flatten()
        .any(|it| it == FINALIZER)
}

/// Has the operator asked before an object goes.
pub(super) async fn keep<K>(standing: &Standing, api: &Api<K>, object: &K) -> Result<(), Error>
where
    K: Resource + Clone + DeserializeOwned + Debug,
{
    let mut all: Vec<String> = object.meta().finalizers.clone().unwrap_or_default();
    all.push(FINALIZER.to_owned());
    standing.may_write()?;
    finalizers(api, object, &all).await
}

/// Lets it go.
pub(super) async fn release<K>(standing: &Standing, api: &Api<K>, object: &K) -> Result<(), Error>
where
    K: Resource + Clone + DeserializeOwned + Debug,
{
    let all = object.meta().finalizers.iter().flatten();
    let others: Vec<String> = all.filter(|it| *it != FINALIZER).cloned().collect();
    standing.may_write()?;
    match finalizers(api, object, &others).await {
        // It is gone already.
        Err(error) if error.refusal().is_some_and(kube::core::Status::is_not_found) => Ok(()),
        other => other,
    }
}

async fn finalizers<K>(api: &Api<K>, object: &K, all: &[String]) -> Result<(), Error>
where
    K: Resource + Clone + DeserializeOwned + Debug,
{
    // With the version that was read: whoever changed them since is not overruled.
    let metadata = json!({ "finalizers": all, "resourceVersion": object.meta().resource_version });
    let patch = Patch::Merge(json!({ "metadata": metadata }));
    api.patch(&object.name_any(), &PatchParams::default(), &patch)
        .await?;
    Ok(())
}
