//! Identifiers of a trace, derived and never drawn, so that a run keeps its trace over restarts.

use std::fmt;

/// W3C trace id and the id of the span above; neither is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceContext {
    /// The trace.
    pub trace: u128,
    /// The span that what comes next is a child of.
    pub span: u64,
    /// Whether it is recorded.
    pub sampled: bool,
}

impl TraceContext {
    /// A child span whose id follows from this one and a number.
    #[must_use]
    pub fn child(self, number: u64) -> Self {
        let mixed = mix(self.span ^ mix(number.wrapping_add(0x9e37_79b9_7f4a_7c15)));
        Self {
            span: mixed.max(1),
            ..self
        }
    }

    /// The root span of a run: the run's identifier is the trace.
    #[must_use]
    pub fn root(run: u128) -> Self {
        let low = u64::try_from(run & u128::from(u64::MAX)).unwrap_or_default();
        Self {
            trace: run.max(1),
            span: mix(low).max(1),
            sampled: true,
        }
    }
}

/// As the header `traceparent` has it: `00-trace-span-flags`.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "00-{:032x}-{:016x}-{:02x}",
            self.trace,
            self.span,
            u8::from(self.sampled)
        )
    }
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): a bijection that spreads every bit.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
