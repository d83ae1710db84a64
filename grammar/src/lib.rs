//! The grammar of the language, and the parser that pest derives from it.
//!
//! The files `flow.pest` and `statement.pest` are the authority on the form of a program. This room knows no
//! positions, no messages and no tree: `parse` in the frontend makes all of that from the pairs, and no other room
//! sees this one.
//!
//! INVARIANT: the text that is given to the parser has balanced brackets and closed texts, and nests at most as deep
//! as the frontend allows; with such a text the tolerant rule `module` always fits.

// The derive writes the documentation of `Rule` from the grammar, and not for every rule.
#![expect(
    missing_docs,
    reason = "the variants of the derived `Rule` are the rules of the grammar"
)]

/// The parser derived from `flow.pest` and `statement.pest`.
#[derive(Debug, pest_derive::Parser)]
#[grammar = "flow.pest"]
#[grammar = "statement.pest"]
pub struct FlowParser;
