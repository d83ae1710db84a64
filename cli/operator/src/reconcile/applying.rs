//! Objects of a program on their way to the cluster, and away from it.

use super::{leave, program::Looking};
use crate::{
    crd::{Conflicts, ObjectKey},
    decide::{deletion::Going, differ, report::Unapplied, shape, whose},
    error::Error,
};
use serde_json::Value;

/// Applies what differs; what went wrong with which.
pub(super) async fn apply(looking: &Looking<'_>, objects: &[Value]) -> Result<Vec<Unapplied>, Error> {
    let mut wrong = Vec::new();
    for object in objects {
        let Some(key) = shape::key(object) else { continue };
        match one(looking, &key, object).await {
            Ok(None) => {}
            Ok(Some(why)) => wrong.push(anothers(key, why)),
            Err(error) => wrong.push(unapplied(key, error)?),
        }
    }
    Ok(wrong)
}

/// Applies one, or says that it is another's.
async fn one(looking: &Looking<'_>, key: &ObjectKey, object: &Value) -> Result<Option<String>, Error> {
    let cluster = &looking.context.cluster;
    let live = cluster.get(key).await?;
    if let Some(live) = &live {
        match shape::is_shared(key) {
            true if !whose::is_of_programs(live) => return Ok(None),
            false if let Some(why) = whose::taken(live, &looking.owner) => return Ok(Some(why)),
            _ => {}
        }
    }
    if differ::needs_apply(object, live.as_ref()) {
        // Nobody is overruled who makes it at this moment.
        let force = live.is_some() && looking.program.spec.conflicts == Conflicts::Force;
        cluster.apply(&looking.manager(), object, force).await?;
    }
    Ok(None)
}

/// An object that another one has.
pub(super) fn anothers(key: ObjectKey, why: String) -> Unapplied {
    Unapplied {
        key,
        conflict: true,
        why,
    }
}

/// What the cluster refuses is told; what went wrong on the way is tried again.
fn unapplied(key: ObjectKey, error: Error) -> Result<Unapplied, Error> {
    if !error.is_final() {
        return Err(error);
    }
    Ok(Unapplied {
        key,
        conflict: error.is_conflict(),
        why: error
            .refusal()
            .map_or_else(|| error.to_string(), |status| status.message.clone()),
    })
}

/// Takes away what belonged and belongs no more; what stays: pods to which a run came in the meantime.
pub(super) async fn prune(looking: &Looking<'_>, wanted: &[ObjectKey]) -> Result<Vec<ObjectKey>, Error> {
    let mut stays = Vec::new();
    for key in differ::left_over(looking.objects(), wanted) {
        if shape::keeps(&key) && leave::going(looking, &key).await? != Going::Go {
            stays.push(key);
            continue;
        }
        remove(looking, &key).await?;
    }
    Ok(stays)
}

/// Takes one away. A kind that the cluster does not know any more took its objects along.
pub(super) async fn remove(looking: &Looking<'_>, key: &ObjectKey) -> Result<(), Error> {
    let gone = looking
        .context
        .cluster
        .remove(key, &looking.manager(), &looking.owner.uid)
        .await;
    match gone {
        Err(Error::NoKind { .. } | Error::BadName(_)) => Ok(()),
        other => other,
    }
}
