//! Puts what can stand at a place in order.
//!
//! What counts, the strongest first: how it answers the letters that are there; whether it fits what follows (a call, a
//! member); whether it is of the type that is expected; whether nothing uses it yet, since what is declared and used
//! nowhere is what is most often about to be; what it is; and how near it is declared.

use super::{Context, Item, ItemKind, place::Site};
use crate::{
    check::{Given, Ty},
    ide::{fuzzy, names::NameKind},
};
use std::collections::{HashMap, HashSet};

/// The most that is offered.
pub(super) const MOST: usize = 300;

/// How much letters count against all else.
const LETTERS: i32 = 4;

pub(super) const FITS: i32 = 60;
pub(super) const NEARLY: i32 = 35;
pub(super) const UNUSED: i32 = 45;

/// How often each word stands in a text, but at the place itself.
pub(super) fn counts<'t>(text: &'t str, site: &Site) -> HashMap<&'t str, u32> {
    let mut counts = HashMap::new();
    let parts = [text.get(..site.start as usize), text.get(site.end as usize..)];
    for part in parts.into_iter().flatten() {
        for line in part.lines() {
            let code = line.split_once("//").map_or(line, |(code, _)| code);
            let words = code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            for word in words.filter(|word| !word.is_empty()) {
                *counts.entry(word).or_default() += 1;
            }
        }
    }
    counts
}

/// The items in their order, each label once.
pub(super) fn rank(context: Context<'_>) -> Vec<Item> {
    let prefix = context.site.prefix.as_str();
    let mut items: Vec<Item> = context
        .items
        .into_iter()
        .filter_map(|mut item| {
            let letters = i32::try_from(fuzzy::score(prefix, &item.label)?).unwrap_or(0);
            item.score += letters * LETTERS;
            Some(item)
        })
        .collect();
    items.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.label.cmp(&b.label)));
    let mut seen: HashSet<(String, bool)> = HashSet::new();
    items.retain(|item| seen.insert((item.label.clone(), item.also.is_empty())));
    let own: HashSet<String> = items
        .iter()
        .filter(|item| item.also.is_empty())
        .map(|item| item.label.clone())
        .collect();
    items.retain(|item| item.also.is_empty() || !own.contains(&item.label));
    items.truncate(MOST);
    items
}

impl Context<'_> {
    /// How a type fits what is expected.
    pub(super) fn fit(&self, ty: &Ty, expected: Option<&Ty>) -> i32 {
        let Some(expected) = expected.filter(|ty| !ty.is_open() && !ty.is_bad()) else {
            return 0;
        };
        if ty.is_bad() || ty.is_open() {
            return 0;
        }
        let (own, wish) = (self.globals.unfold(ty), self.globals.unfold(expected));
        if own == wish || wish.present() == &own {
            return FITS;
        }
        match self.globals.fits(ty, expected) {
            Some(_) if wish == Ty::Json => 5,
            Some(_) => NEARLY,
            None if own.is_optional() && self.globals.fits(own.present(), expected).is_some() => 0,
            None => -50,
        }
    }

    /// How what takes some parameters fits arguments that are there already.
    pub(super) fn takes(&self, params: &[(&str, Option<Ty>, bool)], given: Option<&Given>) -> i32 {
        let Some(given) = given.filter(|given| !given.is_empty()) else {
            return 0;
        };
        let mut score = 0;
        for (at, (name, ty)) in given.iter().enumerate() {
            let param = match name {
                Some(name) => params.iter().find(|(known, ..)| name == known),
                None => params.get(at),
            };
            score += match param {
                None => -40,
                Some((_, None, _)) => 8,
                Some((_, Some(wanted), _)) => match self.fit(ty, Some(wanted)) {
                    0 => 5,
                    fit if fit > 0 => 25,
                    _ => -30,
                },
            };
        }
        let needed = params.iter().filter(|(.., optional)| !optional).count();
        if given.len() >= needed && given.len() <= params.len() {
            score += 20;
        } else {
            score -= 15;
        }
        score
    }

    /// Whether a name stands nowhere but where it is declared.
    pub(super) fn unused(&self, name: &str) -> i32 {
        match self.counts.get(name) {
            None | Some(1) => UNUSED,
            Some(2) => 6,
            _ => 0,
        }
    }

    /// Whether a name stands nowhere in the text at all.
    pub(super) fn absent(&self, name: &str) -> i32 {
        if self.counts.contains_key(name) { 0 } else { 12 }
    }
}

/// How likely a kind of name is, where any can stand.
pub(super) fn of_kind(kind: ItemKind) -> i32 {
    match kind {
        ItemKind::Name(NameKind::Local | NameKind::Param) => 60,
        ItemKind::Name(NameKind::Case | NameKind::Field | NameKind::Operation) => 50,
        ItemKind::Name(NameKind::Service | NameKind::Signal) => 42,
        ItemKind::Name(NameKind::Function | NameKind::Flow) => 38,
        ItemKind::Name(NameKind::Config | NameKind::Type | NameKind::Error) => 34,
        ItemKind::Name(_) => 28,
        ItemKind::Setting | ItemKind::Word => 40,
        ItemKind::Builtin => 26,
        ItemKind::Native => 20,
        ItemKind::Keyword => 10,
    }
}
