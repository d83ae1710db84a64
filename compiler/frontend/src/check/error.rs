//! What can be wrong with names and types inside bodies.

use flowmesh_diagnostics::{Diagnostic, Span};
use flowmesh_ir::{Name, expr::Binary};

/// What is wrong, with its facts.
#[derive(Clone, Debug)]
pub(crate) enum Error {
    /// A name that means nothing.
    UnknownName {
        name: Name,
        span: Span,
        near: Option<Name>,
    },
    /// A type that is not declared.
    UnknownType {
        name: Name,
        span: Span,
        near: Option<Name>,
    },
    /// An error that is not declared.
    NotDeclared {
        name: Name,
        span: Span,
        near: Option<Name>,
    },
    /// A name of something that is no value.
    NotAValue {
        name: String,
        kind: &'static str,
        span: Span,
    },
    /// A name of something that is no type.
    NotAType {
        name: Name,
        kind: &'static str,
        span: Span,
    },
    /// A name of something that is no error.
    WrongKind {
        name: Name,
        kind: &'static str,
        span: Span,
    },
    /// `run`, `reply` or `request` without a part.
    WholeContext {
        name: &'static str,
        parts: Vec<&'static str>,
        span: Span,
    },
    /// One type where another is expected.
    Mismatch {
        expected: String,
        found: String,
        span: Span,
        help: Option<String>,
    },
    /// A record without this field.
    UnknownField {
        name: Name,
        owner: String,
        span: Span,
        near: Option<Name>,
    },
    /// A method without its brackets.
    MethodNotCalled { name: Name, span: Span },
    /// A method that the type does not have.
    UnknownMethod {
        name: Name,
        owner: String,
        span: Span,
        near: Option<Name>,
    },
    /// Something that has to be given.
    Missing {
        names: Vec<Name>,
        of: String,
        what: &'static str,
        span: Span,
    },
    /// An argument under a name that is no parameter.
    UnknownArgument {
        name: Name,
        of: String,
        span: Span,
        near: Option<Name>,
    },
    /// More arguments than parameters.
    TooMany { of: String, most: usize, span: Span },
    /// Something given twice.
    Doubled { name: Name, span: Span, first: Span },
    /// An operator on types that it does not know.
    Operator {
        operator: Binary,
        left: String,
        right: String,
        span: Span,
    },
    /// `-` on something that has no opposite.
    Unary { ty: String, span: Span },
    /// An index into something that has no places.
    NoIndex { span: Span, ty: String },
    /// Something that may be absent, used as if it were there.
    MayBeNone { span: Span, ty: String },
    /// Something that is always there, treated as if it might be absent.
    NeverNone { span: Span, operator: &'static str },
    /// A binding whose type nothing says.
    OpenType { name: Name, span: Span },
    /// A `match` that leaves something out.
    NotExhaustive { missing: Vec<String>, span: Span },
    /// An arm behind arms that fit everything.
    ArmNeverTaken { span: Span },
    /// A case that the enum does not have.
    UnknownCase {
        name: Name,
        owner: String,
        span: Span,
        near: Option<Name>,
    },
    /// A case pattern for a value that is of no enum.
    NotAnEnum { ty: String, span: Span },
    /// A regular expression that is none.
    BadPattern { why: String, span: Span },
    /// A text that is not of the form that a function of the library wants.
    BadText { why: String, span: Span },
    /// Functions that call each other in a circle.
    Recursion { names: Vec<Name>, span: Span },
    /// A type that contains itself.
    EndlessType { names: Vec<Name>, span: Span },
    /// A call of something that cannot be called.
    NotCallable { what: String, span: Span },
    /// `a?.b()`
    OptionalCall { name: Name, span: Span },
    /// A call of an enum or alias.
    NoConstructor { name: Name, enum_: bool, span: Span },
    /// A rule of a type that reads a config.
    ConfigInRule { span: Span },
    /// A secret as a value.
    Secret { span: Span, declared: Option<Span> },
    /// Something from outside where a constant is needed.
    NotConstant { span: Span, what: &'static str },
    /// A lambda that nobody calls.
    Lambda { span: Span },
    /// Something else where a lambda is needed.
    NoLambda { params: usize, span: Span },
    /// A lambda with too many or too few parameters.
    LambdaParams {
        expected: usize,
        found: usize,
        span: Span,
    },
    /// Something that has no plain text.
    NoText { span: Span, ty: String },
    /// A map whose keys are not texts.
    MapKey { found: String, span: Span },
    /// `as` between types that have nothing to do with each other.
    NoConversion { from: String, to: String, span: Span },
    /// Too many levels.
    TooDeep { span: Span },
    /// `25%`, `100/s` and `5xx` outside settings.
    OnlyInSettings { span: Span },
    /// A call of an operation inside an expression.
    CallInside { name: String, span: Span },
    /// A call of a flow.
    CallsFlow { name: String, span: Span },
    /// `now()` and its like outside a flow.
    Impure { name: Name, span: Span },
    /// A rule where no border is.
    RuleInside { span: Span },
    /// An error as a value.
    FailValue { name: String, span: Span },
}

impl Error {
    /// In words.
    pub(crate) fn diagnostic(self) -> Diagnostic {
        match self {
            Self::UnknownName { .. }
            | Self::UnknownType { .. }
            | Self::NotDeclared { .. }
            | Self::NotAValue { .. }
            | Self::NotAType { .. }
            | Self::WrongKind { .. }
            | Self::WholeContext { .. } => self.of_names(),
            Self::Missing { .. }
            | Self::UnknownArgument { .. }
            | Self::TooMany { .. }
            | Self::Doubled { .. }
            | Self::UnknownField { .. }
            | Self::MethodNotCalled { .. }
            | Self::UnknownMethod { .. }
            | Self::UnknownCase { .. } => self.of_parts(),
            Self::CallInside { .. }
            | Self::CallsFlow { .. }
            | Self::Impure { .. }
            | Self::FailValue { .. } => self.of_flows(),
            Self::NotCallable { .. }
            | Self::OptionalCall { .. }
            | Self::NoConstructor { .. }
            | Self::Secret { .. }
            | Self::ConfigInRule { .. }
            | Self::NotConstant { .. }
            | Self::Lambda { .. }
            | Self::NoLambda { .. }
            | Self::LambdaParams { .. }
            | Self::TooDeep { .. }
            | Self::RuleInside { .. }
            | Self::OnlyInSettings { .. } => self.of_forms(),
            other => other.of_types(),
        }
    }
}
