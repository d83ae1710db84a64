//! Regions and waits.

use super::{Lines, event_name, signal_name, step_title};
use crate::{
    SlotId,
    flow::{Arm, Branch, Branches, Each, Guard, Need, On, Over, Region, Rest, Wait},
    print::value::millis,
};

impl Lines<'_> {
    /// `region s1, s2 after s1; need 1; catch Late -> s3; then s4`
    pub(super) fn region(&self, region: &Region) -> String {
        let mut text = format!("region {}", self.branches(&region.branches));
        text += &self.need(&region.need, region.rest);
        if let Some((duration, late)) = &region.within {
            text += &format!("; within {} else -> s{late}", self.expr(duration));
        }
        if let Some(guard) = &region.guard {
            text += &self.guard(guard);
        }
        text += &self.catches(&region.catch);
        if let Some(finally) = region.finally {
            text += &format!("; finally s{finally}");
        }
        if let Some(name) = region.name {
            text += &format!("; step {}", step_title(self.flow, name));
        }
        format!("{text}; then s{}", region.next)
    }

    fn branches(&self, branches: &Branches) -> String {
        match branches {
            Branches::Fixed(all) => {
                let branch = |branch: &Branch| self.branch(branch, all);
                all.iter().map(branch).collect::<Vec<_>>().join(", ")
            }
            Branches::Each(each) => self.each(each),
        }
    }

    fn branch(&self, branch: &Branch, all: &[Branch]) -> String {
        let mut text = format!("s{}", branch.entry);
        if let Some(when) = &branch.when {
            text += &format!(" when {}", self.expr(when));
        }
        let before: Vec<String> = branch
            .after
            .iter()
            .filter_map(|number| all.get(usize::try_from(*number).ok()?))
            .map(|before| format!("s{}", before.entry))
            .collect();
        if !before.is_empty() {
            text += &format!(" after {}", before.join(" and "));
        }
        text
    }

    fn each(&self, each: &Each) -> String {
        let over = match &each.over {
            Over::List(list) => self.expr(list),
            Over::Range(from, to) => format!("{}..{}", self.expr(from), self.expr(to)),
            Over::Signals(signal) => format!("signal {}", signal_name(self.flow, *signal)),
        };
        let slot = |slot: SlotId| self.printer.slot(slot);
        let mut text = format!(
            "s{} for {} in {over}{}",
            each.entry,
            slot(each.item),
            self.own(&each.own)
        );
        if let Some(limit) = &each.limit {
            text += &format!("; limit {}", self.expr(limit));
        }
        if let Some(gather) = &each.gather {
            let (value, given, list) = (slot(gather.value), slot(gather.given), slot(gather.list));
            text += &format!("; gather {value} if {given} -> {list}");
        }
        text
    }

    /// What becomes of the rest is only worth a word where there may be one.
    fn need(&self, need: &Need, rest: Rest) -> String {
        let need = match need {
            Need::All if rest == Rest::Cancel => return String::new(),
            Need::All => "all".to_owned(),
            Need::Count(count) => self.expr(count),
            Need::Until(condition) => format!("until {}", self.expr(condition)),
        };
        let rest = match rest {
            Rest::Cancel => "cancel",
            Rest::Finish => "finish",
            Rest::Later => "later",
        };
        format!("; need {need}; rest {rest}")
    }

    fn guard(&self, guard: &Guard) -> String {
        let name = self.expr(&guard.name);
        let token = guard
            .token
            .map(|token| format!(" as {}", self.printer.slot(token)));
        let token = token.unwrap_or_default();
        let permits = guard.permits.as_ref().map(|permits| self.expr(permits));
        let rate = guard.rate;
        let rate = rate.map(|rate| format!("{} in {}", rate.count, millis(rate.per_ms)));
        let most: Vec<String> = permits.into_iter().chain(rate).collect();
        match most.is_empty() {
            true => format!("; lock {name}{token}"),
            false => format!("; limit {name}, {}{token}", most.join(", ")),
        }
    }

    /// `wait approve -> s -> s2, after 2d -> s3`
    pub(super) fn wait(&self, wait: &Wait) -> String {
        let arms: Vec<String> = wait.arms.iter().map(|arm| self.arm(arm)).collect();
        format!("wait {}{}", arms.join(", "), self.catches(&wait.catch))
    }

    fn arm(&self, arm: &Arm) -> String {
        let on = match &arm.on {
            On::Signal(signal) => signal_name(self.flow, *signal),
            On::Event {
                event,
                slot,
                condition,
            } => {
                let name = event_name(self.program, *event);
                let (slot, condition) = (self.printer.slot(*slot), condition.as_ref());
                let condition = condition.map_or(String::new(), |it| format!(" where {}", self.expr(it)));
                format!("event {name} in {slot}{condition}")
            }
            On::After(duration) => format!("after {}", self.expr(duration)),
            On::At(time) => format!("at {}", self.expr(time)),
            On::Condition(condition) => format!("until {}", self.expr(condition)),
            On::Task(task) => format!("task {}", self.expr(task)),
        };
        format!("{on}{} -> s{}", self.bound(arm.bind), arm.next)
    }
}
