//! The kinds of tokens and nodes of the lossless tree.

/// The tree of one file; its text is the file, byte for byte.
pub type SyntaxNode = rowan::SyntaxNode<Flow>;
/// A token of the tree.
pub type SyntaxToken = rowan::SyntaxToken<Flow>;
/// A node or a token.
pub type SyntaxElement = rowan::SyntaxElement<Flow>;

/// The language, for rowan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flow {}

/// Defines the kinds and the table that leads back from rowan's numbers.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident,)*) => {
        /// What a token or node is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum SyntaxKind { $($(#[$doc])* $kind,)* }

        const ALL: &[SyntaxKind] = &[$(SyntaxKind::$kind,)*];
    };
}

kinds! {
    /// Blanks and line ends.
    Whitespace,
    /// `// text`
    Comment,
    /// `/// text`
    Doc,
    /// `//! text`
    ModuleDoc,
    /// A word that is not reserved.
    Word,
    /// A reserved word without a kind of its own.
    Keyword,
    /// `var`
    VarKw,
    /// `if`
    IfKw,
    /// `else`
    ElseKw,
    /// `and`, or `&&` that was reported
    AndKw,
    /// `or`, or `||` that was reported
    OrKw,
    /// `not`, or `!` that was reported
    NotKw,
    /// `in`
    InKw,
    /// `has`
    HasKw,
    /// `matches`
    MatchesKw,
    /// `as`
    AsKw,
    /// `true`
    TrueKw,
    /// `false`
    FalseKw,
    /// `none`
    NoneKw,
    /// `1_000`, `1h30m`, `25%`
    NumberToken,
    /// `"` or `"""`
    Quote,
    /// Characters of a text.
    Chars,
    /// `{`
    BraceOpen,
    /// `}`
    BraceClose,
    /// `(`
    RoundOpen,
    /// `)`
    RoundClose,
    /// `[`
    SquareOpen,
    /// `]`
    SquareClose,
    /// `,`
    Comma,
    /// `:`
    Colon,
    /// `.`
    Dot,
    /// `?.`
    QuestionDot,
    /// `?`
    Question,
    /// `??`
    QuestionQuestion,
    /// `->`
    Arrow,
    /// `=>`
    FatArrow,
    /// `=`
    Equals,
    /// `==`
    EqualsEquals,
    /// `!=`
    NotEquals,
    /// `<`
    Less,
    /// `<=`
    LessEquals,
    /// `>`
    Greater,
    /// `>=`
    GreaterEquals,
    /// `..`
    DotDot,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Star,
    /// `/`
    Slash,
    /// `%`
    Percent,
    /// `;`, reported
    Semicolon,
    /// Characters that are no token, reported.
    Stray,

    /// The whole file.
    Module,
    /// `use a.b`
    Import,
    /// `config a: T = e`
    Config,
    /// `secret a`
    Secret,
    /// `type A { }`, `type A = T`
    RecordType,
    /// `enum A { }`
    Enumeration,
    /// A case of an enum.
    Case,
    /// `error A(...)`
    ErrorItem,
    /// `policy a { }`
    Policy,
    /// `fn a() -> T = e`
    Function,
    /// `flow a() { }`
    FlowItem,
    /// `fails A, B`
    Fails,
    /// `key e`
    Key,
    /// `gateway a { }`
    Gateway,
    /// `POST "/a" -> b(request.body)`
    GatewayRoute,
    /// The method of such a route.
    GatewayMethod,
    /// `allow a to b`, `deny a to b`
    Access,
    /// Somebody who calls.
    Who,
    /// Something that is called.
    What,
    /// `mesh { }`
    Mesh,
    /// `schedule a = e -> f()`
    Schedule,
    /// `migrate a { }`
    Migrate,
    /// `"a" -> "b"`
    MoveRule,
    /// A declaration of a later version.
    LaterItem,
    /// No declaration.
    BadItem,
    /// `{ a: T }`
    Fields,
    /// `(a: T)`
    Params,
    /// `a: T where e`
    Field,
    /// `where e`
    Rule,
    /// `{ a: e }` as settings
    Settings,
    /// `a: e`
    Setting,
    /// No setting, field or case.
    BadEntry,
    /// `service a { }`
    Service,
    /// `at a: e`
    At,
    /// `route { }`
    Route,
    /// `when e -> a`
    RouteRule,
    /// `a 90%`
    Split,
    /// `op a() = GET ""`
    Operation,
    /// The method or kind of a binding.
    Binding,
    /// `{ settings }` of an operation
    OperationBody,
    /// `on 402: e`
    OnStatus,
    /// No part of a service.
    BadMember,
    /// A type, with its `?`.
    Type,
    /// `a.B`
    NamedType,
    /// `[T]`
    ListType,
    /// `{string: T}`
    MapType,
    /// A pattern.
    Pattern,
    /// `_`
    AnyPattern,
    /// `1`, `1..2`
    NumberPattern,
    /// `-1`
    SignedNumber,
    /// `open`, `Card(n)`
    CasePattern,
    /// `(a, b: c)` of a pattern
    Binds,
    /// `a: b`
    Bind,
    /// `{ statements }`
    Block,
    /// `let a = e`, `var a = e`
    Let,
    /// `a = e`
    Assign,
    /// An expression that stands alone.
    ExprStatement,
    /// `if`
    If,
    /// The condition of an `if` or `while`.
    Condition,
    /// `match`
    Match,
    /// `when p -> s`
    Arm,
    /// No arm.
    BadArm,
    /// `for`
    For,
    /// `while`
    While,
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `parallel`
    Parallel,
    /// `sleep`
    Sleep,
    /// `signal`
    Signal,
    /// `await`
    Await,
    /// `forever`
    Forever,
    /// `within e else s`
    Within,
    /// `fail`
    Fail,
    /// `return`
    Return,
    /// `log`
    Log,
    /// A statement of a later version.
    LaterStatement,
    /// No statement.
    BadStatement,
    /// `undo e`
    Undo,
    /// `catch A as a -> s`
    Catch,
    /// `with { }`
    With,
    /// An expression: operands and operators in a row.
    Expr,
    /// `a =>`
    LambdaHead,
    /// An operand with what touches it.
    Operand,
    /// `(a, b: c)`
    Call,
    /// `a`, `a: b` in a call
    Argument,
    /// `[i]`
    Index,
    /// `.a`
    Member,
    /// `?.a`
    OptionalMember,
    /// A word as a value.
    Reference,
    /// `true`, `false`, `none`
    Constant,
    /// A number with or without unit.
    Number,
    /// `"..."`
    Text,
    /// `{e}` in a text
    Hole,
    /// `(e)`
    Paren,
    /// `[a, b]`
    List,
    /// `{ a: 1, b }`
    Record,
    /// `a: 1`, `b`
    Entry,
    /// `if` as an expression
    IfExpr,
    /// `{ e }`
    ValueBlock,
    /// `match` as an expression
    MatchExpr,
    /// `when p -> e`
    ExprArm,
    /// A name where one is declared or meant by its place.
    Name,
}

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
        ALL.get(raw.0 as usize).copied().unwrap_or(SyntaxKind::Stray)
    }

    fn kind_to_raw(kind: SyntaxKind) -> rowan::SyntaxKind {
        rowan::SyntaxKind(kind as u16)
    }
}
