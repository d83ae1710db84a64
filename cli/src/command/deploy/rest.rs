//! The same for a directory that no server serves.

use super::Deploy;
use crate::{
    draw,
    error::Error,
    exit::Exit,
    house::{NameArgs, below, resolver},
    keys, program,
};
use flowmesh_host::{
    clock::SystemClock,
    disk::Disk,
    engine::{By, Deployment},
    network::{MeshNetwork, Network},
    store::How,
    upkeep::{Deploying, UpkeepError},
    workers::Workers,
};
use flowmesh_ir::{Name, Program};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::{path::Path, sync::Arc};

/// Who deploys where nobody is asked who they are.
const WHO: &str = "command line";

/// Does it, and says what a server would.
pub(super) fn deploy(of: &Deploy, disk: &Arc<dyn Disk>, namespace: &Name) -> Result<Value, Error> {
    let failed = |error: UpkeepError| keys::below(&error);
    let mut deploying = Deploying::open(disk, Timestamp::now()).map_err(failed)?;
    if of.history {
        return Ok(history(&deploying));
    }
    let (to, how) = match &of.file {
        Some(file) => (made(of, file)?, How::Deployed),
        None => (deploying.earlier().map_err(failed)?, How::RolledBack),
    };
    let runs = (namespace, usize::from(of.examples));
    let upgraded = match of.plan {
        true => deploying.plan(&to, runs),
        false => {
            let who = WHO.to_owned();
            deploying.roll_out(&to, By { who, how }, runs)
        }
    };
    let mut said = json!(upgraded.map_err(failed)?);
    if let Some(said) = said.as_object_mut() {
        said.insert("name".to_owned(), json!(to.program.name));
        said.insert("program".to_owned(), json!(to.hashes().0.to_string()));
        said.insert("planned".to_owned(), json!(of.plan));
    }
    if !of.json && !of.plan {
        draw::say("no server works in the directory: the next one starts with this program");
    }
    Ok(said)
}

/// The program with its values, whose calls can be made.
fn made(of: &Deploy, file: &Path) -> Result<Arc<Deployment>, Error> {
    let program: Program = program::load(file, of.json)?;
    let (settings, secrets) = of.set.values(&program)?;
    let deployment = Deployment::new(program, settings);
    let clock = Arc::new(SystemClock);
    let workers = Workers::new(clock.clone());
    let network = MeshNetwork::new(resolver(&NameArgs::default())?, secrets, clock, workers);
    match network.connect(&deployment) {
        Ok(_) => Ok(Arc::new(deployment)),
        Err(why) => Err(below(why.code, &why, why.help.clone(), Exit::Usage)),
    }
}

fn history(deploying: &Deploying) -> Value {
    let all = deploying.history().into_iter().map(|it| {
        json!({
            "program": it.program.to_string(),
            "settings": it.settings.to_string(),
            "at": it.at,
            "by": it.by,
            "how": it.how,
        })
    });
    json!({ "deployments": all.collect::<Vec<_>>() })
}
