//! An oracle that looks at every second, and asks of it only what the clock shows.

use super::super::{Due, Timetable};
use crate::{
    cron::Cron,
    except::{Except, WEEKDAYS},
    schedule::{DoubledTime, SkippedTime},
    zone,
};
use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, DateTime},
    tz::AmbiguousOffset,
};
use proptest::prelude::*;

/// Whether a pattern means a time on the clock, written as plainly as can be.
fn means(cron: &Cron, shown: DateTime) -> bool {
    let bit = |set: u64, number: i8| set & (1 << number) != 0;
    bit(cron.seconds, shown.second())
        && bit(cron.minutes, shown.minute())
        && bit(cron.hours, shown.hour())
        && bit(cron.months, shown.month())
        && day(cron, shown.date())
}

fn day(cron: &Cron, date: Date) -> bool {
    let month: Vec<Date> = (1..=date.days_in_month())
        .map(|day| date.with().day(day).build().unwrap())
        .collect();
    let weekday = date.weekday().to_sunday_zero_offset();
    let working: Vec<Date> = month
        .iter()
        .copied()
        .filter(|day| !matches!(day.weekday().to_sunday_zero_offset(), 0 | 6))
        .collect();
    let like: Vec<Date> = month
        .iter()
        .copied()
        .filter(|day| day.weekday() == date.weekday())
        .collect();
    let days = &cron.days;
    // Of two that are as near none can be meant: Friday is 1 from Saturday and 2 from Sunday.
    let nearest = |wanted: &Date| {
        working
            .iter()
            .min_by_key(|day| (day.day() - wanted.day()).abs())
            .copied()
    };
    let in_month = days.days & (1 << date.day()) != 0
        || days.last && month.last() == Some(&date)
        || days.last_working && working.last() == Some(&date)
        || month
            .iter()
            .any(|day| days.nearest_working & (1 << day.day()) != 0 && nearest(day) == Some(date));
    let weekdays = &cron.weekdays;
    let nth = like.iter().position(|day| *day == date).unwrap();
    let in_week = weekdays.days & (1 << weekday) != 0
        || weekdays.last & (1 << weekday) != 0 && like.last() == Some(&date)
        || weekdays.nth & (1 << (8 * nth + usize::try_from(weekday).unwrap())) != 0;
    match (days.any, weekdays.any) {
        (true, true) => true,
        (false, true) => in_month,
        (true, false) => in_week,
        (false, false) => in_month || in_week,
    }
}

/// The moments after one that are due within so many steps, looked at one by one.
fn slowly(
    table: &Timetable,
    cron: &Cron,
    after: Timestamp,
    steps: i64,
    step: SignedDuration,
) -> Vec<Timestamp> {
    let wanted = |shown: DateTime| {
        means(cron, shown) && !table.except.iter().any(|except| except.covers(shown.date()))
    };
    let mut found = Vec::new();
    let mut before = table.zone.to_datetime(after);
    let mut at = after;
    for _ in 0..steps {
        at += step;
        let shown = table.zone.to_datetime(at);
        let mut between = before.checked_add(step).unwrap();
        let mut skipped = false;
        while between < shown {
            skipped |= wanted(between);
            between = between.checked_add(step).unwrap();
        }
        let first = match table.zone.to_ambiguous_timestamp(shown).offset() {
            AmbiguousOffset::Fold { before, .. } => Some(before.to_timestamp(shown).unwrap() == at),
            _ => None,
        };
        let doubled = match (first, table.doubled) {
            (None, _) | (_, DoubledTime::Both) => true,
            (Some(first), DoubledTime::First) => first,
            (Some(first), DoubledTime::Second) => !first,
        };
        if skipped && table.skipped == SkippedTime::AtJump || wanted(shown) && doubled {
            found.push(at);
        }
        before = shown;
    }
    found
}

fn fast(table: &Timetable, after: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    let due: Vec<Due> = table.between(after, to).collect();
    due.iter().map(|due| due.at).collect()
}

const ZONES: [&str; 8] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Nuuk",
    "Asia/Kathmandu",
];

