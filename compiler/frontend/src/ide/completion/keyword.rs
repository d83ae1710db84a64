//! Words of the language: those with which the text around the place can be read.

use super::{
    Context, Item, ItemKind,
    place::{Place, STATUSES},
    rank::of_kind,
};
use crate::{
    check::{Place as SettingPlace, WORD},
    parse,
    resolve::Def,
    syntax::SyntaxKind as K,
    world::Work,
};

/// A word, how usual it is, and what is written for it where nothing follows.
type Known = (&'static str, i32, &'static str);

/// What begins a declaration.
const ITEMS: &[Known] = &[
    ("flow", 30, "flow ${1:name}(${2:param}: ${3:string}) {\n  $0\n}"),
    ("type", 26, "type ${1:Name} { ${2:field}: ${3:string} }"),
    (
        "service",
        25,
        "service ${1:name} {\n  at: \"${2:http://127.0.0.1:8080}\"\n  op ${3:name}(${4:id}: string) = ${5:GET} \"/${6:path}\"\n}",
    ),
    ("use", 24, "use $0"),
    ("fn", 22, "fn ${1:name}(${2:x}: ${3:int}) -> ${4:int} = $0"),
    ("error", 21, "error ${1:Name}(${2:reason}: string)"),
    ("config", 18, "config ${1:name}: ${2:string} = $0"),
    (
        "policy",
        18,
        "policy ${1:name} {\n  timeout: { attempt: ${2:2s}, total: ${3:10s} }\n}",
    ),
    ("test", 17, "test \"${1:it works}\" {\n  $0\n}"),
    ("enum", 16, "enum ${1:Name} { ${2:case} }"),
    ("allow", 15, "allow ${1:who} to ${2:what}"),
    (
        "gateway",
        14,
        "gateway ${1:name} {\n  listen: \"${2:http://127.0.0.1:8080}\"\n  $0\n}",
    ),
    ("event", 12, "event ${1:Name}(${2:id}: string)"),
    ("secret", 12, "secret ${1:name}"),
    ("schedule", 10, "schedule ${1:name} = ${2:every(1h)} -> $0"),
    ("deny", 8, "deny ${1:who} to ${2:what}"),
    ("mesh", 6, "mesh { $0 }"),
    ("migrate", 4, "migrate ${1:flow} { \"$2\" -> \"$3\" }"),
];

/// What begins a statement.
const STATEMENTS: &[Known] = &[
    ("let", 30, "let ${1:name} = $0"),
    ("return", 24, "return $0"),
    ("if", 22, "if ${1:condition} {\n  $0\n}"),
    ("log", 22, "log \"$0\""),
    ("for", 20, "for ${1:item} in ${2:items} {\n  $0\n}"),
    ("fail", 19, "fail $0"),
    ("sleep", 17, "sleep ${1:1h}"),
    ("await", 17, "await ${1:signal} within ${2:1d} else $0"),
    ("var", 16, "var ${1:name} = $0"),
    ("match", 15, "match ${1:value} {\n  when ${2:pattern} -> $0\n}"),
    ("signal", 14, "signal ${1:name}(${2:by}: string)"),
    ("parallel", 13, "parallel {\n  $0\n}"),
    ("while", 13, "while ${1:condition} {\n  $0\n}"),
    ("try", 12, "try {\n  $1\n} catch ${2:any} as ${3:e} {\n  $0\n}"),
    ("within", 11, "within ${1:10m} {\n  $0\n}"),
    ("step", 11, "step ${1:name} \"${2:Title}\" {\n  $0\n}"),
    ("spawn", 10, "spawn $0"),
    ("start", 10, "start $0"),
    ("view", 9, "view ${1:name} = $0"),
    ("state", 9, "state ${1:name} {\n  $0\n}"),
    ("goto", 9, "goto $0"),
    ("emit", 9, "emit $0"),
    ("race", 8, "race {\n  $0\n}"),
    ("lock", 8, "lock \"${1:name}\" {\n  $0\n}"),
    ("on", 8, "on ${1:signal}(${2:by}) {\n  $0\n}"),
    ("limit", 6, "limit \"${1:name}\", ${2:5} {\n  $0\n}"),
    ("cancel", 6, "cancel $0"),
    ("break", 6, "break"),
    ("continue", 6, "continue"),
    ("tag", 5, "tag ${1:key} = $0"),
    ("shift", 5, "shift ${1:service} { $0 }"),
    ("restart", 4, "restart with ($0)"),
    ("transient", 2, "transient signal ${1:name}()"),
];

