//! The trace of a visit: that of whoever asks, or a new one, and whether it is recorded.

use super::listen::Door;
use crate::decide::propagation::{Told, accompany, read};
use flowmesh_ir::trace::{Lineage, TraceContext};
use http::HeaderMap;

/// The trace of a visit.
pub(super) struct Traced {
    /// The span of the visit itself.
    pub(super) context: TraceContext,
    /// That of whoever asks.
    pub(super) above: Option<u64>,
    /// What those who are asked on its behalf go on from.
    pub(super) lineage: Lineage,
    /// Whether somebody has said already whether it is recorded.
    decided: bool,
}

impl Door {
    /// What the visitor says of its trace, which the headers then say in our words.
    pub(super) fn traced(&self, headers: &mut HeaderMap) -> Traced {
        let told = read(headers);
        let any = told.any;
        let traced = Traced::new(told, || self.chance.draw());
        if any {
            accompany(headers, &traced.lineage);
        }
        traced
    }
}

impl Traced {
    fn new(told: Told, mut draw: impl FnMut() -> u64) -> Self {
        let (trace, above) = match told.ids {
            Some((trace, above)) => (trace, Some(above)),
            None => ((u128::from(draw()) << 64 | u128::from(draw())).max(1), None),
        };
        let context = TraceContext {
            trace,
            span: draw().max(1),
            sampled: told.sampled.unwrap_or(true),
        };
        Self {
            context,
            above,
            lineage: Lineage {
                state: told.state,
                baggage: told.baggage,
                ..Lineage::below(context)
            },
            decided: told.sampled.is_some(),
        }
    }

    /// Whether it is recorded, where nobody has said so: so many of ten thousand are.
    pub(super) fn decide(&mut self, share: Option<u32>) {
        if !std::mem::replace(&mut self.decided, true) {
            let recorded = share.is_none_or(|share| self.context.is_among(share));
            (self.context.sampled, self.lineage.sampled) = (recorded, recorded);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Traced;
    use crate::decide::propagation::Told;

    fn traced(told: Told) -> Traced {
        let mut next = 0;
        Traced::new(told, || {
            next += 1;
            next
        })
    }

    #[test]
    fn who_says_it_is_recorded_or_not_is_heard() {
        for sampled in [true, false] {
            let mut traced = traced(Told {
                ids: Some((7, 8)),
                sampled: Some(sampled),
                ..Told::default()
            });
            traced.decide(Some(if sampled { 0 } else { 10_000 }));
            assert_eq!((traced.context.trace, traced.above), (7, Some(8)));
            assert_eq!(
                (traced.context.sampled, traced.lineage.sampled),
                (sampled, sampled)
            );
            assert_eq!(traced.lineage.parent, Some(traced.context.span));
            assert_ne!(traced.context.span, 8, "a visit is a span of its own");
        }
    }

    #[test]
    fn where_nobody_says_it_a_share_is_recorded_once_and_for_all() {
        for (share, recorded) in [(None, true), (Some(10_000), true), (Some(0), false)] {
            let mut traced = traced(Told::default());
            traced.decide(share);
            traced.decide(Some(10_000));
            assert_eq!(traced.context.sampled, recorded, "{share:?}");
            assert_eq!(traced.above, None);
        }
    }
}
