//! Durations as manifests write them: `1.5s` of Istio, `1h30m` of Gateway API.

/// The longest that is believed: a thousand days.
const MAX_MS: f64 = 86_400_000_000.0;

/// Milliseconds; nothing where it is no duration.
pub(crate) fn read(text: &str) -> Option<u64> {
    let mut rest = text.trim();
    let mut total = 0.0_f64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|sign: char| !sign.is_ascii_digit() && sign != '.')?;
        let (number, behind) = rest.split_at(digits);
        let units = behind
            .find(|sign: char| sign.is_ascii_digit())
            .unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(units);
        let factor = match unit {
            "ns" => 0.000_001,
            "us" | "µs" => 0.001,
            "ms" => 1.0,
            "s" => 1_000.0,
            "m" => 60_000.0,
            "h" => 3_600_000.0,
            "d" => 86_400_000.0,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * factor;
        rest = behind;
    }
    (0.0..=MAX_MS)
        .contains(&total)
        .then(|| format!("{:.0}", total.round()).parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn both_forms_are_read() {
        let cases = [
            ("1.5s", Some(1_500)),
            ("1h30m", Some(5_400_000)),
            ("0s", Some(0)),
            ("25ms", Some(25)),
            ("1", None),
            ("s", None),
            ("", None),
            ("1.2.3s", None),
            ("99999999999h", None),
        ];
        for (text, ms) in cases {
            assert_eq!(read(text), ms, "{text}");
        }
    }
}
