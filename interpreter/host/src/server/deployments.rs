//! Deployments: what runs are started with, what another program would make of those that are there, and the way back.

use super::{
    Shared, body,
    door::{Asker, Here},
    error::RequestError,
    identity::Role,
    problem::Problem,
    route::{Access, Any, Parameter, Route},
    routes::parsed,
};
use crate::{
    DeployError, Upgraded,
    engine::{Deployment, Refusal},
    store::{Deployed, How},
};
use axum::{
    Extension, Json,
    body::Body,
    extract::{Query, rejection::QueryRejection},
};
use flowmesh_ir::{Program, json};
use flowmesh_machine::Settings;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// How many runs of each kind are named, unless somebody says otherwise, and at the most.
const EXAMPLES: usize = 3;
const EXAMPLES_MAX: usize = 1000;

type Values = dyn Fn(&Program) -> Result<Settings, String> + Send + Sync;

/// Where the values of configs come from for a program that is deployed, and whether its secrets are there.
#[derive(Clone)]
pub struct ConfigValues(Arc<Values>);

impl ConfigValues {
    /// By this function.
    #[must_use]
    pub fn new(values: impl Fn(&Program) -> Result<Settings, String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(values))
    }

    fn of(&self, program: &Program) -> Result<Settings, String> {
        (self.0)(program)
    }
}

impl fmt::Debug for ConfigValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConfigValues")
    }
}

