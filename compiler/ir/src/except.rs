//! The days on which a schedule is not due: a weekday, a date, a day of each year, or all days between two dates.

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// Days that are left out. Its JSON form is its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Except {
    /// `saturday`
    Weekday(Weekday),
    /// `12-25`: this day of each year.
    Yearly {
        /// The month, from 1.
        month: i8,
        /// The day, from 1.
        day: i8,
    },
    /// `2026-12-24..2027-01-02`, both among them; `2026-12-24` is from and to the same.
    Dates {
        /// The first.
        from: Date,
        /// The last.
        to: Date,
    },
}

/// The days of a week, as they are written.
pub const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

impl Except {
    /// Whether a date is among them.
    #[must_use]
    pub fn covers(self, date: Date) -> bool {
        match self {
            Self::Weekday(weekday) => date.weekday() == weekday,
            Self::Yearly { month, day } => (date.month(), date.day()) == (month, day),
            Self::Dates { from, to } => (from..=to).contains(&date),
        }
    }

    /// As it is written in a list: days of the week are words, the rest are texts.
    #[must_use]
    pub fn written(self) -> String {
        match self {
            Self::Weekday(_) => self.to_string(),
            Self::Yearly { .. } | Self::Dates { .. } => format!("\"{self}\""),
        }
    }
}

impl FromStr for Except {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((_, weekday)) = WEEKDAYS.iter().find(|(word, _)| *word == text) {
            return Ok(Self::Weekday(*weekday));
        }
        if let Some((from, to)) = text.split_once("..") {
            let (from, to) = (date(from)?, date(to)?);
            return if from <= to {
                Ok(Self::Dates { from, to })
            } else {
                Err(format!("the dates `{text}` run backwards"))
            };
        }
        if text.len() == "12-25".len() {
            // A leap year: the 29th of February is a day, if not of every year.
            let date = date(&format!("2000-{text}")).map_err(|_| none(text))?;
            let (month, day) = (date.month(), date.day());
            return Ok(Self::Yearly { month, day });
        }
        let date = date(text)?;
        Ok(Self::Dates { from: date, to: date })
    }
}

/// The parser of dates would also read what is longer.
fn date(text: &str) -> Result<Date, String> {
    let read = text.parse().ok().filter(|_| text.len() == "2026-12-25".len());
    read.ok_or_else(|| none(text))
}

fn none(text: &str) -> String {
    format!("there is no date `{text}`")
}

impl fmt::Display for Except {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Weekday(weekday) => {
                let word = WEEKDAYS.iter().find(|(_, known)| known == weekday);
                f.write_str(word.map_or("", |(word, _)| word))
            }
            Self::Yearly { month, day } => write!(f, "{month:02}-{day:02}"),
            Self::Dates { from, to } if from == to => write!(f, "{from}"),
            Self::Dates { from, to } => write!(f, "{from}..{to}"),
        }
    }
}

impl Serialize for Except {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Except {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Except;

    #[test]
    fn days_are_read_and_written_as_they_are() {
        for text in ["sunday", "12-25", "02-29", "2026-12-25", "2026-12-24..2027-01-02"] {
            assert_eq!(text.parse::<Except>().unwrap().to_string(), text);
        }
        for text in [
            "sunda",
            "13-25",
            "02-30",
            "2026-02-29",
            "2027-01-02..2026-12-24",
            "",
            "2026-12-25T00:00",
        ] {
            text.parse::<Except>().unwrap_err();
        }
    }

    #[test]
    fn a_range_covers_both_of_its_ends() {
        let range: Except = "2026-12-24..2027-01-02".parse().unwrap();
        let covers = |text: &str| range.covers(text.parse().unwrap());
        assert!(covers("2026-12-24") && covers("2027-01-02"));
        assert!(!covers("2026-12-23") && !covers("2027-01-03"));
    }
}
