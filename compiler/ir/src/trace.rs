//! Identifiers of a trace, derived and never drawn, so that a run keeps its trace over restarts.

mod lineage;

pub use lineage::{BAGGAGE_MAX, Lineage, STATE_MAX, begun, of_run};

use crate::traffic::Trace;
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

    /// What a caller says of its trace: `00-trace-span-flags` of version 00, or of a later one that begins the same way (W3C
    /// Trace Context, 3.2). Anything else is none, and a trace of its own begins.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let known = version == "00" && parts.next().is_none();
        let later = version != "00" && version != "ff";
        let sizes = [(version, 2), (trace, 32), (span, 16), (flags, 2)];
        let hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !(known || later) || sizes.iter().any(|(text, size)| text.len() != *size || !hex(text)) {
            return None;
        }
        let (trace, span) = (
            u128::from_str_radix(trace, 16).ok()?,
            u64::from_str_radix(span, 16).ok()?,
        );
        let sampled = u8::from_str_radix(flags, 16).ok()? & 1 == 1;
        (trace != 0 && span != 0).then_some(Self { trace, span, sampled })
    }

    /// Whether it is among so many of ten thousand traces. Whoever asks about the same trace hears the same, and who is among
    /// few is among more: the last 56 bits of a trace are chance (W3C Trace Context Level 2, 3.2.2.3).
    #[must_use]
    pub fn is_among(self, per_ten_thousand: u32) -> bool {
        let chance = self.trace & ((1 << 56) - 1);
        chance.saturating_mul(10_000) < u128::from(per_ten_thousand) << 56
    }

    /// As it is where a policy has it that only so many of those that are recorded are.
    #[must_use]
    pub fn thinned(self, trace: Option<&Trace>) -> Self {
        let sampled = self.sampled && trace.is_none_or(|trace| self.is_among(trace.sample));
        Self { sampled, ..self }
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

impl TraceContext {
    /// As the header `traceparent` has it: `00-trace-span-flags`. Written for every request, so without what makes texts
    /// of all kinds.
    #[must_use]
    pub fn header(self) -> [u8; 55] {
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
        text[3..35].copy_from_slice(&hex(self.trace));
        text[36..52].copy_from_slice(&digits(u128::from(self.span)));
        text[54] = if self.sampled { b'1' } else { b'0' };
        text
    }
}

/// As the header `traceparent` has it.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.header()).unwrap_or_default())
    }
}

/// A trace in hexadecimal, in all its 32 digits.
#[must_use]
pub fn hex(trace: u128) -> [u8; 32] {
    let mut text = [0; 32];
    let low = trace & u128::from(u64::MAX);
    text[..16].copy_from_slice(&digits(trace >> 64));
    text[16..].copy_from_slice(&digits(low));
    text
}

/// The 16 digits of a number of 64 bits, all at once: each half byte is moved into a byte of its own.
fn digits(number: u128) -> [u8; 16] {
    let ones = u128::MAX / 0xff;
    let mut spread = number;
    for (by, kept) in [
        (32, 0x0000_0000_ffff_ffff_0000_0000_ffff_ffff),
        (16, 0x0000_ffff_0000_ffff_0000_ffff_0000_ffff),
        (8, 0x00ff_00ff_00ff_00ff_00ff_00ff_00ff_00ff),
        (4, 0x0f0f_0f0f_0f0f_0f0f_0f0f_0f0f_0f0f_0f0f),
    ] {
        spread = (spread << by | spread) & kept;
    }
    // 6 more carries into the next half byte where it is a letter; between `9` and `a` there are 39 other characters.
    let letters = ((spread + 6 * ones) >> 4) & ones;
    (spread + u128::from(b'0') * ones + letters * 39).to_be_bytes()
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): a bijection that spreads every bit.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::TraceContext;

    #[test]
    fn what_is_written_is_read_again() {
        let context = TraceContext {
            trace: 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736,
            span: 0x00f0_67aa_0ba9_02b7,
            sampled: true,
        };
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(context.to_string(), text);
        assert_eq!(TraceContext::parse(text), Some(context));
        let later = "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes";
        assert_eq!(TraceContext::parse(later), Some(context));
    }

    #[test]
    fn a_share_of_traces_is_as_large_as_it_says_and_grows() {
        let traces =
            (0..20_000u128).map(|number| TraceContext::root(number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c)));
        let mut few = 0u32;
        for trace in traces {
            few += u32::from(trace.is_among(1_000));
            assert!(!trace.is_among(0) && trace.is_among(10_000));
            assert!(!trace.is_among(1_000) || trace.is_among(2_000), "{trace}");
        }
        assert!((1_800..2_200).contains(&few), "{few}");
    }

    #[test]
    fn what_is_no_trace_is_none() {
        for wrong in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceContext::parse(wrong), None, "{wrong}");
        }
    }
}
