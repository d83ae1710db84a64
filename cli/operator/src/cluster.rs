//! Objects of any kind in a cluster: looked up, applied, taken away.

use crate::{
    crd::ObjectKey,
    decide::{
        names, shape,
        whose::{Whose, whose},
    },
    error::Error,
    standing::Standing,
};
use kube::{
    Api, Client,
    api::{ApiResource, DeleteParams, DynamicObject, GroupVersionKind, Patch, PatchParams, Preconditions},
    discovery,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// A cluster, and the kinds that it was asked for so far.
pub(crate) struct Cluster {
    client: Client,
    standing: Arc<Standing>,
    kinds: Mutex<BTreeMap<(String, String), ApiResource>>,
}

impl Cluster {
    pub(crate) fn new(client: Client, standing: Arc<Standing>) -> Self {
        Self {
            client,
            standing,
            kinds: Mutex::default(),
        }
    }

    /// An object, if it is there.
    pub(crate) async fn get(&self, key: &ObjectKey) -> Result<Option<Value>, Error> {
        let found = self.api(key).await?.get_opt(&key.name).await?;
        Ok(found.map(serde_json::to_value).transpose()?)
    }

    /// Applies an object, on the server's side, as this manager of its fields.
    pub(crate) async fn apply(&self, manager: &str, object: &Value, force: bool) -> Result<(), Error> {
        let key = shape::key(object).ok_or(Error::Incomplete("name"))?;
        let params = PatchParams {
            force,
            ..PatchParams::apply(manager)
        };
        let api = self.api(&key).await?;
        self.standing.may_write()?;
        api.patch(&key.name, &params, &Patch::Apply(object)).await?;
        Ok(())
    }

    /// Takes an object away that `uid` owns, or lets go of it where it has other owners. One that is another's stays.
    pub(crate) async fn remove(&self, key: &ObjectKey, manager: &str, uid: &str) -> Result<(), Error> {
        let Some(live) = self.get(key).await? else {
            return Ok(());
        };
        match whose(&live, uid) {
            Whose::Anothers => Ok(()),
            Whose::Shared => {
                let metadata = json!({ "name": key.name, "namespace": key.namespace });
                let nothing =
                    json!({ "apiVersion": key.api_version, "kind": key.kind, "metadata": metadata });
                self.apply(manager, &nothing, false).await
            }
            Whose::Ours => self.delete(key, &live).await,
        }
    }

    async fn delete(&self, key: &ObjectKey, live: &Value) -> Result<(), Error> {
        let uid = live
            .pointer("/metadata/uid")
            .and_then(Value::as_str)
            .map(str::to_owned);
        // Another one of the same name is another's.
        let same = Preconditions {
            uid,
            resource_version: None,
        };
        let params = DeleteParams::background().preconditions(same);
        let api = self.api(key).await?;
        self.standing.may_write()?;
        match api.delete(&key.name, &params).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn api(&self, key: &ObjectKey) -> Result<Api<DynamicObject>, Error> {
        if !names::is_key(key) {
            return Err(Error::BadName(key.name.clone()));
        }
        let resource = self.resource(key).await?;
        Ok(Api::namespaced_with(
            self.client.clone(),
            &key.namespace,
            &resource,
        ))
    }

    /// What the cluster calls a kind in its paths.
    async fn resource(&self, key: &ObjectKey) -> Result<ApiResource, Error> {
        let of = (key.api_version.clone(), key.kind.clone());
        let known = self
            .kinds
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&of)
            .cloned();
        if let Some(resource) = known {
            return Ok(resource);
        }
        let (group, version) = key.api_version.split_once('/').unwrap_or(("", &key.api_version));
        let kind = GroupVersionKind::gvk(group, version, &key.kind);
        let (resource, _) = discovery::pinned_kind(&self.client, &kind)
            .await
            .map_err(|why| unknown(why, key))?;
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        kinds.insert(of, resource.clone());
        Ok(resource)
    }
}

fn unknown(why: kube::Error, key: &ObjectKey) -> Error {
    let missing = match &why {
        kube::Error::Discovery(_) => true,
        kube::Error::Api(status) => status.is_not_found(),
        _ => false,
    };
    match missing {
        true => Error::NoKind {
            version: key.api_version.clone(),
            kind: key.kind.clone(),
        },
        false => why.into(),
    }
}
