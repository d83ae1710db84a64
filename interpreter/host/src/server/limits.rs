//! Lending of limits that gateways hold together.

use super::{Shared, body, door::Here, error::RequestError, problem::Problem, route::Route};
use axum::{Json, body::Body};
use flowmesh_ir::traffic::{LEASE_MS, Rate};
use flowmesh_mesh::decide::ledger::{Grant, Holder, Wish};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The most wishes of one question.
const WISHES_MAX: usize = 256;
/// The longest name of a limit.
const LIMIT_BYTES_MAX: usize = 300;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::act(
            "lease_limits",
            "/v1/limits/lease",
            "Lends of limits that several gateways hold together, as a gateway",
            lease,
        )
        .without_key("what is lent is in memory alone, and lapses by itself")
        .without_audit("it is asked many times in a second, and changes no run")
        .takes::<LimitWishes>()
        .answers::<LimitLeases>(200),
    ]
}

/// What a gateway wants.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitWishes {
    /// Who asks: a number in hexadecimal digits that it drew when it began.
    pub(crate) holder: String,
    /// At most 256; none says only that it is there.
    pub(crate) wishes: Vec<LimitWish>,
}

/// What is wanted of one limit.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitWish {
    /// Where it stands: `gateway shop`, `service payments`, `operation payments.charge`, `mesh`.
    pub(crate) limit: String,
    /// What is counted apart, as a hash of 32 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    /// How many may begin within `per_ms`.
    pub(crate) count: u32,
    /// Within how many milliseconds.
    pub(crate) per_ms: u64,
    /// How many may begin at once after a pause; as many as `count` if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) burst: Option<u32>,
    /// How many are wanted.
    pub(crate) want: u32,
    /// How many were let through that were not lent, while the server could not be asked.
    #[serde(default)]
    pub(crate) owed: u32,
}

/// What is lent.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct LimitLeases {
    /// For how long it may be spent, from when it was asked for.
    pub(crate) lease_ms: u64,
    /// Among how many gateways the limits are shared.
    pub(crate) among: u32,
    /// For each wish, in their order.
    pub(crate) leases: Vec<LimitLease>,
}

/// What is lent for one wish.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct LimitLease {
    /// How many.
    pub(crate) granted: u32,
    /// After how long it is worth asking for more.
    pub(crate) after_ms: u64,
}

async fn lease(Here(shared): Here, body: Body) -> Result<Json<LimitLeases>, Problem> {
    let asked = read(&shared, body).await?;
    let holder = hex(&asked.holder)?;
    let wishes = asked.wishes.into_iter().map(wish);
    let wishes = wishes.collect::<Result<Vec<_>, _>>()?;
    let (among, lent) = shared.host.lend(Holder(holder), wishes);
    let lease = |grant: Grant| LimitLease {
        granted: grant.granted,
        // Rounded up: who comes earlier finds nothing.
        after_ms: u64::try_from(grant.after.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX),
    };
    Ok(Json(LimitLeases {
        lease_ms: LEASE_MS,
        among,
        leases: lent.into_iter().map(lease).collect(),
    }))
}

async fn read(shared: &Shared, body: Body) -> Result<LimitWishes, Problem> {
    let body = body::read(shared, body).await?;
    let wrong = |why| {
        RequestError::Body(format!(
            r#"expected `{{"holder": "...", "wishes": [...]}}`: {why}"#
        ))
    };
    let asked: LimitWishes = serde_json::from_slice(&body).map_err(|why| wrong(why.to_string()))?;
    if asked.wishes.len() > WISHES_MAX {
        return Err(wrong(format!("more than {WISHES_MAX} wishes")).into());
    }
    Ok(asked)
}

fn wish(wish: LimitWish) -> Result<(Arc<str>, Wish), RequestError> {
    if wish.limit.len() > LIMIT_BYTES_MAX {
        let why = format!("expected the place of a limit in at most {LIMIT_BYTES_MAX} bytes");
        return Err(RequestError::Body(why));
    }
    let rate = Rate {
        count: wish.count,
        per_ms: wish.per_ms,
    };
    let wanted = Wish {
        key: wish.key.as_deref().map(hex).transpose()?,
        rate,
        burst: wish.burst,
        want: wish.want,
        owed: wish.owed,
    };
    Ok((wish.limit.into(), wanted))
}

fn hex(text: &str) -> Result<u128, RequestError> {
    let wrong = |_| RequestError::Body("expected up to 32 hexadecimal digits".to_owned());
    u128::from_str_radix(text, 16).map_err(wrong)
}
