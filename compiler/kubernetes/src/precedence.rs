//! Rules of which the first that fits holds, as rules of which the most specific holds.
//!
//! A program takes the first route that fits a request. Gateway API takes the most specific match, and of equals the first.
//! Where a later rule would be preferred for requests that an earlier one fits too, the earlier one is given a match for
//! just those requests: what fits both is at least as specific as either.

use crate::matcher::{Match, Path};

/// The most matches that one rule may grow to; what needs more has no end that a target would take.
const MATCHES_MAX: usize = 256;

/// The requests that fit any of some matches, and what becomes of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rule<O> {
    /// The number of the route that it comes from.
    pub(crate) route: usize,
    pub(crate) matches: Vec<Match>,
    pub(crate) outcome: O,
}

/// Why rules cannot be said by how specific they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// They would need too many matches.
    TooMany,
    /// Requests fit a path with gaps and one without, and each implementation prefers what it likes.
    Unsaid { first: usize, second: usize },
}

/// The same rules for a reader that takes the most specific match, and of equals the first.
pub(crate) fn by_specificity<O: Clone + PartialEq>(rules: Vec<Rule<O>>) -> Result<Vec<Rule<O>>, Fault> {
    let mut rules = reachable(rules);
    unsaid(&rules)?;
    for at in (0..rules.len()).rev() {
        let (before, behind) = rules.split_at_mut(at.saturating_add(1));
        if let Some((rule, earlier)) = before.split_last_mut() {
            rule.keep(earlier, behind)?;
        }
    }
    Ok(together(rules))
}

impl<O: PartialEq> Rule<O> {
    /// Gives the rule matches for all requests that a later one would be preferred for, and that no earlier one takes.
    fn keep(&mut self, earlier: &[Self], later: &[Self]) -> Result<(), Fault> {
        let mut at = 0;
        while let Some(own) = self.matches.get(at).cloned() {
            at = at.saturating_add(1);
            for other in later.iter().filter(|rule| rule.outcome != self.outcome) {
                for one in other.matches.iter().filter(|one| one.rank() < own.rank()) {
                    let Some(both) = own.and(one) else { continue };
                    let held = |known: &Match| {
                        known.rank() <= one.rank() && known.and(&both).as_ref() == Some(&both)
                    };
                    let covers = |known: &Match| known.and(&both).as_ref() == Some(&both);
                    let mut before = earlier.iter().flat_map(|rule| &rule.matches);
                    if !self.matches.iter().any(held) && !before.any(covers) {
                        self.matches.push(both);
                    }
                }
            }
            if self.matches.len() > MATCHES_MAX {
                return Err(Fault::TooMany);
            }
        }
        Ok(())
    }
}

/// The rules without matches that no request gets to, because an earlier one takes all of them.
fn reachable<O>(rules: Vec<Rule<O>>) -> Vec<Rule<O>> {
    let mut taken: Vec<Match> = Vec::new();
    let mut kept = Vec::with_capacity(rules.len());
    for mut rule in rules {
        let mut own: Vec<Match> = Vec::with_capacity(rule.matches.len());
        for one in std::mem::take(&mut rule.matches) {
            let covers = |known: &Match| known.and(&one).as_ref() == Some(&one);
            if !taken.iter().any(covers) && !own.iter().any(covers) {
                own.push(one);
            }
        }
        taken.extend(own.iter().cloned());
        rule.matches = own;
        if !rule.matches.is_empty() {
            kept.push(rule);
        }
    }
    kept
}

/// Gateway API says how exact paths and prefixes stand to each other, and nothing of regular expressions.
fn unsaid<O: PartialEq>(rules: &[Rule<O>]) -> Result<(), Fault> {
    let has_gaps = |one: &Match| matches!(one.path, Path::Pattern(_));
    let exact = |one: &Match| matches!(one.path, Path::Exact(_));
    for (at, later) in rules.iter().enumerate() {
        for earlier in rules.iter().take(at).filter(|rule| rule.outcome != later.outcome) {
            let meet = |a: &Match| {
                let odd = |b: &Match| (has_gaps(a) && !exact(b)) || (has_gaps(b) && !exact(a));
                later.matches.iter().any(|b| odd(b) && a.and(b).is_some())
            };
            if earlier.matches.iter().any(meet) {
                let (first, second) = (earlier.route, later.route);
                return Err(Fault::Unsaid { first, second });
            }
        }
    }
    Ok(())
}

