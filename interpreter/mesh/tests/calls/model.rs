//! Decisions beside a slow model of them, written apart: random programs and requests, 20,000 pairs of them, or as many as
//! `FLOWMESH_PAIRS` says.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot be set up has failed"
)]

use flowmesh_ir::{
    FlowId, GatewayId, OperationId, ServiceId, Value,
    access::{Mode, Rule, What, Who},
    expr::{Binary, Context, Expr},
    gateway::{Part, Segment},
};
use flowmesh_mesh::decide::{
    access::{Verdict, judge},
    canonical::Canonical,
    chance::{Source, below},
    tree::{Entry, Tree},
};

fn pairs() -> u64 {
    let said = std::env::var("FLOWMESH_PAIRS").ok();
    said.map_or(20_000, |said| said.parse().expect("FLOWMESH_PAIRS is a number"))
}

struct Dice(Source);

impl Dice {
    fn upto(&self, end: u64) -> u64 {
        below(&mut || self.0.draw(), end)
    }

    fn some<T>(&self, most: u64, mut make: impl FnMut() -> T) -> Vec<T> {
        (0..self.upto(most + 1)).map(|_| make()).collect()
    }

    fn pick<'t, T>(&self, of: &'t [T]) -> &'t T {
        &of[usize::try_from(self.upto(of.len() as u64)).unwrap()]
    }

    fn segment(&self) -> Segment {
        match self.upto(5) {
            0 => Segment::Any,
            1 => Segment::Param("p".into()),
            other => Segment::Literal(format!("s{other}")),
        }
    }

    fn path(&self) -> Vec<Segment> {
        let mut path = self.some(4, || self.segment());
        if self.upto(3) == 0 {
            path.push(Segment::Rest);
        }
        path
    }

    fn host(&self) -> Option<String> {
        let name = self.some(3, || *self.pick(&["a", "b", "c"])).join(".");
        match self.upto(3) {
            0 => None,
            1 if !name.is_empty() => Some(format!("*.{name}")),
            _ => (!name.is_empty()).then_some(name),
        }
    }

    /// Comparisons of headers and parameters with texts, joined one way or the other.
    fn condition(&self) -> Option<Expr> {
        let one = || {
            let map = *self.pick(&["headers", "query"]);
            let request = Box::new(Expr::Context(Context::Request));
            let map = Box::new(Expr::Field(request, map.into()));
            let text = |text: &str| Box::new(Expr::Constant(Value::string(text)));
            let part = Box::new(Expr::Index(map, text(self.pick::<&str>(&["x", "y"]))));
            Expr::Binary(Binary::Equal, part, text(self.pick::<&str>(&["1", "2"])))
        };
        let all = self.some(3, one).into_iter();
        all.reduce(|some, one| {
            let binary = *self.pick(&[Binary::And, Binary::And, Binary::Or]);
            Expr::Binary(binary, Box::new(some), Box::new(one))
        })
    }

    fn what(&self) -> What {
        let small = |end| u32::try_from(self.upto(end)).unwrap();
        match self.upto(3) {
            0 => What::Flow(FlowId(small(2))),
            1 => What::Service(ServiceId(small(2))),
            _ => What::Operation(ServiceId(small(2)), OperationId(small(2))),
        }
    }

    fn who(&self) -> Who {
        match self.upto(4) {
            0 => Who::Anyone,
            1 => Who::Flow(FlowId(0)),
            other => Who::Gateway(GatewayId(u32::try_from(other - 2).unwrap())),
        }
    }

    fn rule(&self) -> Rule {
        let condition = match self.upto(5) {
            0 => Some(Value::Bool(true)),
            1 => Some(Value::Bool(false)),
            2 => Some(Value::None),
            _ => None,
        };
        let mut who = self.some(1, || self.who());
        let mut what = self.some(2, || self.what());
        who.push(self.who());
        what.push(self.what());
        Rule {
            allow: self.upto(3) > 0,
            who,
            what,
            condition: condition.map(Expr::Constant),
        }
    }
}

/// Which of some paths fits, each by itself, by the words of the reference.
fn fits(path: &[Segment], asked: &[String]) -> bool {
    let fixed: Vec<_> = path.iter().filter(|segment| **segment != Segment::Rest).collect();
    let open = path.last() == Some(&Segment::Rest);
    if asked.len() < fixed.len() || (asked.len() > fixed.len() && !open) {
        return false;
    }
    fixed.iter().zip(asked).all(|(segment, asked)| match segment {
        Segment::Literal(text) => text == asked,
        _ => !asked.is_empty(),
    })
}