/// What begins a statement of a test.
const OF_TESTS: &[Known] = &[
    ("expect", 30, "expect $0"),
    ("mock", 28, "mock ${1:service.operation}(_) -> $0"),
    ("let", 26, "let ${1:run} = start $0"),
    ("start", 24, "start $0"),
    ("send", 18, "send ${1:signal}() to run"),
    ("advance", 18, "advance ${1:1d}"),
    ("always", 10, "always $0"),
    ("config", 9, "config ${1:name} = $0"),
    ("emit", 9, "emit $0"),
    ("crash", 8, "crash"),
    ("cancel", 7, "cancel run"),
];

/// What goes on with a declaration, a statement or an expression.
const WITHIN: &[Known] = &[
    ("else", 30, "else"),
    ("when", 29, "when $0"),
    ("catch", 28, "catch ${1:any} -> $0"),
    ("undo", 27, "undo $0"),
    ("in", 26, "in"),
    ("as", 25, "as"),
    ("within", 24, "within ${1:1d}"),
    ("with", 22, "with { $0 }"),
    ("fails", 22, "fails $0"),
    ("key", 20, "key $0"),
    ("to", 20, "to"),
    ("op", 20, "op ${1:name}() = ${2:GET} \"/$0\""),
    ("at", 19, "at: \"$0\""),
    ("and", 18, "and"),
    ("or", 17, "or"),
    ("not", 16, "not"),
    ("on", 15, "on"),
    ("forever", 15, "forever"),
    ("where", 14, "where it $0"),
    ("finally", 12, "finally {\n  $0\n}"),
    ("has", 10, "has"),
    ("matches", 10, "matches"),
    ("route", 9, "route {\n  else -> $0\n}"),
    ("returns", 9, "returns $0"),
    ("once", 9, "once"),
    ("times", 8, "times"),
    ("from", 8, "from \"$0\""),
    ("event", 8, "event"),
    ("signal", 8, "signal"),
    ("gateway", 8, "gateway"),
    ("spawn", 8, "spawn"),
    ("start", 8, "start"),
    ("for", 7, "for"),
    ("parallel", 7, "parallel"),
    ("await", 7, "await"),
    ("if", 7, "if"),
    ("match", 7, "match"),
    ("is", 7, "is"),
    ("logs", 6, "logs"),
    ("never", 6, "never"),
    ("twice", 6, "twice"),
    ("fail", 6, "fail"),
    ("then", 6, "then"),
    ("after", 6, "after"),
    ("until", 6, "until"),
    ("most", 5, "most"),
    ("least", 4, "least"),
    ("before", 5, "before"),
    ("stream", 5, "stream"),
    ("produces", 4, "produces $0"),
    ("attempted", 3, "attempted"),
    ("of", 3, "of"),
    ("cache", 3, "cache { $0 }"),
    ("service", 3, "service"),
    ("subset", 2, "subset of $0"),
];

