//! A run: started once, followed to its end, and ended with its object where that is wanted.

use super::{say, token::token};
use crate::{
    context::Context,
    crd::{DELETION, Input, Program, Run, RunDeletion, RunStatus, Truth, set},
    decide::{deletion, names, plan::Refused, run},
    error::Error,
    server::{Fault, Server},
};
use jiff::Timestamp;
use kube::{Api, Resource, ResourceExt, runtime::controller::Action};
use std::sync::Arc;

/// Brings a run on its way by one step.
pub(crate) async fn reconcile(object: Arc<Run>, context: Arc<Context>) -> Result<Action, Error> {
    let namespace = object.namespace().ok_or(Error::Incomplete("namespace"))?;
    let following = Following {
        api: Api::namespaced(context.client.clone(), &namespace),
        namespace,
        context: &context,
        object: &object,
        before: object.status.clone().unwrap_or_default(),
    };
    if object.meta().deletion_timestamp.is_some() {
        return following.leave().await;
    }
    if !say::is_kept(&*object) {
        say::keep(&context.standing, &following.api, &*object).await?;
        return Ok(Action::await_change());
    }
    following.follow().await
}

struct Following<'f> {
    context: &'f Context,
    api: Api<Run>,
    namespace: String,
    object: &'f Run,
    before: RunStatus,
}

