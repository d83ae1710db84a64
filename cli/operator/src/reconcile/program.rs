//! A program: compiled, rolled out, and told how it stands.

use super::{leave, rollout::Rollout, say};
use crate::{
    context::Context,
    crd::{Finding, ObjectKey, Program},
    decide::{
        make::{self, Around, Made},
        names,
        report::Report,
        shape::Owner,
        size, source,
    },
    error::Error,
};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{Api, Resource, ResourceExt, runtime::controller::Action};
use std::{collections::BTreeMap, sync::Arc};

/// One program that is looked at.
pub(super) struct Looking<'c> {
    pub(super) context: &'c Context,
    pub(super) api: Api<Program>,
    /// As it was read or written last.
    pub(super) program: Program,
    pub(super) owner: Owner,
}

/// Brings a program on its way by one step.
pub(crate) async fn reconcile(program: Arc<Program>, context: Arc<Context>) -> Result<Action, Error> {
    let mut looking = Looking::new(&program, &context)?;
    if program.meta().deletion_timestamp.is_some() {
        return leave::leave(&mut looking).await;
    }
    if !say::is_kept(&*program) {
        say::keep(&context.standing, &looking.api, &*program).await?;
        // That it was written brings us back.
        return Ok(Action::await_change());
    }
    let mut report = looking.report();
    match looking.made().await? {
        Ok(made) => {
            let soon = Rollout::new(&mut looking, made, &mut report).go().await;
            report.sum_up();
            looking.say(&report).await?;
            soon.map(Action::requeue)
        }
        Err(findings) => {
            report.wrong(findings);
            report.sum_up();
            looking.say(&report).await?;
            Ok(Action::requeue(context.options.resync))
        }
    }
}

impl<'c> Looking<'c> {
    fn new(program: &Program, context: &'c Context) -> Result<Self, Error> {
        let namespace = program.namespace().ok_or(Error::Incomplete("namespace"))?;
        let owner = Owner {
            name: program.name_any(),
            uid: program.uid().ok_or(Error::Incomplete("uid"))?,
            namespace: namespace.clone(),
        };
        let mut program = program.clone();
        if let Some(status) = &mut program.status {
            // Whoever may write a status could name what is nowhere.
            status.objects.retain(names::is_key);
        }
        Ok(Self {
            context,
            api: Api::namespaced(context.client.clone(), &namespace),
            program,
            owner,
        })
    }

    /// What is said, beginning with what was.
    pub(super) fn report(&self) -> Report {
        let before = self.program.status.clone().unwrap_or_default();
        Report::new(before, self.program.meta().generation, Timestamp::now())
    }

    /// Writes what is said, where that is something else than before.
    pub(super) async fn say(&mut self, report: &Report) -> Result<(), Error> {
        if self.program.status.as_ref() == Some(&report.status) {
            return Ok(());
        }
        self.program.status = Some(report.status.clone());
        self.program = say::status(&self.context.standing, &self.api, &self.program).await?;
        Ok(())
    }

    /// As whom fields are written: one manager for each program, since programs share an account.
    pub(super) fn manager(&self) -> String {
        format!("flowmesh-operator/{}", self.owner.uid)
    }

    /// What belonged to it when it was looked at last.
    pub(super) fn objects(&self) -> &[ObjectKey] {
        self.program.status.as_ref().map_or(&[], |status| &status.objects)
    }

    /// What its spec comes to.
    async fn made(&self) -> Result<Result<Made, Vec<Finding>>, Error> {
        let spec = self.program.spec.clone();
        if let Err(why) = size::spec(&spec) {
            return Ok(Err(vec![make::ours(why)]));
        }
        let map = match &spec.source.config_map {
            Some(source) => self.map(&source.name).await?,
            None => None,
        };
        let around = Around {
            owner: self.owner.clone(),
            into: self.context.options.into.clone(),
        };
        let made = tokio::task::spawn_blocking(move || {
            let given = source::given(&spec.source, map.as_ref()).map_err(|why| vec![wrong(why)])?;
            make::make(&given, &spec, &around)
        });
        made.await.map_err(|why| Error::Compiler(why.to_string()))
    }

    async fn map(&self, name: &str) -> Result<Option<BTreeMap<String, String>>, Error> {
        if !names::is_name(name) {
            return Ok(None);
        }
        let api: Api<ConfigMap> = Api::namespaced(self.context.client.clone(), &self.owner.namespace);
        let map = api.get_opt(name).await?;
        Ok(map.map(|map| map.data.unwrap_or_default()))
    }
}

fn wrong(text: String) -> Finding {
    Finding {
        severity: "error".to_owned(),
        place: "spec.source".to_owned(),
        text,
        ..Finding::default()
    }
}
