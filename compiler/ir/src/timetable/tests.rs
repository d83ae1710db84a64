//! Known times at the edges of daylight saving, and any times against an oracle that looks at every second.

mod oracle;

use super::{Edge, Timetable};
use crate::{
    cron::Cron,
    schedule::{DoubledTime, SkippedTime, When},
    zone,
};
use jiff::Timestamp;

fn cron(cron: Cron) -> When {
    let zone = "given apart".to_owned();
    When::Cron { cron, zone }
}

fn every(every_ms: u64) -> When {
    let zone = "given apart".to_owned();
    When::Every { every_ms, zone }
}

fn table(pattern: &str, zone: &str) -> Timetable {
    Timetable {
        when: cron(pattern.parse().unwrap()),
        zone: zone::zone(zone).unwrap(),
        except: Vec::new(),
        skipped: SkippedTime::default(),
        doubled: DoubledTime::default(),
    }
}

fn except(mut table: Timetable, days: &[&str]) -> Timetable {
    table.except = days.iter().map(|day| day.parse().unwrap()).collect();
    table
}

/// The next times, in the zone, with a mark where the clocks were changed.
fn next(table: &Timetable, after: &str, count: usize) -> Vec<String> {
    let mut at: Timestamp = after.parse().unwrap();
    let mut found = Vec::new();
    while found.len() < count
        && let Some(due) = table.next(at)
    {
        at = due.at;
        let shown = due.at.to_zoned(table.zone.clone()).strftime("%m-%d %H:%M:%S %:z");
        found.push(match due.edge {
            None => shown.to_string(),
            Some(Edge::Skipped { meant }) => format!("{shown} for {}", meant.strftime("%d %H:%M")),
            Some(Edge::FirstOfTwo) => format!("{shown} first"),
            Some(Edge::SecondOfTwo) => format!("{shown} second"),
        });
    }
    found
}

#[test]
fn berlin_in_spring_runs_once_at_the_jump() {
    let mut table = table("30 2 * * *", "Europe/Berlin");
    let times = next(&table, "2026-03-28T00:00:00Z", 3);
    assert_eq!(
        times,
        [
            "03-28 02:30:00 +01:00",
            "03-29 03:00:00 +02:00 for 29 02:30",
            "03-30 02:30:00 +02:00"
        ]
    );
    table.skipped = SkippedTime::LeaveOut;
    assert_eq!(next(&table, "2026-03-28T12:00:00Z", 1), ["03-30 02:30:00 +02:00"]);
}

#[test]
fn several_times_that_are_skipped_run_once() {
    let table = table("0,20,40 1-3 * * *", "Europe/Berlin");
    let times = next(&table, "2026-03-29T00:39:00Z", 3);
    assert_eq!(
        times,
        [
            "03-29 01:40:00 +01:00",
            "03-29 03:00:00 +02:00 for 29 02:00",
            "03-29 03:20:00 +02:00"
        ]
    );
}

#[test]
fn new_york_in_autumn_runs_once() {
    let mut table = table("30 1 * * *", "America/New_York");
    let after = "2026-11-01T00:00:00Z";
    assert_eq!(
        next(&table, after, 2),
        ["11-01 01:30:00 -04:00 first", "11-02 01:30:00 -05:00"]
    );
    table.doubled = DoubledTime::Second;
    assert_eq!(
        next(&table, after, 2),
        ["11-01 01:30:00 -05:00 second", "11-02 01:30:00 -05:00"]
    );
    table.doubled = DoubledTime::Both;
    assert_eq!(
        next(&table, after, 3),
        [
            "11-01 01:30:00 -04:00 first",
            "11-01 01:30:00 -05:00 second",
            "11-02 01:30:00 -05:00"
        ]
    );
}

#[test]
fn lord_howe_changes_by_half_an_hour() {
    let zone = "Australia/Lord_Howe";
    let spring = next(&table("15 2 * * *", zone), "2026-10-03T12:00:00Z", 2);
    assert_eq!(
        spring,
        ["10-04 02:30:00 +11:00 for 04 02:15", "10-05 02:15:00 +11:00"]
    );
    let autumn = next(&table("29,30,45 1 * * *", zone), "2026-04-04T12:00:00Z", 4);
    assert_eq!(
        autumn,
        [
            "04-05 01:29:00 +11:00",
            "04-05 01:30:00 +11:00 first",
            "04-05 01:45:00 +11:00 first",
            "04-06 01:29:00 +10:30"
        ]
    );
}

#[test]
fn apia_had_no_thirtieth_of_december() {
    let daily = table("0 2 * * *", "Pacific/Apia");
    let after = "2011-12-29T13:00:00Z";
    let times = next(&daily, after, 2);
    assert_eq!(
        times,
        ["12-31 00:00:00 +14:00 for 30 02:00", "12-31 02:00:00 +14:00"]
    );
    assert_eq!(
        next(&except(daily, &["2011-12-30"]), after, 1),
        ["12-31 02:00:00 +14:00"]
    );
}

