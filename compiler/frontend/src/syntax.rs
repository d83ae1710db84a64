//! The lossless tree, and what the kinds of its tokens and nodes have in common. `kind` names them.

mod kind;

pub use kind::SyntaxKind;

/// The tree of one file; its text is the file, byte for byte.
pub type SyntaxNode = rowan::SyntaxNode<Flow>;
/// A token of the tree.
pub type SyntaxToken = rowan::SyntaxToken<Flow>;
/// A node or a token.
pub type SyntaxElement = rowan::SyntaxElement<Flow>;

/// The language, for rowan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flow {}

impl SyntaxKind {
    /// Whether it has no meaning for the program: blanks and comments.
    #[must_use]
    pub fn is_trivia(self) -> bool {
        matches!(self, Self::Whitespace | Self::Semicolon) || self.is_comment()
    }

    /// Whether it is a comment of any sort.
    #[must_use]
    pub fn is_comment(self) -> bool {
        matches!(self, Self::Comment | Self::Doc | Self::ModuleDoc)
    }

    /// Whether it is a word, reserved or not.
    #[must_use]
    pub fn is_word(self) -> bool {
        (Self::Word..=Self::NoneKw).contains(&self)
    }

    /// Whether it stands for a part of the text that has no meaning, and was reported.
    #[must_use]
    pub fn is_bad(self) -> bool {
        matches!(
            self,
            Self::BadItem
                | Self::BadMember
                | Self::BadEntry
                | Self::BadArm
                | Self::BadStatement
                | Self::Stray
        )
    }

    /// Whether it is a sign between or before values, or one that leads from something to something.
    #[must_use]
    pub fn is_operator(self) -> bool {
        use SyntaxKind as K;
        matches!(
            self,
            K::Arrow
                | K::FatArrow
                | K::Equals
                | K::EqualsEquals
                | K::NotEquals
                | K::Less
                | K::LessEquals
                | K::Greater
                | K::GreaterEquals
                | K::DotDot
                | K::Plus
                | K::Minus
                | K::Star
                | K::Slash
                | K::Percent
                | K::QuestionQuestion
        )
    }

    /// Whether it opens a bracket.
    #[must_use]
    pub fn opens(self) -> bool {
        matches!(self, Self::BraceOpen | Self::RoundOpen | Self::SquareOpen)
    }

    /// Whether it closes a bracket.
    #[must_use]
    pub fn closes(self) -> bool {
        matches!(self, Self::BraceClose | Self::RoundClose | Self::SquareClose)
    }
}

impl rowan::Language for Flow {
    type Kind = SyntaxKind;

    fn kind_from_raw(raw: rowan::SyntaxKind) -> SyntaxKind {
        kind::ALL
            .get(raw.0 as usize)
            .copied()
            .unwrap_or(SyntaxKind::Stray)
    }

    fn kind_to_raw(kind: SyntaxKind) -> rowan::SyntaxKind {
        rowan::SyntaxKind(kind as u16)
    }
}
