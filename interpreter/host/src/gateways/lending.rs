//! Limits that are shared, asked for at the server that keeps the runs.

use super::remote::{LENDING, There};
use crate::server::{LimitLeases, LimitWish, LimitWishes};
use flowmesh_ir::{call::Reply, traffic::LEASE_MS};
use flowmesh_mesh::{
    Asked, Lending, Lent, Server,
    decide::ledger::{Grant, Wish},
};
use std::{sync::Arc, time::Duration};

const LEASE: &str = "/v1/limits/lease";

impl Server for There {
    fn ask(&self, asked: Asked) -> Lending<'_> {
        Box::pin(async move {
            let wishes = LimitWishes {
                holder: format!("{:032x}", asked.holder.0),
                wishes: asked.wishes.into_iter().map(wish).collect(),
            };
            let body = serde_json::to_vec(&wishes).map_err(|why| why.to_string())?;
            let request = self.post(LENDING, LEASE.to_owned(), body);
            lent(self.send(request).await)
        })
    }
}

fn wish((limit, wish): (Arc<str>, Wish)) -> LimitWish {
    LimitWish {
        limit: limit.to_string(),
        key: wish.key.map(|key| format!("{key:032x}")),
        count: wish.rate.count,
        per_ms: wish.rate.per_ms,
        burst: wish.burst,
        want: wish.want,
        owed: wish.owed,
    }
}

fn lent(reply: Reply) -> Result<Lent, String> {
    let body = match reply {
        Reply::Answer { status: 200, body } => body,
        Reply::Answer { status, .. } => return Err(format!("it answers {status}")),
        Reply::Failed(failure) => return Err(failure.to_string()),
    };
    let leases: LimitLeases = serde_json::from_slice(&body).map_err(|why| why.to_string())?;
    // What is lent for less time than we would spend it in was not kept back.
    if leases.lease_ms != LEASE_MS {
        return Err(format!(
            "it lends for {}ms, and not for {LEASE_MS}ms: it is of another version",
            leases.lease_ms
        ));
    }
    let grants = leases.leases.into_iter().map(|lease| Grant {
        granted: lease.granted,
        after: Duration::from_millis(lease.after_ms),
    });
    Ok(Lent {
        among: leases.among,
        grants: grants.collect(),
    })
}