impl Following<'_> {
    async fn follow(&self) -> Result<Action, Error> {
        if self.has_ended() {
            return Ok(Action::await_change());
        }
        let Some(program) = self.program().await? else {
            let text = format!("there is no Program `{}` here", self.object.spec.program);
            return self.not_yet("ProgramNotFound", &text).await;
        };
        let Some(server) = self.server(&program).await? else {
            let text = format!("the Program `{}` is not deployed yet", self.object.spec.program);
            return self.not_yet("ProgramNotReady", &text).await;
        };
        let told = match &self.before.run {
            Some(id) => server.run(id).await,
            None if program.meta().deletion_timestamp.is_some() => {
                return self
                    .not_yet("ProgramDeleted", "its Program is to be deleted")
                    .await;
            }
            None => self.start(&server).await,
        };
        let now = Timestamp::now();
        match told {
            Ok(run) => {
                let status = run::status(&self.before, &run, self.object.meta().generation, now);
                let soon = run::look_again(status.started.as_deref(), now);
                let ended = status.state.as_deref().is_some_and(run::is_end);
                self.say(status).await?;
                Ok(if ended {
                    Action::await_change()
                } else {
                    Action::requeue(soon)
                })
            }
            Err(fault) => self.failed(&fault).await,
        }
    }

    /// By the identifier of the object: however often it is asked for, it is one run.
    async fn start(&self, server: &Server) -> Result<serde_json::Value, Fault> {
        let key = self.object.uid().unwrap_or_default();
        let spec = &self.object.spec;
        server
            .start(&spec.flow, &key, spec.input.as_ref().map(Input::text))
            .await
    }

    async fn failed(&self, fault: &Fault) -> Result<Action, Error> {
        if let (Some(_), Fault::Refused(Refused { status: 404, .. })) = (&self.before.run, fault) {
            let text = "the server has no such run: it was deleted there, or kept elsewhere";
            self.say(run::lost(
                &self.before,
                text,
                self.object.meta().generation,
                Timestamp::now(),
            ))
            .await?;
            return Ok(Action::requeue(self.context.options.resync));
        }
        // Where it was started, nothing is known any better than before.
        if self.before.run.is_some() {
            tracing::warn!(run = %self.object.name_any(), %fault, "a run cannot be looked at");
            return Ok(Action::requeue(self.context.options.resync));
        }
        match fault {
            Fault::Lost(why) => self.not_yet("ServerUnreachable", why).await,
            Fault::Refused(refused) => {
                self.not_yet("Refused", &refused.to_string()).await?;
                // It takes another program, or another run.
                Ok(Action::requeue(self.context.options.resync))
            }
        }
    }

    async fn leave(&self) -> Result<Action, Error> {
        if !say::is_kept(self.object) {
            return Ok(Action::await_change());
        }
        let annotation = self.object.annotations().get(DELETION).map(String::as_str);
        let wanted = deletion::wanted_of_run(annotation, self.object.spec.deletion);
        let verb = match wanted {
            RunDeletion::Leave => return self.gone().await,
            RunDeletion::Cancel => "cancel",
            RunDeletion::Terminate => "terminate",
        };
        if self.has_ended() {
            return self.gone().await;
        }
        let program = self.program().await?;
        let server = match &program {
            Some(program) => self.server(program).await?,
            None => None,
        };
        // A program that is gone took its server along.
        let Some(server) = server else {
            return self.gone().await;
        };
        match self.end(&server, verb).await {
            Ok(true) => self.gone().await,
            Ok(false) => self.stays("Ending", "the run has not ended yet").await,
            Err(fault) => self.stays("ServerUnreachable", &fault.to_string()).await,
        }
    }

    async fn stays(&self, reason: &str, text: &str) -> Result<Action, Error> {
        let mut status = self.before.clone();
        let said = (("Deletable", Truth::False), (reason, text));
        set(
            &mut status.conditions,
            said.0,
            said.1,
            self.object.meta().generation,
            Timestamp::now(),
        );
        self.say(status).await?;
        Ok(Action::requeue(self.context.options.retry))
    }

    /// Ends a run; whether it has ended.
    async fn end(&self, server: &Server, verb: &str) -> Result<bool, Fault> {
        // One that was started and not written down is known by its key.
        let id = match &self.before.run {
            Some(id) => Some(id.clone()),
            None => {
                server
                    .find(&self.object.spec.flow, &self.object.uid().unwrap_or_default())
                    .await?
            }
        };
        let Some(id) = id else { return Ok(true) };
        let told = match server.run(&id).await {
            Err(Fault::Refused(refused)) if refused.status == 404 => return Ok(true),
            other => other?,
        };
        let state = told
            .get("state")
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default();
        if run::is_end(state) {
            return Ok(true);
        }
        // One that undoes what it did is cancelled already.
        if state == "undoing" && verb == "cancel" {
            return Ok(false);
        }
        match server.end(&id, verb).await {
            // It ended, or was cancelled, in between: that is looked at next time.
            Err(Fault::Refused(refused)) if refused.status == 409 => Ok(false),
            other => other.map(|()| false),
        }
    }

    async fn gone(&self) -> Result<Action, Error> {
        say::release(&self.context.standing, &self.api, self.object).await?;
        Ok(Action::await_change())
    }

    fn has_ended(&self) -> bool {
        self.before.state.as_deref().is_some_and(run::is_end)
    }

    async fn program(&self) -> Result<Option<Program>, Error> {
        if !names::is_name(&self.object.spec.program) {
            return Ok(None);
        }
        let api: Api<Program> = Api::namespaced(self.context.client.clone(), &self.namespace);
        Ok(api.get_opt(&self.object.spec.program).await?)
    }

    /// The server of a program, once it was deployed.
    async fn server(&self, program: &Program) -> Result<Option<Server>, Error> {
        let status = program.status.as_ref().filter(|status| status.program.is_some());
        let Some(name) = status.and_then(|status| status.name.as_deref()) else {
            return Ok(None);
        };
        let token = token(self.context, &program.spec.secrets, (&self.namespace, name)).await?;
        Ok(Some(self.context.server(&self.namespace, name, token)))
    }

    async fn not_yet(&self, reason: &str, text: &str) -> Result<Action, Error> {
        let generation = self.object.meta().generation;
        self.say(run::unstarted(
            &self.before,
            (reason, text),
            generation,
            Timestamp::now(),
        ))
        .await?;
        Ok(Action::requeue(self.context.options.retry))
    }

    async fn say(&self, status: RunStatus) -> Result<(), Error> {
        if self.object.status.as_ref() == Some(&status) {
            return Ok(());
        }
        let mut object = self.object.clone();
        object.status = Some(status);
        say::status(&self.context.standing, &self.api, &object)
            .await
            .map(drop)
    }
}