/// Rules with one outcome as one rule, where no other of equal rank stands between them.
fn together<O: PartialEq>(rules: Vec<Rule<O>>) -> Vec<Rule<O>> {
    let mut kept: Vec<Rule<O>> = Vec::with_capacity(rules.len());
    for rule in rules {
        let same = |known: &Rule<O>| known.outcome == rule.outcome;
        let place = kept.iter().position(same);
        let between = |at: usize| {
            let others = kept
                .iter()
                .skip(at.saturating_add(1))
                .flat_map(|other| &other.matches);
            others.clone().any(|a| {
                rule.matches
                    .iter()
                    .any(|b| a.rank() == b.rank() && a.and(b).is_some())
            })
        };
        match place.filter(|at| !between(*at)).and_then(|at| kept.get_mut(at)) {
            Some(known) => known.matches.extend(rule.matches),
            None => kept.push(rule),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::{Fault, Rule, by_specificity};
    use crate::matcher::{Match, Path, Pattern};

    fn exact(path: &str) -> Match {
        let path = Path::Exact(path.to_owned());
        Match { path, ..Match::all() }
    }

    fn below(path: &str) -> Match {
        let path = Path::Prefix(path.to_owned());
        Match { path, ..Match::all() }
    }

    fn with(header: &str, of: &Match) -> Match {
        let headers = [(header.to_owned(), "yes".to_owned())].into();
        Match {
            headers,
            ..of.clone()
        }
    }

    fn rules(all: &[(&[Match], u8)]) -> Vec<Rule<u8>> {
        let rule = |(route, (matches, outcome)): (usize, &(&[Match], u8))| Rule {
            route,
            matches: matches.to_vec(),
            outcome: *outcome,
        };
        all.iter().enumerate().map(rule).collect()
    }

    /// What Gateway API makes of a request that fits just what a match asks for.
    fn taken(rules: &[Rule<u8>], request: &Match) -> Option<u8> {
        let fits = |one: &&Match| one.and(request).as_ref() == Some(request);
        let best = |rule: &Rule<u8>| rule.matches.iter().filter(fits).map(Match::rank).min();
        let ranked = rules.iter().filter_map(|rule| Some((best(rule)?, rule.outcome)));
        ranked.min_by_key(|(rank, _)| *rank).map(|(_, outcome)| outcome)
    }

    #[test]
    fn the_first_that_fits_stays_the_first() {
        let first = rules(&[
            (&[with("x", &below("/"))], 1),
            (&[below("/a"), with("y", &below("/"))], 2),
            (&[exact("/a/b")], 3),
            (&[below("/")], 4),
        ]);
        let made = by_specificity(first.clone()).unwrap();
        let requests = ["/", "/a", "/a/b", "/a/c", "/d"].map(exact);
        let with_headers = requests.iter().flat_map(|request| {
            let x = with("x", request);
            let mut both = x.clone();
            both.headers.insert("y".to_owned(), "yes".to_owned());
            [request.clone(), with("y", request), x, both]
        });
        for request in with_headers {
            let fits = |one: &Match| one.and(&request).as_ref() == Some(&request);
            let wanted = first.iter().find(|rule| rule.matches.iter().any(fits));
            assert_eq!(
                taken(&made, &request),
                wanted.map(|rule| rule.outcome),
                "{request:?}"
            );
        }
    }

    #[test]
    fn nothing_is_added_where_the_order_says_the_same() {
        let all = rules(&[
            (&[exact("/a")], 1),
            (&[below("/a")], 2),
            (&[with("x", &below("/"))], 3),
            (&[below("/")], 4),
        ]);
        let mut wanted = all.clone();
        // The prefix is taken before the header, too.
        assert_eq!(by_specificity(all.clone()).unwrap(), wanted);
        // What comes to the same is one rule: the order in which rules are written means nothing there.
        let mut alike = all;
        alike[3].outcome = 2;
        let made = by_specificity(alike).unwrap();
        assert_eq!(
            (made.len(), &made[1].matches),
            (3, &vec![below("/a"), below("/")])
        );
        let unreachable = rules(&[(&[below("/")], 1), (&[exact("/a")], 2)]);
        wanted.truncate(0);
        wanted.push(Rule {
            route: 0,
            matches: vec![below("/")],
            outcome: 1,
        });
        assert_eq!(by_specificity(unreachable).unwrap(), wanted);
    }

    #[test]
    fn what_each_implementation_decides_is_refused() {
        let gap = Pattern {
            segments: vec![Some("a".to_owned()), None],
            rest: false,
        };
        let gap = Match {
            path: gap.path(),
            ..Match::all()
        };
        let with_rest = by_specificity(rules(&[(std::slice::from_ref(&gap), 1), (&[below("/")], 2)]));
        assert_eq!(with_rest, Err(Fault::Unsaid { first: 0, second: 1 }));
        assert!(by_specificity(rules(&[(&[gap], 1), (&[below("/b")], 2)])).is_ok());
    }
}