/// Whether a host is the one that is named, or below it.
fn serves(host: Option<&str>, asked: &str) -> bool {
    let Some(host) = host else { return true };
    let (names, asked): (Vec<_>, Vec<_>) = (host.split('.').collect(), asked.split('.').collect());
    match names.first() {
        Some(&"*") => asked.len() >= names.len() && asked.ends_with(&names[1..]),
        _ => names == asked,
    }
}

/// Whether a condition holds of what a request says.
fn holds(condition: &Expr, said: &[(String, String)]) -> bool {
    match condition {
        Expr::Binary(Binary::And, one, other) => holds(one, said) && holds(other, said),
        Expr::Binary(Binary::Or, one, other) => holds(one, said) || holds(other, said),
        Expr::Binary(Binary::Equal, part, text) => {
            let (Expr::Index(map, name), Expr::Constant(text)) = (&**part, &**text) else {
                panic!("{part:?}")
            };
            let (Expr::Field(_, map), Expr::Constant(Value::String(name))) = (&**map, &**name) else {
                panic!("{map:?}")
            };
            let key = format!("{map} {name}");
            said.iter()
                .any(|(known, value)| *known == key && Value::string(value) == *text)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_tree_leads_where_a_look_at_every_route_leads() {
    let dice = Dice(Source::new(1));
    let (mut found, mut spared) = (0, 0);
    for _ in 0..pairs() / 10 {
        let routes = dice.some(30, || (dice.host(), dice.path(), dice.condition()));
        let tree = Tree::new(routes.iter().map(|(host, path, condition)| Entry {
            host: host.as_deref(),
            path,
            condition: condition.as_ref(),
        }));
        for _ in 0..10 {
            let asked = dice.some(5, || match dice.upto(8) {
                0 => String::new(),
                other => format!("s{other}"),
            });
            let host = dice.some(3, || *dice.pick(&["a", "b", "c"])).join(".");
            let said: Vec<(String, String)> = ["headers x", "headers y", "query x", "query y"]
                .iter()
                .filter(|_| dice.upto(2) == 0)
                .map(|part| ((*part).to_owned(), (dice.upto(2) + 1).to_string()))
                .collect();
            let says = |part: Part<'_>| {
                let key = match part {
                    Part::Host => panic!("the host is looked at before"),
                    Part::Header(name) => format!("headers {name}"),
                    Part::Query(name) => format!("query {name}"),
                };
                let mut said = said.iter();
                said.find(|(known, _)| *known == key)
                    .map(|(_, value)| value.clone())
            };
            let slow = |whatever: bool| -> Vec<u32> {
                (0..)
                    .zip(&routes)
                    .filter(|(_, (of, path, condition))| {
                        let fits = serves(of.as_deref(), &host) && fits(path, &asked);
                        fits && (whatever || condition.as_ref().is_none_or(|of| holds(of, &said)))
                    })
                    .map(|(at, _)| at)
                    .collect()
            };
            let all = tree.find(&host, &asked, None);
            assert_eq!(all, slow(true), "{host} {asked:?} in {routes:?}");
            let some = tree.find(&host, &asked, Some(&says));
            // What is left out does not hold; what holds is not left out.
            let taken = |at: &u32| {
                let condition = &routes[usize::try_from(*at).unwrap()].2;
                condition.as_ref().is_none_or(|of| holds(of, &said))
            };
            let held: Vec<u32> = some.iter().copied().filter(taken).collect();
            assert_eq!(held, slow(false), "{host} {asked:?} {said:?} in {routes:?}");
            found += held.len();
            spared += all.len() - some.len();
        }
    }
    let found = u64::try_from(found).unwrap();
    assert!(found > pairs() / 4, "routes do fit: {found}");
    assert!(spared > 0, "some are not looked at");
}

/// Whether a caller may, by the words of the language's reference.
fn may(rules: &[Rule], mode: Mode, caller: &Who, target: What) -> bool {
    let service = |what: What| match what {
        What::Flow(_) => None,
        What::Service(id) | What::Operation(id, _) => Some(id),
    };
    let is = |rule: &Rule| rule.who.contains(&Who::Anyone) || rule.who.contains(caller);
    let truth = |rule: &Rule| match &rule.condition {
        None => Some(true),
        Some(Expr::Constant(Value::Bool(truth))) => Some(*truth),
        Some(_) => None,
    };
    // A denial of a part denies the whole as well, and a denial of the whole every part.
    let denied = rules.iter().any(|rule| {
        let same = |what: &What| {
            *what == target
                || (service(*what).is_some()
                    && service(*what) == service(target)
                    && (matches!(what, What::Service(_)) || matches!(target, What::Service(_))))
        };
        !rule.allow && is(rule) && rule.what.iter().any(same) && truth(rule) != Some(false)
    });
    let allowed = rules.iter().any(|rule| {
        let whole = |what: &What| {
            *what == target
                || matches!((what, target), (What::Service(of), What::Operation(one, _)) if *of == one)
        };
        rule.allow && is(rule) && rule.what.iter().any(whole) && truth(rule) == Some(true)
    });
    let named = rules
        .iter()
        .flat_map(|rule| &rule.what)
        .any(|what| *what == target || (service(*what).is_some() && service(*what) == service(target)));
    !denied && (allowed || !(named || mode == Mode::Derived))
}

#[test]
fn who_may_is_who_may_by_the_words_of_the_reference() {
    let dice = Dice(Source::new(2));
    let (mut yes, mut no) = (0, 0);
    for _ in 0..pairs() {
        let rules = dice.some(5, || dice.rule());
        let mode = *dice.pick(&[Mode::Written, Mode::Written, Mode::Derived]);
        let (caller, target) = (Who::Gateway(GatewayId(0)), dice.what());
        let is = |who: &Who| *who == Who::Anyone || *who == caller;
        let mut holds = |_, condition: &Expr| match condition {
            Expr::Constant(Value::Bool(truth)) => Some(*truth),
            _ => None,
        };
        let said = matches!(
            judge((&rules, mode), target, &is, &mut holds),
            Verdict::Allowed(_)
        );
        assert_eq!(
            said,
            may(&rules, mode, &caller, target),
            "{target:?} under {rules:?}, {mode:?}"
        );
        if said { yes += 1 } else { no += 1 }
    }
    assert!(yes > pairs() / 10 && no > pairs() / 10, "{yes} and {no}");
}

/// Pieces that paths are got around with.
const PIECES: [&str; 24] = [
    "a", "admin", "/", "//", ".", "..", "%2e", "%2E%2e", "%2f", "%5c", "\\", "%", "%4", "%00", "%25",
    "%252e", ";", "%3b", "%c3%a9", "%c0%ae", "~", "%7e", ":", "@",
];

#[test]
fn a_path_that_is_taken_has_one_reading_whoever_reads_it() {
    let dice = Dice(Source::new(3));
    let mut taken = 0;
    for _ in 0..pairs() * 5 {
        let pieces: String = (0..dice.upto(7)).map(|_| *dice.pick(&PIECES)).collect();
        let Some(first) = read(&format!("/{pieces}")) else {
            continue;
        };
        taken += 1;
        let again = read(first.path()).unwrap();
        assert_eq!(
            (again.path(), &again.segments),
            (first.path(), &first.segments),
            "{pieces}"
        );
        // Another reader, who decodes each piece between slashes.
        let decoded: Vec<String> = first.path().split('/').skip(1).map(decode).collect();
        match first.path() {
            "/" => assert!(first.segments.is_empty()),
            _ => assert_eq!(decoded, first.segments, "{pieces}"),
        }
        for segment in &first.segments {
            let name = segment.split(';').next().unwrap();
            assert!(name != "." && name != "..", "{pieces}");
            assert!(!segment.contains(['/', '\\', '\0']), "{pieces}");
            // Who decodes once more reads the same.
            assert_eq!(&decode(segment), segment, "{pieces}");
        }
        // Who takes dots away, and doubled slashes, takes nothing away.
        assert!(
            !first.path().contains("//") && !first.path().contains("/./") && !first.path().contains("/../")
        );
    }
    assert!(taken > pairs() / 2, "{taken}");
}

fn read(target: &str) -> Option<Canonical> {
    let request = http::Request::get(target).header("host", "a").body(()).ok()?;
    Canonical::new(&mut request.into_parts().0).ok()
}

/// Decodes what is encoded, and leaves what is not.
fn decode(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, tail)) = rest.split_first() {
        let code = tail.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        let byte = code
            .filter(|_| *first == b'%')
            .and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).unwrap()
}
