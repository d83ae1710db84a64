//! The gateways of the program that a host serves: they open with it, and change when another is deployed.
//!
//! The mesh knows what a visit is and where it is led; here is what it does not know: what expressions mean (`view`), how a
//! run is started and an operation called (`inside`), what a visitor is told of that (`answer`), and who writes down what
//! happened (`log`) and hears of it (`telemetry`). `known` reads whom a gateway believes; `open` makes the doors of one deployment.

mod alone;
mod answer;
mod beside;
mod error;
mod inside;
mod known;
mod lending;
mod log;
mod open;
mod place;
mod remote;
mod telemetry;
mod view;
mod visits;
mod watched;

pub use alone::Alone;
pub use beside::Beside;
pub use error::GatewayError;
pub use log::AccessLog;
pub use remote::Remote;
pub use telemetry::Telemetry;
pub use view::holds;
pub use watched::Watched;

use crate::{Host, driver::Live};
use flowmesh_ir::{GatewayId, Name};
use flowmesh_mesh::{
    gateway::{Door, GatewayOptions, Log, Side},
    identity::Fetch,
};
use open::Wanted;
use place::{Here, Place};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{sync::watch, task::JoinHandle};

/// What gateways need to be told.
#[derive(Clone)]
pub struct GatewaysOptions {
    /// What a stranger may cost.
    pub limits: GatewayOptions,
    /// Hears of every visit.
    pub log: Option<Arc<dyn Log>>,
    /// Asks issuers of tokens for their keys.
    pub fetch: Arc<dyn Fetch>,
    /// Where the API is, for those who are told where to look for a run.
    pub api: String,
    /// Where the files of certificates are that are named without a place.
    pub directory: PathBuf,
}

/// What gateways need to be told, and where the runs are that visitors start.
struct Setting {
    place: Arc<dyn Place>,
    /// Where the gateways stand that are opened; none are all of the program, before it.
    sides: Sides,
    /// Who hears of visits.
    telemetry: Telemetry,
    options: GatewaysOptions,
}

/// The gateways beside a service, and whether who shows no certificate is let in there, too. They change with the program.
type Sides = Arc<Mutex<Option<(Vec<(GatewayId, Side)>, bool)>>>;

/// The gateways of the program that a host serves.
pub struct Gateways {
    opened: Arc<Mutex<Opened>>,
    stop: watch::Sender<bool>,
    following: JoinHandle<()>,
}

/// Which doors are open.
#[derive(Default)]
struct Opened(BTreeMap<Name, Open>);

/// One gateway that is open.
struct Open {
    /// What it listens at and shows; one that differs is opened anew.
    wanted: Wanted,
    door: Arc<Door>,
    addresses: Vec<SocketAddr>,
    stop: watch::Sender<bool>,
    listening: Vec<JoinHandle<()>>,
}

impl Gateways {
    /// Opens the gateways of the program that the host serves, and follows what is deployed from now on: a gateway whose
    /// addresses stay the same changes without anybody being cut off.
    ///
    /// # Errors
    /// If one cannot be opened. Later, one that cannot be is said to be so in the log, and stays as it was.
    pub async fn open(host: &Host, mut options: GatewaysOptions) -> Result<Self, GatewayError> {
        let telemetry = Telemetry::of(host);
        options.log = Some(telemetry.hears(options.log.take()));
        let here = Here {
            host: host.clone(),
            api: options.api.clone(),
        };
        let setting = Setting {
            place: Arc::new(here),
            sides: Sides::default(),
            telemetry,
            options,
        };
        Self::follow(host.live(), setting).await
    }

