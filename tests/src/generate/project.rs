//! A project as a house of many teams might write it: domains of five modules each, which use each other's declarations.

use super::parts::{FLOWS, RULES, SERVICES, TYPES};
use flowmesh_frontend::{Work, World};
use std::{collections::BTreeMap, thread};

/// The modules of a domain.
const KINDS: [(&str, Template); 5] = [
    ("types", TYPES),
    ("rules", RULES),
    ("services", SERVICES),
    ("orders", FLOWS),
    ("returns", FLOWS),
];

/// The texts of a project by path; `main.flow` is the root.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// The modules by path.
    pub files: BTreeMap<String, String>,
}

impl World for Project {
    fn read(&self, path: &str) -> Result<String, String> {
        let text = self.files.get(path).cloned();
        text.ok_or_else(|| "no such module".to_owned())
    }

    /// On two threads, as on a small machine.
    fn work(&self, mut all: Vec<Work<'_>>) {
        let rest = all.split_off(all.len() / 2);
        thread::scope(|scope| {
            if !all.is_empty() {
                scope.spawn(|| all.into_iter().for_each(|work| work()));
            }
            rest.into_iter().for_each(|work| work());
        });
    }
}

impl Project {
    /// How many lines all modules have together.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.files.values().map(|text| text.lines().count()).sum()
    }

    /// How many bytes all modules have together.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.files.values().map(String::len).sum()
    }
}

/// A project without mistakes of about so many modules and at least so many lines. The same seed gives the same project.
#[must_use]
pub fn project(modules: usize, lines: usize, seed: u64) -> Project {
    let domains = modules.div_ceil(KINDS.len()).max(1);
    // Every module of a domain has as many parts, since each part needs those of the same number beside it.
    let length =
        |(_, template): &(&str, Template)| template.uses.lines().count() + template.part.lines().count();
    let parts = lines
        .div_ceil(domains * KINDS.iter().map(length).sum::<usize>())
        .max(3);
    let mut random = Random(seed);
    let mut files = BTreeMap::new();
    for domain in 0..domains {
        // Domains use only earlier ones, so that no circle comes about; the first is used by most.
        let other = if domain < 2 || random.below(3) == 0 {
            0
        } else {
            random.below(domain)
        };
        let other = if domain == 0 { None } else { Some(other) };
        for (kind, template) in KINDS {
            let text = Place { domain, other, kind }.module(template, parts);
            files.insert(format!("d{domain}/{kind}_{domain}.flow"), text);
        }
    }
    files.insert("main.flow".to_owned(), root(domains));
    Project { files }
}

/// A template of a module: what it begins with, what it uses for each part, and what is repeated.
#[derive(Clone, Copy, Debug)]
pub(super) struct Template {
    pub(super) head: &'static str,
    /// Repeated at the beginning for each part.
    pub(super) uses: &'static str,
    pub(super) part: &'static str,
}

/// One module of a domain.
#[derive(Clone, Copy, Debug)]
struct Place {
    domain: usize,
    /// The domain that it uses.
    other: Option<usize>,
    kind: &'static str,
}

impl Place {
    fn module(self, template: Template, parts: usize) -> String {
        let Self { domain, other, kind } = self;
        let mut head = template.head.to_owned();
        if let (Some(other), true) = (other, template.part.contains("{F}")) {
            head += &format!("use d{other}.{kind}_{other}\n");
        }
        let numbers = (0..parts).map(|part| domain * 1000 + part);
        let mut text = self.fill(&head, domain * 1000);
        for number in numbers.clone() {
            text += &self.fill(template.uses, number);
        }
        for number in numbers {
            text += &self.fill(template.part, number);
        }
        text
    }

    /// Where no other domain is used, what it would give is taken from the module itself.
    fn fill(self, text: &str, number: usize) -> String {
        let (from, before) = match self.other {
            Some(other) => (other * 1000 + number % 3, format!("{}_{other}.", self.kind)),
            None => (number, String::new()),
        };
        let half = self.kind.trim_end_matches('s');
        text.replace("{N}", &number.to_string())
            .replace("{M}", &from.to_string())
            .replace("{F}", &before)
            .replace("{D}", &self.domain.to_string())
            .replace("{H}", half)
    }
}

fn root(domains: usize) -> String {
    let mut text = String::from("//! The whole house.\n\n");
    for domain in 0..domains {
        text += &format!("use d{domain}.orders_{domain}.order_weight_{}\n", domain * 1000);
        text += &format!("use d{domain}.returns_{domain}.return_weight_{}\n", domain * 1000);
    }
    let calls: Vec<String> = (0..domains)
        .flat_map(|domain| {
            ["order", "return"].map(|half| format!("  {half}_weight_{}(count)", domain * 1000))
        })
        .collect();
    text += &format!(
        "\n/// How much work there is.\nfn weight(count: int) -> int = [\n{}\n].sum()\n",
        calls.join(",\n")
    );
    text += "\nflow main(count: int) -> int {\n  return weight(count)\n}\n";
    text
}

/// Numbers that look like chance and are not (splitmix64).
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next number below a bound.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound.max(1) as u64).unwrap_or_default()
    }
}
