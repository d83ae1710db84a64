//! Lengths of time: `1h30m` in the language, `5400s` in the JSON of protobuf.

/// Units from the greatest, in nanoseconds.
const UNITS: [(&str, i128); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// `1h30m` as `5400.000000000s`.
pub(super) fn seconds(text: &str) -> Option<String> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let mut nanos: i128 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, behind) = rest.split_at_checked(digits)?;
        let length = behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len());
        let (unit, next) = behind.split_at_checked(length)?;
        let (_, size) = UNITS.iter().find(|(name, _)| *name == unit)?;
        nanos = nanos.checked_add(number.parse::<i128>().ok()?.checked_mul(*size)?)?;
        rest = next;
    }
    let (whole, part) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    Some(format!("{sign}{whole}.{part:09}s"))
}

/// `5400.5s` as `1h30m500ms`.
pub(super) fn units(text: &str) -> Option<String> {
    let text = text.strip_suffix('s')?;
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => ("-", text),
        None => ("", text),
    };
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part: i128 = format!("{part:0<9}").get(..9)?.parse().ok()?;
    let mut left = whole
        .parse::<i128>()
        .ok()?
        .checked_mul(1_000_000_000)?
        .checked_add(part)?;
    if left == 0 {
        return Some("0s".to_owned());
    }
    let mut out = sign.to_owned();
    for (unit, size) in UNITS {
        let count = left / size;
        left %= size;
        if count > 0 {
            out.push_str(&format!("{count}{unit}"));
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::{seconds, units};

    #[test]
    fn lengths_of_time_go_both_ways() {
        for (here, there) in [
            ("1h30m", "5400.000000000s"),
            ("500ms", "0.500000000s"),
            ("-2s", "-2.000000000s"),
        ] {
            assert_eq!(seconds(here).as_deref(), Some(there));
            assert_eq!(units(there).as_deref(), Some(here));
        }
        assert_eq!(units("0s").as_deref(), Some("0s"));
        assert_eq!(units("1.5s").as_deref(), Some("1s500ms"));
        assert_eq!(seconds("1 hour"), None);
    }
}
