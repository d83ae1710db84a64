//! A program that is to be deleted: it goes when its runs have ended, or when it was said that they need not.

use super::{applying, program::Looking, say, token::token};
use crate::{
    crd::{DELETION, ObjectKey, Truth},
    decide::{
        deletion::{self, Going},
        shape, whose,
    },
    error::Error,
    server::Server,
};
use kube::{ResourceExt, runtime::controller::Action};

/// Lets a program go, or says why not.
pub(super) async fn leave(looking: &mut Looking<'_>) -> Result<Action, Error> {
    if !say::is_kept(&looking.program) {
        return Ok(Action::await_change());
    }
    let mut report = looking.report();
    let sets: Vec<ObjectKey> = looking
        .objects()
        .iter()
        .filter(|key| shape::keeps(key))
        .cloned()
        .collect();
    for key in sets {
        let (reason, text) = match going(looking, &key).await? {
            Going::Go => continue,
            Going::Stay(reason, text) => (reason, text),
            Going::Terminate(text) => {
                let ended = server(looking, &key).await?.terminate_all().await;
                let text = ended.map_or_else(|fault| fault.to_string(), |()| format!("ending them: {text}"));
                ("Terminating", text)
            }
        };
        report.say("Deletable", Truth::False, reason, &text);
        report.say("Ready", Truth::False, reason, &text);
        looking.say(&report).await?;
        let options = &looking.context.options;
        let soon = if reason == "Terminating" {
            options.retry
        } else {
            options.resync
        };
        return Ok(Action::requeue(soon));
    }
    gone(looking).await?;
    Ok(Action::await_change())
}

/// Takes away what has no owner by which it would go, and lets the program go.
async fn gone(looking: &Looking<'_>) -> Result<(), Error> {
    let foreign = looking
        .objects()
        .iter()
        .filter(|key| key.namespace != looking.owner.namespace);
    for key in foreign {
        applying::remove(looking, key).await?;
    }
    say::release(&looking.context.standing, &looking.api, &looking.program).await
}

/// Whether pods with runs may go.
pub(super) async fn going(looking: &Looking<'_>, pods: &ObjectKey) -> Result<Going, Error> {
    let annotation = looking.program.annotations().get(DELETION).map(String::as_str);
    let wanted = deletion::wanted(annotation, looking.program.spec.deletion);
    let live = looking.context.cluster.get(pods).await?;
    // Runs in pods of another one are another's.
    let ours = live.is_some_and(|live| whose::taken(&live, &looking.owner).is_none());
    let unfinished = match ours {
        true => Some(
            server(looking, pods)
                .await?
                .unfinished()
                .await
                .map_err(|fault| fault.to_string()),
        ),
        false => None,
    };
    Ok(deletion::going(wanted, unfinished))
}

async fn server(looking: &Looking<'_>, pods: &ObjectKey) -> Result<Server, Error> {
    let secrets = &looking.program.spec.secrets;
    let token = token(looking.context, secrets, (&pods.namespace, &pods.name)).await?;
    Ok(looking.context.server(&pods.namespace, &pods.name, token))
}
