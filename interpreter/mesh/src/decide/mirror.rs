//! Whether a copy of a request goes elsewhere.

use super::chance::{Chance, below};
use flowmesh_ir::{
    SubsetId,
    service::EffectKind,
    traffic::{Mirror, Onward},
};

/// Whether a request that goes to the chosen subset is copied. What may not be repeated is copied only where the policy
/// says so: to whoever gets the copy it is real. What goes there anyway is not copied there.
pub fn is_copied(mirror: &Mirror, chosen: SubsetId, effect: EffectKind, chance: &mut Chance<'_>) -> bool {
    let may = effect.repeatable() || mirror.writes;
    let elsewhere = mirror.to != Onward::Subset(chosen);
    may && elsewhere && below(chance, 100) < u64::from(mirror.percent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::chance::Source;

    const ALL: Mirror = Mirror {
        to: Onward::Subset(SubsetId(1)),
        percent: 100,
        writes: false,
    };

    fn is(mirror: Mirror, chosen: u32, effect: EffectKind) -> bool {
        is_copied(&mirror, SubsetId(chosen), effect, &mut || u64::MAX)
    }

    #[test]
    fn what_may_not_be_repeated_is_copied_only_where_that_is_said() {
        for effect in [EffectKind::Read, EffectKind::Idempotent, EffectKind::Keyed] {
            assert!(is(ALL, 0, effect));
        }
        assert!(!is(ALL, 0, EffectKind::Once));
        assert!(is(Mirror { writes: true, ..ALL }, 0, EffectKind::Once));
    }

    #[test]
    fn what_goes_there_anyway_is_not_copied_there() {
        assert!(!is(ALL, 1, EffectKind::Read));
    }

    #[test]
    fn only_a_share_is_copied() {
        let source = Source::new(3);
        let mirror = Mirror { percent: 10, ..ALL };
        let drawn =
            (0..10_000).filter(|_| is_copied(&mirror, SubsetId(0), EffectKind::Read, &mut || source.draw()));
        let count = drawn.count();
        assert!((900..1_100).contains(&count), "{count}");
    }
}