#[test]
fn midnight_may_be_skipped() {
    let table = table("0 0 * * *", "Africa/Cairo");
    assert_eq!(
        next(&table, "2026-04-23T00:00:00Z", 1),
        ["04-24 01:00:00 +03:00 for 24 00:00"]
    );
}

#[test]
fn last_nearest_and_nth_days() {
    let days = |pattern: &str, after: &str| -> Vec<String> {
        let times = next(&table(pattern, "UTC"), after, 4);
        times.iter().map(|time| time[..5].to_owned()).collect()
    };
    assert_eq!(
        days("0 0 L * *", "2027-01-15T00:00:00Z"),
        ["01-31", "02-28", "03-31", "04-30"]
    );
    assert_eq!(
        days("0 0 LW * *", "2026-01-15T00:00:00Z"),
        ["01-30", "02-27", "03-31", "04-30"]
    );
    // The 15th of February and of March 2026 are Sundays, the 15th of August is a Saturday.
    assert_eq!(
        days("0 0 15W 2,3,8 *", "2026-01-15T00:00:00Z"),
        ["02-16", "03-16", "08-14", "02-15"]
    );
    // The nearest is sought in the same month: the 1st of August 2026 is a Saturday.
    assert_eq!(days("0 0 1W 8 *", "2026-01-15T00:00:00Z")[..1], ["08-03"]);
    assert_eq!(
        days("0 0 * * 1#2", "2026-01-15T00:00:00Z"),
        ["02-09", "03-09", "04-13", "05-11"]
    );
    assert_eq!(
        days("0 0 * * FRI#5", "2026-01-15T00:00:00Z"),
        ["01-30", "05-29", "07-31", "10-30"]
    );
    assert_eq!(
        days("0 0 * * 5L", "2026-01-15T00:00:00Z"),
        ["01-30", "02-27", "03-27", "04-24"]
    );
    assert_eq!(
        days("0 0 13 * FRI", "2026-02-01T00:00:00Z"),
        ["02-06", "02-13", "02-20", "02-27"]
    );
    assert_eq!(days("0 0 29 2 *", "2026-02-01T00:00:00Z"), ["02-29"; 4]);
}

#[test]
fn seconds_are_fields_and_moments_between_them_are_after_the_last() {
    let table = table("*/20 59 23 * * *", "UTC");
    let times = next(&table, "2026-12-31T23:59:19.5Z", 3);
    assert_eq!(
        times,
        [
            "12-31 23:59:20 +00:00",
            "12-31 23:59:40 +00:00",
            "01-01 23:59:00 +00:00"
        ]
    );
    let before_1970 = next(&table, "1969-12-31T23:59:39.5Z", 1);
    assert_eq!(before_1970, ["12-31 23:59:40 +00:00"]);
}

#[test]
fn excepted_days_are_left_out() {
    let table = except(
        table("0 9 * * *", "Europe/Berlin"),
        &["saturday", "sunday", "12-25", "2026-12-28..2026-12-30"],
    );
    let times = next(&table, "2026-12-23T12:00:00Z", 3);
    assert_eq!(
        times,
        [
            "12-24 09:00:00 +01:00",
            "12-31 09:00:00 +01:00",
            "01-01 09:00:00 +01:00"
        ]
    );
}

#[test]
fn intervals_are_counted_from_1970_and_know_days() {
    let mut table = except(table("* * * * *", "Europe/Berlin"), &["saturday"]);
    table.when = every(7 * 3_600_000);
    // Hour 494564 since 1970 is a multiple of 7, and lies in Saturday.
    assert_eq!(
        next(&table, "2026-05-29T12:00:00Z", 3),
        [
            "05-29 20:00:00 +02:00",
            "05-31 00:00:00 +02:00",
            "05-31 07:00:00 +02:00"
        ]
    );
    table.when = every(1500);
    assert_eq!(
        next(&table, "1969-12-31T23:59:58.5Z", 1),
        ["01-01 01:00:00 +01:00"]
    );
}

#[test]
fn what_never_comes_is_nothing() {
    let never = |table: &Timetable| assert_eq!(table.next(Timestamp::UNIX_EPOCH), None);
    never(&table("0 0 31 2 *", "Europe/Berlin"));
    never(&except(table("0 0 * * MON", "UTC"), &["monday"]));
    let mut table = except(table("* * * * *", "UTC"), &["0001-01-01..9999-12-31"]);
    table.when = every(1000);
    never(&table);
    assert_eq!(self::table("* * * * *", "UTC").next(Timestamp::MAX), None);
}

#[test]
fn hours_that_are_not_named_are_counted() {
    let hourly = |pattern: &str| pattern.parse::<Cron>().unwrap().hourly();
    assert!(hourly("5 * * * *") && hourly("*/10 0-23 * * MON"));
    assert!(!hourly("0 2 * * *") && !hourly("0 */2 * * *"));
}
