//! What can be read of the values of a run: what its flow shows (`view progress = E`), and its variables.

use super::{Deployment, Engine, Life, Refusal, output::Answer, view::Views};
use crate::RunId;
use flowmesh_ir::{FlowId, Name};
use flowmesh_machine::Run;
use serde_json::value::RawValue;

impl Engine {
    /// Views of a run that has not ended. Of one that has, the machine is gone: the host plays its journal once more.
    pub(super) fn views_of(&self, run: RunId, name: Option<&Name>) -> Answer {
        let Some(held) = self.runs.get(&run) else {
            return Answer::Refused(Refusal::UnknownRun { run });
        };
        match &held.life {
            Life::Live(live) => match views(&held.deployment, held.flow, &live.run, name) {
                Ok(views) => Answer::Views(views),
                Err(refusal) => Answer::Refused(refusal),
            },
            Life::Ended(_) => self.answer(super::query::Query::History(run)),
        }
    }
}

impl Engine {
    /// The variables of a run that has not ended.
    pub(super) fn variables_of(&self, run: RunId) -> Answer {
        let Some(held) = self.runs.get(&run) else {
            return Answer::Refused(Refusal::UnknownRun { run });
        };
        let Life::Live(live) = &held.life else {
            let state = held.state();
            return Answer::Refused(Refusal::Ended { run, state });
        };
        let variables = flowmesh_machine::variables(&held.deployment.program, &live.run);
        let raw = |(name, json)| Some((name, RawValue::from_string(json).ok()?));
        Answer::Variables(variables.into_iter().filter_map(raw).collect())
    }
}

/// One view of a run as it stands, or all of them.
pub(crate) fn views(
    deployment: &Deployment,
    flow: FlowId,
    run: &Run,
    name: Option<&Name>,
) -> Result<Views, Refusal> {
    let declared = deployment.program.flow(flow).map_or(&[][..], |flow| &flow.views);
    let names = declared.iter().map(|view| &view.name);
    let wanted: Vec<&Name> = names
        .clone()
        .filter(|view| name.is_none_or(|name| name == *view))
        .collect();
    if let (Some(name), []) = (name, wanted.as_slice()) {
        let nearest = flowmesh_ir::nearest(name, names.map(Name::as_str));
        return Err(Refusal::UnknownView {
            flow: deployment.flow_name(flow),
            view: name.clone(),
            nearest: nearest.map(Name::new),
        });
    }
    let value = |name: &Name| {
        let json = flowmesh_machine::view(&deployment.program, &deployment.settings, run, name);
        let json = json.unwrap_or_else(|| Err("the flow has no such view".to_owned()));
        json.and_then(|json| RawValue::from_string(json).map_err(|error| error.to_string()))
    };
    Ok(wanted
        .into_iter()
        .map(|name| (name.clone(), value(name)))
        .collect())
}
