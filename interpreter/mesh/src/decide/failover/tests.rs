//! What failover promises: nothing goes elsewhere as long as somebody is there, and nothing goes where nobody is.

use super::{Candidate, Choice, Lack, Standing, choose};
use crate::decide::breaker::Sign;

/// Endpoints, one letter each: well, unwell, failing, shut, to be proven (failing as well), slowly starting, both unwell
/// and shut.
fn of(endpoints: &str) -> Standing {
    let one = |letter| {
        let well = Candidate {
            unwell: false,
            failing: false,
            sign: Some(Sign::Come(100)),
        };
        match letter {
            'w' => well,
            'n' => Candidate { sign: None, ..well },
            'u' => Candidate { unwell: true, ..well },
            'f' => Candidate {
                failing: true,
                ..well
            },
            's' => Candidate {
                sign: Some(Sign::Shut),
                ..well
            },
            'p' => Candidate {
                failing: true,
                sign: Some(Sign::Prove),
                ..well
            },
            'l' => Candidate {
                sign: Some(Sign::Come(10)),
                ..well
            },
            _ => Candidate {
                unwell: true,
                failing: true,
                sign: Some(Sign::Shut),
            },
        }
    };
    Standing::of(endpoints.chars().map(one))
}

fn words(endpoints: &str) -> String {
    of(endpoints)
        .lack()
        .map(|lack| lack.words("`a`"))
        .unwrap_or_default()
}

#[test]
fn one_that_can_take_it_is_enough() {
    for able in ["w", "n", "l", "p", "uw", "fffw", "sssl", "sp", "xn"] {
        assert_eq!(of(able), Standing::Able, "{able}");
    }
}

#[test]
fn a_place_is_doubtful_while_somebody_may_be_tried() {
    for doubtful in ["u", "f", "uf", "us", "sf", "fx"] {
        assert!(matches!(of(doubtful), Standing::Doubtful(_)), "{doubtful}");
    }
    for nobody in ["", "s", "x", "ss", "sx"] {
        assert!(matches!(of(nobody), Standing::Nobody(_)), "{nobody}");
    }
}

#[test]
fn nothing_goes_elsewhere_while_somebody_is_there() {
    for second in ["w", "f", "s", ""] {
        for first in ["w", "fw", "up", "sl"] {
            assert_eq!(choose(&of(first), &of(second)), Choice::First);
        }
    }
}

#[test]
fn it_goes_where_somebody_is() {
    for first in ["", "f", "u", "s", "fus", "x"] {
        for second in ["w", "p", "sw"] {
            assert_eq!(choose(&of(first), &of(second)), Choice::Second);
        }
    }
}

#[test]
fn where_nobody_is_the_first_is_tried_if_it_can_be() {
    for second in ["f", "u", "s", ""] {
        assert_eq!(choose(&of("f"), &of(second)), Choice::First);
        assert_eq!(choose(&of("su"), &of(second)), Choice::First);
    }
    // Whom nobody believes may do it all the same; who is shut off does not.
    for first in ["", "s"] {
        assert_eq!(choose(&of(first), &of("f")), Choice::Second);
        assert_eq!(choose(&of(first), &of("u")), Choice::Second);
        assert_eq!(choose(&of(first), &of("s")), Choice::First);
        assert_eq!(choose(&of(first), &of("")), Choice::First);
    }
}

#[test]
fn where_it_may_not_go_it_does_not() {
    let barred = Standing::Nobody(Lack::Barred("no rule allows it".to_owned()));
    for first in ["w", "f", "s", ""] {
        assert_eq!(choose(&of(first), &barred), Choice::First);
    }
}

#[test]
fn it_is_said_what_is_wrong_with_whom() {
    assert_eq!(words("f"), "the only endpoint of `a` failed a short while ago");
    assert_eq!(
        words("ss"),
        "all 2 endpoints of `a` are shut off by their breakers"
    );
    assert_eq!(words("x"), "the only endpoint of `a` is not well");
    assert_eq!(
        words("usff"),
        "of the 4 endpoints of `a` 1 is not well, 1 is shut off by its breaker, 2 failed a short while ago"
    );
    assert_eq!(words(""), "`a` has no endpoint");
    assert_eq!(words("w"), "");
    let nowhere = Lack::Nowhere("no such name".to_owned());
    assert_eq!(nowhere.words("`a`"), "`a` leads nowhere: no such name");
}
