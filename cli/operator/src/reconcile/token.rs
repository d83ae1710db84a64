//! The token by which a server knows the operator.

use crate::{context::Context, crd::SecretSpec, decide::names, error::Error};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;

/// The usual key.
const KEY: &str = "token";

/// The token of a program's server; nothing where there is no such Secret, as for a server that asks nobody.
pub(super) async fn token(
    context: &Context,
    secrets: &SecretSpec,
    (namespace, name): (&str, &str),
) -> Result<Option<String>, Error> {
    let said = secrets.operator.as_ref();
    let secret = said.map_or_else(|| format!("{name}-operator"), |said| said.name.clone());
    let key = said.and_then(|said| said.key.as_deref()).unwrap_or(KEY);
    if !names::is_name(&secret) {
        return Ok(None);
    }
    let api: Api<Secret> = Api::namespaced(context.client.clone(), namespace);
    let data = api.get_opt(&secret).await?.and_then(|secret| secret.data);
    let bytes = data.and_then(|mut data| data.remove(key)).map(|bytes| bytes.0);
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    Ok(text
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty()))
}
