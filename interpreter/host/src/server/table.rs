//! Every route there is.

use super::{
    audit, batch, deployments, events, filter,
    identity::Role,
    limits, list, past, results,
    route::{Access, Any, Content, Parameter, Route},
    routes, schedules, services, share, stand, steer, told, visits, workers,
};
use crate::engine::{
    Told,
    schedules::{Plan, ScheduleView},
    view::{Page, RunView},
};

const WAIT: Parameter = (
    "wait",
    "How long the answer may take: `30s`, `500ms`, at most a minute; it comes as soon as there is something to say",
);

/// All of them, in the order in which they are described.
pub(super) fn all() -> Vec<Route> {
    let groups = [
        general(),
        starting(),
        seeing(),
        steering(),
        telling(),
        planning(),
        deployments::routes(),
        working(),
        visits::routes(),
        limits::routes(),
        results::routes(),
        watching(),
    ];
    groups.into_iter().flatten().collect()
}

fn general() -> Vec<Route> {
    vec![
        Route::look(
            "health",
            "/healthz",
            "Says whether the server is alive",
            routes::health,
        )
        .for_whom(Access::Open)
        .answers::<routes::Health>(200),
        Route::look(
            "openapi",
            "/v1/openapi.json",
            "Describes this API",
            routes::description,
        )
        .answers::<Any>(200),
        Route::look(
            "list_flows",
            "/v1/flows",
            "Lists the flows that can be started",
            routes::flows,
        )
        .answers::<routes::Flows>(200),
    ]
}

fn watching() -> Vec<Route> {
    vec![
        Route::look(
            "get_server",
            "/v1/server",
            "Shows how the server does, over all namespaces",
            stand::show,
        )
        .for_whom(Access::Role(Role::Admin))
        .answers::<stand::ServerView>(200),
        Route::look(
            "read_audit",
            "/v1/audit",
            "Shows who did what, the newest first",
            audit::show,
        )
        .for_whom(Access::Role(Role::Admin))
        .query(&[
            ("limit", "How many, 1 to 1000; else 100"),
            ("who", "Only what was done by whoever is called so"),
            ("run", "Only what was done about this run"),
        ])
        .answers::<audit::AuditPage>(200),
    ]
}

fn starting() -> Vec<Route> {
    vec![
        Route::act(
            "start_run",
            "/v1/flows/{flow}/runs",
            "Starts a run; the body is its input",
            routes::start,
        )
        .query(&[
            WAIT,
            (
                "key",
                "The key of the run, by which two starts of the flow are one run for as long as that is kept; else it is that of `Idempotency-Key`",
            ),
        ])
        .query(&[
            (
                "priority",
                "More goes first where runs wait for room, a lock or a limit: `5`; else what the flow says",
            ),
            (
                "delay",
                "The run waits for so long before anything else: `5m`, `1h30m`, `2d`; else what the flow says",
            ),
        ])
        .may_take::<Any>()
        .answers::<routes::StartedRun>(202)
        .answers::<routes::StartedRun>(200),
    ]
}

fn seeing() -> Vec<Route> {
    vec![
        Route::look(
            "list_runs",
            "/v1/runs",
            "Lists runs, the newest first",
            list::list,
        )
        .query(filter::PARAMETERS)
        .query(&[
            ("limit", "The most runs of the page, 1 to 1000; else 50"),
            ("cursor", "The cursor of the page before"),
        ])
        .answers::<Page>(200),
        Route::look("count_runs", "/v1/runs/count", "Counts runs", list::count)
            .query(filter::PARAMETERS)
            .answers::<list::Counted>(200),
        Route::look("get_run", "/v1/runs/{run}", "Shows a run", routes::show)
            .query(&[WAIT])
            .answers::<RunView>(200),
        Route::look(
            "get_views",
            "/v1/runs/{run}/views",
            "Reads all views of a run",
            told::views,
        )
        .answers::<told::AllViews>(200),
        Route::look(
            "get_view",
            "/v1/runs/{run}/views/{name}",
            "Reads a view of a run",
            told::view,
        )
        .answers::<Any>(200),
        Route::look(
            "get_variables",
            "/v1/runs/{run}/variables",
            "Reads the variables of a run that has not ended",
            told::variables,
        )
        .answers::<told::Variables>(200),
        Route::look(
            "get_past_run",
            "/v1/runs/{run}/at/{sequence}",
            "Shows a run as it stood behind one of its events",
            past::at,
        )
        .answers::<past::PastView>(200),
        Route::look(
            "follow_run",
            "/v1/runs/{run}/events",
            "Follows what happens to a run, as server-sent events",
            events::events,
        )
        .header(("Last-Event-ID", "Go on behind the event of this number"))
        .answers_with(200, Content::Text("text/event-stream"))
        .answers_with(204, Content::Nothing),
    ]
}

