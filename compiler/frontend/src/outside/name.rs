//! Names of the language from names of documents, and whether a name is free.

use flowmesh_ir::Name;
use std::collections::HashSet;

/// Words that a name cannot be, since a statement or an expression begins with them.
const RESERVED: &[&str] = &[
    "and", "as", "await", "break", "catch", "continue", "else", "fail", "false", "for", "has", "if", "in",
    "let", "log", "match", "matches", "none", "not", "or", "parallel", "return", "signal", "sleep", "true",
    "undo", "var", "when", "while", "with",
];

/// Whether the language can write a word behind a dot or before a colon.
pub(super) fn is_word(text: &str) -> bool {
    let mut letters = text.chars();
    let first = letters
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    first && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// `listPets`, `list-pets`, `GET /pets/{id}` as `list_pets`, `get_pets_id`.
pub(super) fn snake(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 4);
    let mut before = '_';
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if !letter.is_ascii_alphanumeric() {
            if !out.is_empty() && !out.ends_with('_') {
                out.push('_');
            }
            before = '_';
            continue;
        }
        let small_follows = letters.peek().is_some_and(char::is_ascii_lowercase);
        let begins = before.is_ascii_lowercase()
            || before.is_ascii_digit()
            || (before.is_ascii_uppercase() && small_follows);
        if letter.is_ascii_uppercase() && begins && !out.ends_with('_') {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
        before = letter;
    }
    let out = out.trim_end_matches('_');
    match out.chars().next() {
        None => "unnamed".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("n{out}"),
        _ if RESERVED.contains(&out) => format!("{out}_"),
        _ => out.to_owned(),
    }
}

/// `pet`, `pet-owner`, `pet.Owner` as `Pet`, `PetOwner`, `PetOwner`.
pub(super) fn capitalised(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let upper = words.filter(|word| !word.is_empty()).map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    let out: String = upper.collect();
    match out.chars().next() {
        None => "Unnamed".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("N{out}"),
        _ => out,
    }
}

/// Names that are taken.
#[derive(Debug, Default)]
pub(super) struct Taken(HashSet<Name>);

impl Taken {
    /// Whether a name is taken.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// The name, or the first of `name2`, `name3` ... that is free.
    pub(super) fn free(&mut self, name: &str) -> Name {
        let numbered = |number: u32| match number {
            1 => Name::from(name),
            number => Name::from(format!("{name}{number}")),
        };
        let free = (1..u32::MAX).map(numbered).find(|name| !self.0.contains(name));
        let name = free.unwrap_or_default();
        self.0.insert(name.clone());
        name
    }
}

#[cfg(test)]
mod tests {
    use super::{Taken, capitalised, is_word, snake};

    #[test]
    fn names_become_names_of_the_language() {
        assert_eq!(snake("listPets"), "list_pets");
        assert_eq!(snake("GET /pets/{petId}"), "get_pets_pet_id");
        assert_eq!(snake("X-Request-ID"), "x_request_id");
        assert_eq!(snake("getHTTPInfo"), "get_http_info");
        assert_eq!(snake("return"), "return_");
        assert_eq!(snake("2fa"), "n2fa");
        assert_eq!(capitalised("pet-owner"), "PetOwner");
        assert_eq!(capitalised("api.v1.Pet"), "ApiV1Pet");
        assert_eq!(capitalised("--"), "Unnamed");
    }

    #[test]
    fn a_word_has_no_signs() {
        assert!(is_word("_links") && is_word("petId"));
        assert!(!is_word("pet-id") && !is_word("1st") && !is_word(""));
    }

    #[test]
    fn a_name_is_given_once() {
        let mut taken = Taken::default();
        assert_eq!(taken.free("Pet"), "Pet");
        assert_eq!(taken.free("Pet"), "Pet2");
        assert_eq!(taken.free("Pet"), "Pet3");
    }
}
