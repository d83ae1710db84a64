//! The variables of a run as people see and edit them: by the names that they have in the flow.
//!
//! A name that is used several times in a flow is told apart by the number of its slot (`item#9`, as `compile --to ir`
//! prints it), where what is under way does not tell already. A variable that each round of a loop has for itself is
//! that of the round in which the run is parked.

mod path;

use crate::{
    Misfit, Run,
    border::{Strictness, decode, encode},
    run::{FrameId, Stuck},
};
use flowmesh_ir::{
    Program, SlotId, Value,
    diff::live,
    flow::{Flow, Slot},
    ty::Type,
};
use flowmesh_stdlib::limit;
use path::Path;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A new value of a variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Which variable.
    pub slot: SlotId,
    /// The whole value, as JSON by its type.
    pub value: Arc<[u8]>,
}

/// The variables that have a value, by name, as JSON, in the order in which the flow declares them.
#[must_use]
pub fn variables(program: &Program, run: &Run) -> Vec<(String, String)> {
    let Some(flow) = program.flow(run.flow) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (slot, declared) in named(flow) {
        let (Some(ty), Some(value)) = (&declared.ty, value(run, slot)) else {
            continue;
        };
        if value == Value::None {
            continue;
        }
        let several = named(flow)
            .filter(|(_, other)| other.name == declared.name)
            .count()
            > 1;
        let name = if several {
            format!("{}#{}", declared.name, slot.0)
        } else {
            declared.name.to_string()
        };
        found.push((name, encode(program, ty, &value)));
    }
    found
}

/// What new values of variables, or of parts of them (`order.items[0].count`), make of the variables.
///
/// # Errors
/// There is no such variable, or a value does not fit its type.
pub fn check_edit<'n>(
    program: &Program,
    run: &Run,
    edits: impl IntoIterator<Item = (&'n str, &'n [u8])>,
) -> Result<Vec<Change>, Misfit> {
    let mut changed: BTreeMap<SlotId, Value> = BTreeMap::new();
    for (name, json) in edits {
        let path = Path::parse(name)?;
        let (slot, ty) = find(program, run, &path)?;
        let before = match changed.remove(&slot) {
            Some(value) => value,
            None => value(run, slot).ok_or_else(|| several(&path))?,
        };
        let after = path.put(program, ty, before, json)?;
        // Rules of the whole look at its parts.
        let whole = encode(program, ty, &after);
        let after = decode(program, ty, whole.as_bytes(), Strictness::Strict);
        let after = after.map_err(|misfit| path.around(misfit))?;
        limit::check_value(&after).map_err(|fault| path.misfit("a smaller value", fault.reason()))?;
        changed.insert(slot, after);
    }
    let flow = program.flow(run.flow);
    let change = |(slot, value): (SlotId, Value)| {
        let ty = flow.and_then(|flow| flow.slots.get(slot.index())?.ty.as_ref())?;
        Some(Change {
            slot,
            value: encode(program, ty, &value).into_bytes().into(),
        })
    };
    Ok(changed.into_iter().filter_map(change).collect())
}

/// Variables that have a name of the author's.
fn named(flow: &Flow) -> impl Iterator<Item = (SlotId, &Slot)> {
    let slots = (0u32..).map(SlotId).zip(&flow.slots);
    slots.filter(|(_, slot)| slot.ty.is_some() && !slot.name.starts_with('_'))
}

/// The variable that a name means.
fn find<'p>(program: &'p Program, run: &Run, path: &Path<'_>) -> Result<(SlotId, &'p Type), Misfit> {
    let unknown = || path.misfit("a variable of the flow", "another name");
    let flow = program.flow(run.flow).ok_or_else(unknown)?;
    let all = named(flow).filter(|(slot, declared)| {
        declared.name == path.name && path.slot.is_none_or(|number| number == slot.0)
    });
    let mut found: Vec<SlotId> = all.map(|(slot, _)| slot).collect();
    if found.len() > 1 {
        let used = in_use(flow, run);
        found.retain(|slot| used.contains(slot));
    }
    match found.as_slice() {
        [slot] => {
            let declared = flow.slots.get(slot.index());
            let ty = declared.and_then(|declared| declared.ty.as_ref());
            Ok((*slot, ty.ok_or_else(unknown)?))
        }
        _ => Err(not_one(flow, path)),
    }
}

fn not_one(flow: &Flow, path: &Path<'_>) -> Misfit {
    let of_name = named(flow).filter(|(_, declared)| declared.name == path.name);
    let numbered: Vec<String> = of_name
        .map(|(slot, declared)| format!("`{}#{}`", declared.name, slot.0))
        .collect();
    if numbered.len() > 1 {
        return path.misfit(
            &format!("one of {}", numbered.join(", ")),
            "a name that several have",
        );
    }
    let names = named(flow).map(|(_, declared)| declared.name.as_str());
    let near = flowmesh_ir::nearest(path.name, names);
    Misfit {
        hint: near.map(|near| format!("did you mean `{near}`?")),
        ..path.misfit("a variable of the flow", "another name")
    }
}

fn several(path: &Path<'_>) -> Misfit {
    path.misfit(
        "a variable that there is once",
        "one that each round of a loop has for itself",
    )
}

/// The variables that are still read from where the run stands.
fn in_use(flow: &Flow, run: &Run) -> BTreeSet<SlotId> {
    let live = live(flow);
    let fibers = run.fibers.values();
    let states = fibers.filter_map(|fiber| live.get(fiber.state.index()));
    states.flatten().copied().collect()
}

/// The value of a variable; `None` where there are several.
fn value(run: &Run, slot: SlotId) -> Option<Value> {
    match place(run, slot)? {
        Some(frame) => {
            let frame = run.frames.get(&frame)?;
            let at = frame.slots.iter().position(|own| *own == slot)?;
            frame.values.get(at).cloned()
        }
        None => Some(run.frame.get(slot.index()).cloned().unwrap_or_default()),
    }
}

/// In whose values a variable lies: those of a frame, or `Some(None)` those that all share; `None` where several frames
/// have one of their own. Between events no frame is seated.
pub(crate) fn place(run: &Run, slot: SlotId) -> Option<Option<FrameId>> {
    let owns = |id: &FrameId| {
        run.frames
            .get(id)
            .is_some_and(|frame| frame.slots.contains(&slot))
    };
    let mut at = parked_frame(run);
    while let Some(id) = at {
        if owns(&id) {
            return Some(Some(id));
        }
        at = run.frames.get(&id).and_then(|frame| frame.outer);
    }
    let mut owners = run.frames.keys().filter(|id| owns(id));
    match (owners.next(), owners.next()) {
        (None, _) => Some(None),
        (Some(only), None) => Some(Some(*only)),
        (Some(_), Some(_)) => None,
    }
}

fn parked_frame(run: &Run) -> Option<FrameId> {
    let parked = run.still.as_ref()?.parked.as_ref()?;
    match parked.stuck {
        Stuck::Fiber(fiber, _) => run.fibers.get(&fiber)?.frame,
        Stuck::Orphan(_) | Stuck::Undo(_) => None,
    }
}