impl Context<'_> {
    /// Words with which the declaration around can be read better than without; where it can be read anyway, those that
    /// can begin something here.
    pub(super) fn keywords(&mut self) {
        let broken = self.site.problems > 0;
        let around = self.site.around;
        let begin: &[Known] = match around {
            Some(K::Test) => OF_TESTS,
            Some(K::FlowItem) => STATEMENTS,
            Some(K::BadItem | K::Module) | None => ITEMS,
            _ => &[],
        };
        let starts = self.site.begins && (!self.site.goes_on || self.site.place == Place::Statement);
        let begin = if starts { begin } else { &[] };
        let all = begin
            .iter()
            .map(|known| (known, 1))
            .chain(WITHIN.iter().map(|known| (known, 0)));
        let try_them = broken || self.site.after.more;
        let mut tried: Vec<(&Known, i32, Option<usize>)> = Vec::new();
        for (known, begins) in all {
            let fits = known.0.starts_with(self.site.prefix.as_str()) && (try_them || begins == 1);
            if fits && !tried.iter().any(|(other, ..)| other.0 == known.0) {
                tried.push((known, begins, None));
            }
        }
        if try_them {
            self.try_words(&mut tried);
        }
        let best = tried.iter().filter_map(|(.., problems)| *problems).min();
        for ((word, usual, snippet), begins, problems) in tried {
            let fits = match (problems, best) {
                (Some(problems), Some(best)) if problems > best => -80,
                (Some(problems), _) if problems < self.site.problems => 150 + self.follows_word(word),
                (Some(_), _) if begins == 0 && self.site.goes_on => 110,
                (Some(_), _) if begins == 0 && !starts => 55 + self.follows_word(word),
                (Some(_), _) if begins == 0 => -20,
                (Some(_), _) => 60 + self.follows_word(word),
                (None, _) => 0,
            };
            let alone = !self.site.after.more && (!broken || begins == 1);
            let item = Item::new(
                *word,
                ItemKind::Keyword,
                of_kind(ItemKind::Keyword) + usual + fits,
            );
            self.add(if alone { item.snippet(*snippet) } else { item });
        }
        match around {
            Some(K::Service) => self.settings_of(SettingPlace::Service),
            Some(K::Gateway) => self.settings_of(SettingPlace::Gateway),
            _ => {}
        }
    }

    /// How a word fits the name that follows it: a state is gone to, an error fails, a new name is declared.
    fn follows_name(&self, word: &str) -> Option<i32> {
        let next = self.site.after.word.as_deref()?;
        if self.site.after.gone_over {
            return (word == "for").then_some(60);
        }
        let states = self.site.item.0.contains(&format!("state {next}"));
        let fits = match word {
            "goto" if states => 70,
            "fail" if next.starts_with(char::is_uppercase) => 45,
            "start" if self.is_flow(next) => 25,
            "cancel" if self.site.item.0.contains(&format!("step {next}")) => 25,
            "is" if STATUSES.contains(&next) => 60,
            "fails" if self.site.around == Some(K::Test) && self.is_error(next) => 45,
            "returns" if self.site.around == Some(K::Test) => 20,
            "state" if self.site.after.block && self.site.item.0.contains("goto ") => 60,
            _ => return None,
        };
        Some(fits)
    }

    fn is_error(&self, name: &str) -> bool {
        let entry = self.module.scope.get(name);
        entry.is_some_and(|entry| matches!(entry.def, Def::Error(_)))
    }

    fn is_flow(&self, name: &str) -> bool {
        let entry = self.module.scope.get(name);
        entry.is_some_and(|entry| matches!(entry.def, Def::Flow(_) | Def::Template(_)))
    }

    /// Whether it is the last statement of a flow that has a result.
    fn ends_flow(&self) -> bool {
        let (text, at) = &self.site.item;
        let rest = text.get(*at..).unwrap_or("");
        let behind = rest.split_once('\n').map_or("", |(_, rest)| rest);
        let head = text.lines().next().unwrap_or("");
        behind.trim() == "}" && head.contains("->")
    }

    /// How a word fits what follows it: a text, a time, a block.
    fn follows_word(&self, word: &str) -> i32 {
        if let Some(fits) = self.follows_name(word) {
            return fits;
        }
        match (word, self.site.after.literal, self.site.after.block) {
            ("return", _, false) if self.ends_flow() => 45,
            ("log" | "expect", Some(K::Quote), false) => 20,
            ("lock", Some(K::Quote), true) => 40,
            ("sleep" | "advance", Some(K::NumberToken), false) => 20,
            ("within", Some(K::NumberToken), true) => 40,
            ("step" | "state", None, true) => 12,
            ("if" | "while" | "for" | "match" | "state" | "step" | "lock" | "within", _, false) => -60,
            ("return" | "log" | "fail" | "goto" | "sleep" | "advance", _, true) => -60,
            ("returns" | "logs", Some(K::Quote), _) if self.site.around == Some(K::Test) => 30,
            ("returns", _, _) if self.site.around == Some(K::Test) => 20,
            _ => 0,
        }
    }

    /// Says of each word how much of what is around cannot be read with it in the place.
    fn try_words(&self, words: &mut [(&Known, i32, Option<usize>)]) {
        let (text, at) = &self.site.near;
        let (head, tail) = (text.get(..*at).unwrap_or(""), text.get(*at..).unwrap_or(""));
        let tail = tail.strip_prefix(WORD).unwrap_or(tail);
        let work = words.iter_mut().map(|((word, ..), _, problems)| -> Work<'_> {
            Box::new(move || *problems = Some(parse::problems(&format!("{head}{word}{tail}"))))
        });
        self.world.work(work.collect());
    }
}