impl Default for ConfigValues {
    /// The defaults that a program declares.
    fn default() -> Self {
        Self::new(|program| Settings::new(program, []).map_err(|why| why.to_string()))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeployQuery {
    examples: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanQuery {
    #[serde(default)]
    rollback: bool,
    examples: Option<usize>,
}

/// What a deployment came to, or would.
#[derive(Serialize, JsonSchema)]
pub(super) struct RolledOut {
    /// The name of the program.
    name: String,
    /// Its hash.
    program: String,
    /// Whether it was only looked at.
    planned: bool,
    #[serde(flatten)]
    upgraded: Upgraded,
}

/// What runs were started with so far, the last one first.
#[derive(Serialize, JsonSchema)]
pub(super) struct Deployments {
    deployments: Vec<DeployedProgram>,
}

/// From a time on, runs are started with a program.
#[derive(Serialize, JsonSchema)]
pub(super) struct DeployedProgram {
    program: String,
    settings: String,
    at: Timestamp,
    /// Who wanted it; only `default` is told, where that was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    how: How,
}

/// The routes, for the table.
pub(super) fn routes() -> Vec<Route> {
    const EXAMPLES: Parameter = (
        "examples",
        "How many runs of each kind are named, at most 1000; else 3",
    );
    vec![
        Route::look(
            "list_deployments",
            "/v1/deployments",
            "Shows what runs were started with so far, the last one first",
            list,
        )
        .answers::<Deployments>(200),
        Route::act(
            "deploy",
            "/v1/deployments",
            "Starts runs with another program from now on, and moves those that can go on in it; the body is the compiled program",
            deploy,
        )
        .for_whom(Access::Role(Role::Deployer))
        .query(&[EXAMPLES])
        .takes::<Any>()
        .answers::<RolledOut>(200),
        Route::act(
            "plan_deployment",
            "/v1/deployments/plan",
            "Says what would become of each run; the body is the compiled program",
            plan,
        )
        .for_whom(Access::Role(Role::Deployer))
        .without_key("it changes nothing")
        .query(&[("rollback", "`true` for the program before, without a body"), EXAMPLES])
        .may_take::<Any>()
        .answers::<RolledOut>(200),
        Route::act(
            "rollback",
            "/v1/deployments/rollback",
            "Goes back to the program before, and moves the runs that can go on in it",
            rollback,
        )
        .for_whom(Access::Role(Role::Deployer))
        .query(&[EXAMPLES])
        .answers::<RolledOut>(200),
    ]
}

pub(super) async fn list(Here(shared): Here) -> Result<Json<Deployments>, Problem> {
    let all = shared.host.deployments().await?;
    // Whoever that was has a name in `default` alone.
    let shown = shared.host.namespace().is_empty();
    let deployments = all
        .into_iter()
        .map(DeployedProgram::from)
        .map(|it| DeployedProgram {
            by: it.by.filter(|_| shown),
            ..it
        });
    let deployments = deployments.collect();
    Ok(Json(Deployments { deployments }))
}

pub(super) async fn deploy(
    Here(shared): Here,
    Extension(asker): Extension<Asker>,
    query: Result<Query<DeployQuery>, QueryRejection>,
    body: Body,
) -> Result<Json<RolledOut>, Problem> {
    let query = parsed(query)?;
    let sent = sent(&shared, body).await?;
    roll_out(&shared, &asker, (sent, How::Deployed), query.examples).await
}

pub(super) async fn rollback(
    Here(shared): Here,
    Extension(asker): Extension<Asker>,
    query: Result<Query<DeployQuery>, QueryRejection>,
) -> Result<Json<RolledOut>, Problem> {
    let query = parsed(query)?;
    let earlier = shared.host.earlier().await?;
    roll_out(&shared, &asker, (earlier, How::RolledBack), query.examples).await
}

pub(super) async fn plan(
    Here(shared): Here,
    query: Result<Query<PlanQuery>, QueryRejection>,
    body: Body,
) -> Result<Json<RolledOut>, Problem> {
    let query = parsed(query)?;
    let deployment = match query.rollback {
        true => shared.host.earlier().await?,
        false => sent(&shared, body).await?,
    };
    let planned = shared.host.plan(&deployment, examples(query.examples)).await?;
    Ok(Json(RolledOut::new(&deployment, true, planned)))
}

/// The program that was sent, with the values that its configs have here.
async fn sent(shared: &Shared, body: Body) -> Result<Arc<Deployment>, Problem> {
    let bytes = body::read(shared, body).await?;
    let values = shared.options.values.clone();
    let made = tokio::task::spawn_blocking(move || made(&bytes, &values)).await;
    Ok(made.map_err(|why| RequestError::Body(why.to_string()))??)
}

fn made(bytes: &[u8], values: &ConfigValues) -> Result<Arc<Deployment>, Refusal> {
    let refused = |reason: String| Refusal::Undeployable { reason };
    let program = json::load(bytes).map_err(|why| refused(why.to_string()))?;
    let settings = values.of(&program).map_err(refused)?;
    Ok(Arc::new(Deployment::new(program, settings)))
}

async fn roll_out(
    shared: &Shared,
    asker: &Asker,
    (deployment, how): (Arc<Deployment>, How),
    wanted: Option<usize>,
) -> Result<Json<RolledOut>, Problem> {
    let by = (asker.caller.name.as_str(), how);
    let upgraded = shared
        .host
        .roll_out(Arc::clone(&deployment), by, examples(wanted))
        .await?;
    Ok(Json(RolledOut::new(&deployment, false, upgraded)))
}

fn examples(wanted: Option<usize>) -> usize {
    wanted.unwrap_or(EXAMPLES).min(EXAMPLES_MAX)
}

impl RolledOut {
    fn new(deployment: &Deployment, planned: bool, upgraded: Upgraded) -> Self {
        Self {
            name: deployment.program.name.to_string(),
            program: deployment.program_hash.to_string(),
            planned,
            upgraded,
        }
    }
}

impl From<Deployed> for DeployedProgram {
    fn from(deployed: Deployed) -> Self {
        Self {
            program: deployed.program.to_string(),
            settings: deployed.settings.to_string(),
            at: deployed.at,
            by: Some(deployed.by),
            how: deployed.how,
        }
    }
}

impl From<DeployError> for Problem {
    fn from(error: DeployError) -> Self {
        match error {
            DeployError::Refused(refusal) => refusal.into(),
            DeployError::Network(why) => Refusal::Undeployable {
                reason: why.to_string(),
            }
            .into(),
        }
    }
}