fn steering() -> Vec<Route> {
    vec![
        Route::act(
            "batch",
            "/v1/batch/{verb}",
            "Does the same with all runs that a filter wants",
            batch::batch,
        )
        .query(filter::PARAMETERS)
        .query(&[
            ("preview", "`true` only says with how many"),
            (
                "all",
                "`true` where no filter is given and every run there is is meant",
            ),
            ("reason", "Why"),
        ])
        .answers::<batch::Answer>(200),
        steers(
            "cancel_run",
            "/v1/runs/{run}/cancel",
            "Cancels a run and undoes what it did",
            steer::cancel,
        )
        .may_take::<steer::Reason>(),
        steers(
            "pause_run",
            "/v1/runs/{run}/pause",
            "Lets a run take no new step",
            steer::pause,
        )
        .may_take::<steer::Reason>(),
        steers(
            "resume_run",
            "/v1/runs/{run}/resume",
            "Lets a paused run go on",
            steer::resume,
        ),
        steers(
            "terminate_run",
            "/v1/runs/{run}/terminate",
            "Ends a run where it stands and undoes nothing",
            steer::terminate,
        )
        .may_take::<steer::Reason>(),
        steers(
            "decide_run",
            "/v1/runs/{run}/decide",
            "Says how a parked run goes on",
            steer::decide,
        )
        .takes::<steer::Decided>(),
        steers(
            "edit_run",
            "/v1/runs/{run}/edit",
            "Gives variables of a paused or parked run new values",
            steer::edit,
        )
        .takes::<steer::Edited>(),
        Route::act(
            "retry_run",
            "/v1/runs/{run}/retry",
            "Tries a failed run again from its failed call, as a new run",
            share::retry,
        )
        .answers::<RunView>(201),
        Route::act(
            "restart_run",
            "/v1/runs/{run}/restart",
            "Does a run that has ended again from a step, as a new run",
            share::restart,
        )
        .takes::<share::Restart>()
        .answers::<RunView>(201),
    ]
}

fn telling() -> Vec<Route> {
    vec![
        Route::act(
            "signal_run",
            "/v1/runs/{run}/signals/{name}",
            "Sends a run a signal; the body is what it carries",
            told::signal,
        )
        .query(&[WAIT])
        .may_take::<Any>()
        .answers::<Any>(200)
        .answers_with(202, Content::Nothing),
        Route::act(
            "emit_event",
            "/v1/events/{name}",
            "Tells an event to every run that waits for it and every flow that it starts",
            told::emit,
        )
        .may_take::<Any>()
        .answers::<Told>(202),
    ]
}

fn planning() -> Vec<Route> {
    vec![
        Route::look(
            "get_health",
            "/v1/health/{service}/{version}",
            "Says how a version of a service did of late",
            services::health,
        )
        .query(&[("last", "How far back, `500ms` to `60s`; else 30s")])
        .answers::<services::Health>(200),
        Route::look(
            "list_schedules",
            "/v1/schedules",
            "Lists the schedules",
            schedules::list,
        )
        .answers::<schedules::All>(200),
        Route::look(
            "get_schedule",
            "/v1/schedules/{schedule}",
            "Shows a schedule",
            schedules::show,
        )
        .query(&[("next", "How many of its next times; else 10")])
        .answers::<ScheduleView>(200),
        Route::act(
            "pause_schedule",
            "/v1/schedules/{schedule}/pause",
            "Begins nothing of a schedule until it is resumed",
            schedules::pause,
        )
        .may_take::<schedules::PauseBody>()
        .answers::<ScheduleView>(200),
        Route::act(
            "resume_schedule",
            "/v1/schedules/{schedule}/resume",
            "Begins again what is due of a schedule from now on",
            schedules::resume,
        )
        .answers::<ScheduleView>(200),
        Route::act(
            "backfill_schedule",
            "/v1/schedules/{schedule}/backfill",
            "Makes up for a range of the past",
            schedules::backfill,
        )
        .takes::<schedules::BackfillBody>()
        .answers::<Plan>(202)
        .answers::<Plan>(200),
        Route::act(
            "stop_backfill",
            "/v1/schedules/{schedule}/backfill/stop",
            "Begins no more of what is made up for",
            schedules::stop_backfill,
        )
        .answers::<ScheduleView>(200),
    ]
}

fn working() -> Vec<Route> {
    let done = |route: Route| route.answers_with(204, Content::Nothing);
    vec![
        Route::act(
            "lease_task",
            "/v1/queues/{queue}/lease",
            "Pulls a task, as a worker",
            workers::lease,
        )
        .without_key("a lease is in memory alone, and is over by itself")
        .query(&[
            WAIT,
            ("lease", "How long the task is to be the worker's; else `30s`"),
        ])
        .answers::<workers::Leased>(200)
        .answers_with(204, Content::Nothing),
        done(Route::act(
            "heartbeat_task",
            "/v1/tasks/{task}/heartbeat",
            "Says that a worker still works on its task",
            workers::heartbeat,
        ))
        .without_key("it says how things stand now")
        .takes::<workers::Beat>(),
        done(Route::act(
            "complete_task",
            "/v1/tasks/{task}/complete",
            "Says what came of a task",
            workers::complete,
        ))
        .takes::<workers::Done>(),
        done(Route::act(
            "fail_task",
            "/v1/tasks/{task}/fail",
            "Says that a task failed",
            workers::fail,
        ))
        .takes::<workers::Failed>(),
    ]
}

/// A verb for a run, answered with how it then stands.
fn steers<H, T>(name: &'static str, path: &'static str, does: &'static str, handler: H) -> Route
where
    H: axum::handler::Handler<T, super::Shared>,
    T: 'static,
{
    Route::act(name, path, does, handler).answers::<RunView>(202)
}
