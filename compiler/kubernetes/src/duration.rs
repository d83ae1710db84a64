//! Durations as the targets write them.

/// `1.5s` from milliseconds, as Istio writes them; it takes nothing below a millisecond.
pub(crate) fn istio(ms: u64) -> String {
    let (seconds, millis) = (ms / 1_000, ms % 1_000);
    if millis == 0 {
        return format!("{seconds}s");
    }
    let fraction = format!("{millis:03}");
    format!("{seconds}.{}s", fraction.trim_end_matches('0'))
}

/// `1h30m` from milliseconds, as Gateway API writes them (GEP-2257): at most five digits a unit, no fractions; `None` where
/// it is longer than 99999 hours.
pub(crate) fn gep_2257(ms: u64) -> Option<String> {
    let (hours, minutes, seconds, millis) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60, ms % 1_000);
    if hours > 99_999 {
        return None;
    }
    let parts = [(hours, "h"), (minutes, "m"), (seconds, "s"), (millis, "ms")];
    let text: String = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    Some(if text.is_empty() { "0s".to_owned() } else { text })
}

/// `90s` from milliseconds, as Linkerd's annotations have them: a whole number of one unit, and nothing is not a time.
pub(crate) fn linkerd(ms: u64) -> String {
    let units = [(3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")];
    let ms = ms.max(1);
    let fits = units.iter().find(|(unit, _)| ms.checked_rem(*unit) == Some(0));
    let (unit, name) = fits.unwrap_or(&(1, "ms"));
    format!("{}{name}", ms.checked_div(*unit).unwrap_or(ms))
}

#[cfg(test)]
mod tests {
    use super::{gep_2257, istio, linkerd};

    #[test]
    fn linkerd_takes_whole_numbers_of_one_unit() {
        let cases = [
            (0, "1ms"),
            (250, "250ms"),
            (1_500, "1500ms"),
            (90_000, "90s"),
            (120_000, "2m"),
            (86_400_000, "24h"),
            (u64::MAX, "18446744073709551615ms"),
        ];
        for (ms, text) in cases {
            assert_eq!(linkerd(ms), text);
        }
    }

    #[test]
    fn istio_takes_fractions_of_a_second() {
        let cases = [
            (1, "0.001s"),
            (250, "0.25s"),
            (1_000, "1s"),
            (1_500, "1.5s"),
            (90_061_001, "90061.001s"),
        ];
        for (ms, text) in cases {
            assert_eq!(istio(ms), text);
        }
    }

    #[test]
    fn units_are_as_large_as_they_can_be() {
        let cases = [
            (0, "0s"),
            (250, "250ms"),
            (1_000, "1s"),
            (5_400_000, "1h30m"),
            (90_061_001, "25h1m1s1ms"),
        ];
        for (ms, text) in cases {
            assert_eq!(gep_2257(ms).as_deref(), Some(text));
        }
        assert_eq!(
            gep_2257(99_999 * 3_600_000 + 3_599_999).as_deref(),
            Some("99999h59m59s999ms")
        );
        assert_eq!(gep_2257(100_000 * 3_600_000), None);
        assert_eq!(gep_2257(u64::MAX), None);
    }
}