    /// Opens the gateways of what is deployed, and follows what is from now on.
    async fn follow(mut live: watch::Receiver<Option<Live>>, setting: Setting) -> Result<Self, GatewayError> {
        let first = live.borrow_and_update().clone();
        let mut opened = Opened::default();
        if let Some(first) = first {
            let mut wrong = opened.follow(&setting, &first).await;
            if let Some(wrong) = wrong.pop() {
                opened.close().await;
                return Err(wrong);
            }
        }
        let opened = Arc::new(Mutex::new(opened));
        let (stop, stopped) = watch::channel(false);
        let following = tokio::spawn(follow(setting, (live, stopped), opened.clone()));
        Ok(Self {
            opened,
            stop,
            following,
        })
    }

    /// Where each listens.
    #[must_use]
    pub fn addresses(&self) -> Vec<(Name, Vec<SocketAddr>)> {
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let one = |(name, open): (&Name, &Open)| (name.clone(), open.addresses.clone());
        opened.0.iter().map(one).collect()
    }

    /// Takes no visitor any more, and returns when requests on their way have ended, or their grace has.
    pub async fn close(self) {
        self.stop.send_replace(true);
        let _ = self.following.await;
        let opened = std::mem::take(&mut *self.opened.lock().unwrap_or_else(PoisonError::into_inner));
        opened.close().await;
    }
}

async fn follow(
    setting: Setting,
    (mut live, mut stopped): (watch::Receiver<Option<Live>>, watch::Receiver<bool>),
    opened: Arc<Mutex<Opened>>,
) {
    loop {
        tokio::select! {
            changed = live.changed() => if changed.is_err() { return },
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
        let Some(now) = live.borrow_and_update().clone() else {
            continue;
        };
        let mut taken = std::mem::take(&mut *opened.lock().unwrap_or_else(PoisonError::into_inner));
        for wrong in taken.follow(&setting, &now).await {
            tracing::error!(error = %wrong, "a gateway of the program that was deployed cannot be opened");
        }
        *opened.lock().unwrap_or_else(PoisonError::into_inner) = taken;
    }
}

impl Opened {
    /// Opens, changes and closes until it is as the deployment says; what could not be done.
    async fn follow(&mut self, setting: &Setting, live: &Live) -> Vec<GatewayError> {
        let mut wrong = Vec::new();
        let mut before = std::mem::take(&mut self.0);
        for (id, gateway) in open::gateways(setting, &live.deployment.program) {
            let known = before.remove(&gateway.name);
            match self.one(setting, live, (id, known)).await {
                Ok(open) => {
                    setting.telemetry.doors.opens(gateway.name.clone(), &open.door);
                    self.0.insert(gateway.name.clone(), open);
                }
                Err((error, known)) => {
                    wrong.push(error);
                    if let Some(known) = known {
                        self.0.insert(gateway.name.clone(), known);
                    }
                }
            }
        }
        for (_, gone) in before {
            tokio::spawn(gone.close());
        }
        wrong
    }

    async fn one(
        &self,
        setting: &Setting,
        live: &Live,
        (id, known): (GatewayId, Option<Open>),
    ) -> Result<Open, (GatewayError, Option<Open>)> {
        let (wanted, rules) = match open::prepare(setting, live, id) {
            Ok(prepared) => prepared,
            Err(error) => return Err((error, known)),
        };
        match known {
            Some(known) if known.wanted == wanted => {
                known.door.swap(rules);
                Ok(known)
            }
            // Its addresses may be among the new ones.
            Some(known) => {
                let (before, door) = (known.wanted.clone(), known.door.clone());
                known.close().await;
                match wanted.open(rules, setting).await {
                    Ok(open) => Ok(open),
                    Err(error) => Err((error, before.listen_at(door).await.ok())),
                }
            }
            None => wanted.open(rules, setting).await.map_err(|error| (error, None)),
        }
    }

    async fn close(self) {
        let closing: Vec<_> = self
            .0
            .into_values()
            .map(|open| tokio::spawn(open.close()))
            .collect();
        for one in closing {
            let _ = one.await;
        }
    }
}

impl Open {
    async fn close(self) {
        self.stop.send_replace(true);
        for listening in self.listening {
            let _ = listening.await;
        }
    }
}
