//! The kinds of tokens and nodes of the lossless tree.

/// Defines the kinds and the table that leads back from rowan's numbers.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident,)*) => {
        /// What a token or node is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum SyntaxKind { $($(#[$doc])* $kind,)* }

        pub(super) const ALL: &[SyntaxKind] = &[$(SyntaxKind::$kind,)*];
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
    /// `of`
    OfKw,
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
    /// `on A where e`, in the head of a flow
    Trigger,
    /// `produced(e)`, in the head of a flow
    Produced,
    /// `produces e`
    Produces,
    /// `event A(...)`
    EventItem,
    // The mesh and tests: a line each, since they are many.
    #[doc = "`gateway a { }`"] Gateway,
    #[doc = "`POST \"/a\" -> b(request.body)`"] GatewayRoute,
    #[doc = "The method of such a route."] GatewayMethod,
    #[doc = "`allow a to b`, `deny a to b`"] Access,
    #[doc = "Somebody who calls."] Who,
    #[doc = "Something that is called."] What,
    #[doc = "`mesh { }`"] Mesh,
    #[doc = "`schedule a = e -> f()`"] Schedule,
    #[doc = "`migrate a { }`"] Migrate,
    #[doc = "`\"a\" -> \"b\"`"] MoveRule,
    #[doc = "`test \"a\" { }`"] Test,
    #[doc = "`{ statements of a test }`"] TestBlock,
    #[doc = "`mock a.b(_) -> c`"] Mock,
    #[doc = "`after 2s a 2 times`"] MockAnswer,
    #[doc = "`fail A()`"] AnswerFail,
    #[doc = "`never`"] AnswerNever,
    #[doc = "`status 503 { retry_after: 2s }`"] AnswerStatus,
    #[doc = "`once`, `2 times`"] AnswerTimes,
    #[doc = "`attempted`"] Attempted,
    #[doc = "`let a = e` in a test"] TestLet,
    #[doc = "`start a()` in a test"] TestStart,
    #[doc = "`send a() to run`"] Send,
    #[doc = "`emit A()` in a test"] TestEmit,
    #[doc = "`advance 2d`"] Advance,
    #[doc = "`cancel run`"] TestCancel,
    #[doc = "`config a = e` in a test"] TestConfig,
    #[doc = "`crash`"] Crash,
    #[doc = "`expect e`, `always e`"] Expectation,
    #[doc = "`once`, `at most 3 times`"] Count,
    #[doc = "`returns e`, `fails A()`"] Expected,
    #[doc = "`spans a in b is done once`"] Spanned,
    #[doc = "A step or the title of one, or `attempt`."] SpanName,
    #[doc = "`in a`"] SpanIn,
    #[doc = "`is done`"] SpanIs,
    #[doc = "`before a`"] SpanBefore,
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
    /// `from "..."`
    From,
    /// `at a: e`
    At,
    /// `{ "a": e }` of an `at`
    Zones,
    /// `"a": e` in it
    Zone,
    /// `route { }`
    Route,
    /// `when e -> a`
    RouteRule,
    /// `a 90%`
    Split,
    /// `op a() = GET ""`
    Operation,
    /// `stream T`
    Stream,
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
    #[doc = "`op(a: T) -> T` as a type"] OperationType,
    #[doc = "`subset of a`"] SubsetType,
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
    /// `signal a`, where a loop goes over it
    Heard,
    /// `parallel(...)`, where a loop fans out
    Fan,
    /// `while`
    While,
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `parallel`
    Parallel,
    /// `race`
    Race,
    /// `when e -> s`, as a branch
    Branch,
    /// `try`
    Try,
    /// `finally { }`
    Finally,
    /// `sleep`
    Sleep,
    /// `sleep until`
    SleepUntil,
    /// `signal`
    Signal,
    /// `on a(b) { }`
    On,
    /// `(a, b)` after the signal of `on`
    HeardNames,
    /// One of them.
    HeardName,
    /// `view`
    View,
    /// `await`
    Await,
    #[doc = "`{ when a -> s }` of an `await`"] AwaitArms,
    #[doc = "One of them."] AwaitArm,
    #[doc = "`event A as a where e`"] AwaitedEvent,
    #[doc = "`after e`"] After,
    #[doc = "`at e`, in an arm"] AtTime,
    #[doc = "`forever`"] Forever,
    #[doc = "`within e else s`"] Within,
    #[doc = "`within e { }`"] Deadline,
    #[doc = "`lock e { }`"] Lock,
    #[doc = "`limit e, e { }`"] Limited,
    #[doc = "`state a { }`"] State,
    #[doc = "`goto`"] Goto,
    #[doc = "`step a \"...\" { }`"] Step,
    #[doc = "`cancel`"] Cancel,
    #[doc = "`emit`"] Emit,
    #[doc = "`shift a { b: e }`"] Shift,
    #[doc = "`restart with (...)`"] Restart,
    #[doc = "`(a, b: c)` after `restart with`"] Arguments,
    #[doc = "`tag a = e`"] Tag,
    #[doc = "`spawn`"] Spawn,
    #[doc = "`start`"] Start,
    #[doc = "`fail`"] Fail,
    #[doc = "`return`"] Return,
    #[doc = "`log`"] Log,
    #[doc = "No statement."] BadStatement,
    #[doc = "`undo e`"] Undo,
    #[doc = "`catch A as a -> s`"] Catch,
    #[doc = "`with { }`"] With,
    #[doc = "`cache { }`"] Cache,
    #[doc = "An expression: operands and operators in a row."] Expr,
    #[doc = "`a =>`"] LambdaHead,
    #[doc = "An operand with what touches it."] Operand,
    #[doc = "`(a, b: c)`"] Call,
    #[doc = "`a`, `a: b` in a call"] Argument,
    #[doc = "`[i]`"] Index,
    #[doc = "`.a`"] Member,
    #[doc = "`?.a`"] OptionalMember,
    #[doc = "A word as a value."] Reference,
    #[doc = "`true`, `false`, `none`"] Constant,
    #[doc = "A number with or without unit."] Number,
    #[doc = "`\"...\"`"] Text,
    #[doc = "`{e}` in a text"] Hole,
    #[doc = "`(e)`"] Paren,
    #[doc = "`[a, b]`"] List,
    #[doc = "`{ a: 1, b }`"] Record,
    #[doc = "`a: 1`, `b`"] Entry,
    #[doc = "`if` as an expression"] IfExpr,
    #[doc = "`{ e }`"] ValueBlock,
    #[doc = "`match` as an expression"] MatchExpr,
    #[doc = "`when p -> e`"] ExprArm,
    #[doc = "A name where one is declared or meant by its place."] Name,
}
