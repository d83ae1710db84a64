//! All of it together: whoever holds the lease looks at programs and runs, until it is lost or somebody says to stop.

use crate::{
    context::{Context, Options},
    crd::{Program, Run},
    elect::Elector,
    error::Error,
    health, reconcile,
    standing::Standing,
    watching,
};
use futures_util::{Stream, StreamExt};
use k8s_openapi::{
    NamespaceResourceScope,
    api::{
        apps::v1::{Deployment, StatefulSet},
        batch::v1::Job,
    },
};
use kube::{
    Api, Client, Resource,
    core::PartialObjectMeta,
    runtime::{
        controller::{self, Action, Config},
        watcher,
    },
};
use std::{fmt::Debug, future::Future, net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::watch, time::sleep};

/// How many objects of a kind are looked at at once.
const AT_ONCE: u16 = 8;

/// How long a stop waits for what is under way.
const GRACE: Duration = Duration::from_secs(20);

/// The objects that the compiler makes.
const OURS: &str = "app.kubernetes.io/managed-by=flowmesh";

/// Works until `stop` is ready, whenever the lease is ours. Then it ends what is under way, and gives the lease up.
///
/// # Errors
/// Where it cannot listen at the address of its health.
pub async fn run(client: Client, options: Options, stop: impl Future<Output = ()>) -> Result<(), Error> {
    let standing = Arc::new(Standing::new(options.terms.clone()));
    let listener = match options.health {
        Some(place) => Some(listen(place).await?),
        None => None,
    };
    let answering = async {
        match listener {
            Some(listener) => health::serve(listener, standing.clone()).await,
            None => std::future::pending().await,
        }
    };
    let elector = Elector::new(client.clone(), options.terms.clone(), standing.clone());
    let context = Arc::new(Context::new(client, options, standing.clone()));
    tokio::select! {
        () = carry_on(elector, &context, stop) => {}
        () = answering => {}
    }
    Ok(())
}

async fn listen(place: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(place)
        .await
        .map_err(|why| Error::Address(place, why))
}

async fn carry_on(mut elector: Elector, context: &Arc<Context>, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => {
                // It may be ours by now, and the word of that on its way.
                elector.release().await;
                return;
            }
            () = elector.acquire() => {}
        }
        let (tell, told) = watch::channel(false);
        let mut working = Box::pin(work(context, &told));
        tokio::select! {
            // What is under way ends with `working`, at whatever it waits for.
            () = elector.hold() => tracing::warn!("the lease is lost: another one works"),
            () = &mut working => tracing::warn!("nothing is looked at any more: once more"),
            () = &mut stop => {
                let _ = tell.send(true);
                tokio::select! {
                    () = &mut working => {}
                    () = elector.hold() => {}
                    () = sleep(GRACE) => {}
                }
                // What has not ended by now ends before another one may begin.
                drop(working);
                elector.release().await;
                return;
            }
        }
    }
}

async fn work(context: &Arc<Context>, stop: &watch::Receiver<bool>) {
    let ours = || watcher::Config::default().labels(OURS);
    let programs = watching::controller(api::<Program>(context))
        .owns_stream(watching::owned(
            api::<PartialObjectMeta<StatefulSet>>(context),
            ours(),
        ))
        .owns_stream(watching::owned(
            api::<PartialObjectMeta<Deployment>>(context),
            ours(),
        ))
        .owns_stream(watching::owned(api::<PartialObjectMeta<Job>>(context), ours()))
        .with_config(Config::default().concurrency(AT_ONCE))
        .graceful_shutdown_on(stopped(stop.clone()))
        .run(reconcile::program::reconcile, again, context.clone());
    let runs = watching::controller(api::<Run>(context))
        .with_config(Config::default().concurrency(AT_ONCE))
        .graceful_shutdown_on(stopped(stop.clone()))
        .run(reconcile::run::reconcile, again, context.clone());
    tokio::join!(logged(programs), logged(runs));
}

fn api<K>(context: &Context) -> Api<K>
where
    K: Resource<Scope = NamespaceResourceScope>,
    K::DynamicType: Default,
{
    match &context.options.watch {
        Some(namespace) => Api::namespaced(context.client.clone(), namespace),
        None => Api::all(context.client.clone()),
    }
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    // Whoever told is gone: that is a stop, too.
    let _ = stop.wait_for(|stop| *stop).await;
}

#[expect(clippy::needless_pass_by_value, reason = "the controller gives them so")]
fn again<K: Debug>(_: Arc<K>, error: &Error, context: Arc<Context>) -> Action {
    match error.is_conflict() {
        // Somebody wrote what was read before, which brings us back with what is there now.
        true => Action::requeue(context.options.retry.min(Duration::from_secs(1))),
        false => Action::requeue(context.options.retry),
    }
}

/// What comes of looking at objects.
type Looked<T> = Result<T, controller::Error<Error, watcher::Error>>;

async fn logged<T>(all: impl Stream<Item = Looked<T>>) {
    let log = |one: Looked<T>| {
        match one {
            Ok(_) => {}
            // What we wrote ourselves had not come back yet: each new version of a program has that, and nothing is amiss.
            Err(controller::Error::ReconcilerFailed(error, _)) if error.is_conflict() => {
                tracing::debug!(%error, "somebody was faster, and it is looked at again");
            }
            Err(error) => tracing::warn!(%error, "not done, and tried again"),
        }
        std::future::ready(())
    };
    all.for_each(log).await;
}
