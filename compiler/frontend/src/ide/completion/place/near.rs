//! A declaration without the statements that have nothing to do with a place in it.

use crate::syntax::{SyntaxElement, SyntaxKind as K, SyntaxNode, SyntaxToken};

/// The text of a declaration with only those statements that are around a word or beside it, and where the word begins in
/// that text. What surrounds a word decides whether it can be read there; statements before and after do not, nor what is
/// in the blocks of those beside it.
pub(super) fn near(item: &SyntaxNode, word: &SyntaxToken) -> (String, usize) {
    let around: Vec<SyntaxNode> = word.parent_ancestors().collect();
    let mut text = Near {
        around,
        word,
        text: String::new(),
        at: 0,
    };
    text.write(item);
    (text.text, text.at)
}

struct Near<'a> {
    /// The nodes around the word, the innermost first.
    around: Vec<SyntaxNode>,
    word: &'a SyntaxToken,
    text: String,
    at: usize,
}

impl Near<'_> {
    fn write(&mut self, node: &SyntaxNode) {
        let is_block = matches!(node.kind(), K::Block | K::TestBlock);
        let here = node.children().position(|child| self.around.contains(&child));
        let mut at = 0usize;
        let mut is_left_out = false;
        for part in node.children_with_tokens() {
            if let Some(token) = part.as_token() {
                // A comma goes with what stands before it.
                if is_left_out && token.kind() == K::Comma && token != self.word {
                    continue;
                }
                if token == self.word {
                    self.at = self.text.len();
                }
                self.text.push_str(token.text());
            }
            let Some(child) = part.into_node() else { continue };
            is_left_out = false;
            let is_near = here.is_none_or(|here| here.abs_diff(at) <= 1);
            at += 1;
            if self.around.contains(&child) {
                self.write(&child);
            } else if is_near && is_block {
                self.outline(&child);
            } else if is_near || !is_block {
                self.text.push_str(&child.text().to_string());
            } else {
                is_left_out = true;
            }
        }
    }
}

impl Near<'_> {
    /// A statement with nothing in its blocks.
    fn outline(&mut self, node: &SyntaxNode) {
        if node.kind() == K::Block {
            return self.text.push_str("{ }");
        }
        for part in node.children_with_tokens() {
            match part {
                SyntaxElement::Token(token) => self.text.push_str(token.text()),
                SyntaxElement::Node(child) => self.outline(&child),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SyntaxElement, near};
    use crate::parse::{
        self,
        tests::{EVERYTHING, SHOP, STATEMENTS},
    };

    #[test]
    fn statements_that_are_far_are_left_out() {
        let flow = "flow f() {\n  log \"a\"\n  log \"b\"\n  if true {\n    log \"c\"\n    here()\n  }\n  log \"d\"\n  log \"e\"\n}\n";
        let tree = parse::tree_of(flow).unwrap().root;
        let at = u32::try_from(flow.find("here").unwrap()).unwrap();
        let word = tree.token_at_offset(at.into()).right_biased().unwrap();
        let item = tree.children().next().unwrap();
        let (text, at) = near(&item, &word);
        assert!(text.get(at..).unwrap().starts_with("here()"), "{text}");
        for there in ["flow f()", "\"b\"", "\"c\"", "\"d\""] {
            assert!(text.contains(there), "{text}");
        }
        for gone in ["\"a\"", "\"e\""] {
            assert!(!text.contains(gone), "{text}");
        }
        assert_eq!(parse::problems(&text), 0, "{text}");
    }
    #[test]
    fn what_is_left_can_be_read_as_well_as_all_of_it() {
        for text in [SHOP, STATEMENTS, EVERYTHING] {
            let tree = parse::tree_of(text).unwrap().root;
            for item in tree.children() {
                let whole = parse::problems(&item.text().to_string());
                let tokens = item.descendants_with_tokens();
                for word in tokens.filter_map(SyntaxElement::into_token).step_by(3) {
                    let (text, at) = near(&item, &word);
                    assert!(text.get(at..).unwrap().starts_with(word.text()), "{text}");
                    assert_eq!(parse::problems(&text), whole, "{text}");
                }
            }
        }
    }
}