fn field(least: u32, most: u32) -> impl Strategy<Value = String> {
    prop_oneof![
        2 => Just("*".to_owned()),
        3 => (least..=most).prop_map(|one| one.to_string()),
        1 => (least..=most, 1u32..20).prop_map(move |(from, step)| format!("{from}/{}", step.min(most.max(1)))),
        2 => prop::collection::vec(least..=most, 1..4).prop_map(|all| {
            all.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
        }),
    ]
}

fn days() -> impl Strategy<Value = String> {
    let special = prop_oneof![
        Just("L".to_owned()),
        Just("LW".to_owned()),
        (1u32..=31).prop_map(|day| format!("{day}W")),
        (1u32..=31, 1u32..=31).prop_map(|(a, b)| format!("{a}W,{b}")),
    ];
    prop_oneof![3 => Just("*".to_owned()), 1 => field(1, 31), 1 => special]
}

fn weekdays() -> impl Strategy<Value = String> {
    let special = prop_oneof![
        (0u32..=7).prop_map(|day| format!("{day}L")),
        (0u32..=7, 1u32..=5).prop_map(|(day, nth)| format!("{day}#{nth}")),
    ];
    prop_oneof![3 => Just("*".to_owned()), 1 => field(0, 7), 1 => special]
}

fn excepts() -> impl Strategy<Value = Vec<Except>> {
    let weekday = (0usize..7).prop_map(|at| Except::Weekday(WEEKDAYS[at].1));
    let yearly = (1i8..=12, 1i8..=28).prop_map(|(month, day)| Except::Yearly { month, day });
    prop::collection::vec(prop_oneof![weekday, yearly], 0..3)
}

fn tables(hours: impl Strategy<Value = String>) -> impl Strategy<Value = (Timetable, Cron)> {
    let skipped = prop_oneof![Just(SkippedTime::AtJump), Just(SkippedTime::LeaveOut)];
    let doubled = prop_oneof![
        Just(DoubledTime::First),
        Just(DoubledTime::Second),
        Just(DoubledTime::Both)
    ];
    let fields = (
        field(0, 59),
        field(0, 59),
        hours,
        days(),
        field(1, 12),
        weekdays(),
    );
    (fields, excepts(), skipped, doubled, 0..ZONES.len()).prop_map(
        |(fields, except, skipped, doubled, at)| {
            let (second, minute, hour, day, month, weekday) = fields;
            let cron: Cron = format!("{second} {minute} {hour} {day} {month} {weekday}")
                .parse()
                .unwrap();
            let table = Timetable {
                when: super::cron(cron.clone()),
                zone: zone::zone(ZONES[at]).unwrap(),
                except,
                skipped,
                doubled,
            };
            (table, cron)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_second_around_a_transition_agrees(
        ((mut table, mut cron), transition, before) in (tables(field(0, 4)), 0usize..60, 0i64..7200),
    ) {
        // Every month and day, so that something is due in these hours.
        cron.months = u64::MAX;
        table.when = super::cron(cron.clone());
        let since: Timestamp = "2005-01-01T00:00:00Z".parse().unwrap();
        let Some(transition) = table.zone.following(since).nth(transition) else { return Ok(()) };
        let after = transition.timestamp() - SignedDuration::from_secs(before);
        let step = SignedDuration::from_secs(1);
        let expected = slowly(&table, &cron, after, 10_000, step);
        prop_assert_eq!(fast(&table, after, after + step * 10_000), expected);
    }

    #[test]
    fn every_hour_of_months_agrees(((mut table, mut cron), day) in (tables(field(0, 23)), 0i64..8000)) {
        (cron.seconds, cron.minutes) = (1, 1);
        table.zone = jiff::tz::TimeZone::UTC;
        table.when = super::cron(cron.clone());
        let begin: Timestamp = "2010-01-01T00:00:00Z".parse().unwrap();
        let after = begin + SignedDuration::from_hours(24 * day);
        let step = SignedDuration::from_hours(1);
        let expected = slowly(&table, &cron, after, 24 * 70, step);
        prop_assert_eq!(fast(&table, after, after + step * (24 * 70)), expected);
    }
}
