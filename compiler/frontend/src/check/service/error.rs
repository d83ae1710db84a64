//! What can be wrong with services and policies.

use crate::ast::Ident;
use flowmesh_diagnostics::{Diagnostic, Span};
use flowmesh_ir::{Name, address::Wrong};

/// What is wrong, with its facts.
#[derive(Clone, Debug)]
pub(crate) enum Error {
    UnknownSetting {
        name: Name,
        place: String,
        span: Span,
        near: Option<Name>,
    },
    MisplacedSetting {
        name: Name,
        place: &'static str,
        span: Span,
    },
    SettingTwice {
        name: Name,
        span: Span,
    },
    Form {
        name: &'static str,
        form: String,
        found: String,
        span: Span,
    },
    UnknownPolicy {
        name: String,
        span: Span,
        near: Option<Name>,
    },
    RetryOnce {
        name: Name,
        attempts: u32,
        span: Span,
        operation: Span,
    },
    AttemptOverTotal {
        attempt: u64,
        total: u64,
        span: Span,
        other: Option<Span>,
    },
    CannotFit {
        attempts: u32,
        attempt: u64,
        waits: u64,
        worst: u64,
        total: u64,
        span: Span,
    },
    Weight {
        name: Name,
        span: Span,
    },
    Weights {
        sum: u32,
        span: Span,
        parts: Vec<Span>,
    },
    /// Weights of `balance` that are not as many as the addresses of a service.
    WeightsOfAddresses {
        service: Name,
        weights: usize,
        addresses: usize,
        span: Span,
        /// The addresses.
        place: Span,
    },
    UnknownSubset {
        name: Name,
        span: Span,
        near: Option<Name>,
        /// The service.
        declared: Span,
    },
    NoElse {
        span: Span,
    },
    /// A rule whose condition an earlier one has already.
    RuleTwice {
        span: Span,
        before: Span,
    },
    RuleNeverTaken {
        span: Span,
        before: Span,
    },
    NoRoute {
        name: Name,
        span: Span,
    },
    UnnamedSubset {
        span: Span,
    },
    NoAddress {
        name: Name,
        span: Span,
    },
    EmptyAddresses {
        span: Span,
    },
    NoScheme {
        text: String,
        span: Span,
    },
    UnknownScheme {
        scheme: String,
        span: Span,
    },
    BadAddress {
        why: &'static str,
        span: Span,
    },
    /// What stands where a zone is expected.
    NoZone {
        found: String,
        span: Span,
    },
    /// Zones that are written as names.
    ZoneNames(Vec<Ident>),
    /// An address that is data as a whole.
    AddressWhole {
        span: Span,
    },
    /// Data in a part of an address that it may not choose.
    AddressPart {
        wrong: Wrong,
        span: Span,
    },
    /// An operation without the parameter that an address of its service takes.
    AddressLacks {
        param: Name,
        name: Name,
        span: Span,
        place: Span,
    },
    AddressType {
        name: Name,
        ty: String,
        span: Span,
        place: Span,
    },
    AddressCase {
        name: Name,
        case: Name,
        span: Span,
        place: Span,
    },
    Binding {
        name: Name,
        span: Span,
        near: Option<Name>,
    },
    Path {
        span: Span,
    },
    NoSuchParam {
        name: Name,
        span: Span,
        declared: Span,
        near: Option<Name>,
    },
    SentNowhere {
        name: Name,
        span: Span,
    },
    NotForQuery {
        name: Name,
        ty: String,
        span: Span,
    },
    BodyOfGet {
        method: &'static str,
        span: Span,
    },
    Key {
        ty: String,
        span: Span,
    },
    Status {
        span: Span,
        expected: &'static str,
        http: bool,
        near: Option<Name>,
    },
    Grpc {
        span: Span,
    },
    Command {
        span: Span,
    },
    Queue {
        span: Span,
    },
    ResumeOnce {
        span: Span,
        declared: Span,
    },
    /// A cursor that gRPC has no place for.
    ResumeWhere {
        span: Span,
        declared: Span,
    },
    /// A method of gRPC that takes a stream of requests.
    ClientStream {
        name: String,
        span: Span,
        place: Span,
    },
    LocalStream {
        word: &'static str,
        span: Span,
    },
    NotForBinding {
        name: Name,
        way: Name,
        span: Span,
    },
    StatusTwice {
        status: u16,
        span: Span,
        first: Span,
    },
    OnUndeclared {
        error: Name,
        name: Name,
        span: Span,
        declared: Span,
    },
    NeverMeant {
        error: Name,
        status: &'static str,
        span: Span,
    },
    NotAFailure {
        span: Span,
    },
    /// An operation that says something else than the document of its service.
    Contradicts {
        name: Name,
        why: String,
        span: Span,
        place: Span,
    },
    /// An operation that the document of its service does not have.
    NotInDocument {
        name: Name,
        span: Span,
        near: Option<Name>,
        place: Option<Span>,
    },
}

impl Error {
    /// In words.
    pub(crate) fn diagnostic(self) -> Diagnostic {
        match self {
            Self::UnknownSetting { .. }
            | Self::MisplacedSetting { .. }
            | Self::SettingTwice { .. }
            | Self::Form { .. }
            | Self::UnknownPolicy { .. } => self.of_settings(),
            Self::RetryOnce { .. } | Self::AttemptOverTotal { .. } | Self::CannotFit { .. } => {
                self.of_policies()
            }
            Self::Weight { .. }
            | Self::Weights { .. }
            | Self::UnknownSubset { .. }
            | Self::NoElse { .. }
            | Self::RuleTwice { .. }
            | Self::RuleNeverTaken { .. }
            | Self::NoRoute { .. }
            | Self::UnnamedSubset { .. } => self.of_routes(),
            Self::NoAddress { .. }
            | Self::EmptyAddresses { .. }
            | Self::NoScheme { .. }
            | Self::UnknownScheme { .. }
            | Self::BadAddress { .. } => self.of_addresses(),
            Self::NoZone { .. } | Self::ZoneNames(..) => self.of_zones(),
            Self::AddressWhole { .. }
            | Self::AddressPart { .. }
            | Self::AddressLacks { .. }
            | Self::AddressType { .. }
            | Self::AddressCase { .. } => self.of_templates(),
            Self::Grpc { .. }
            | Self::Command { .. }
            | Self::Queue { .. }
            | Self::ResumeOnce { .. }
            | Self::ResumeWhere { .. }
            | Self::ClientStream { .. }
            | Self::LocalStream { .. }
            | Self::NotForBinding { .. } => self.of_bindings(),
            Self::WeightsOfAddresses { .. } => self.of_balance(),
            Self::Contradicts { .. } | Self::NotInDocument { .. } => self.of_documents(),
            other => other.of_operations(),
        }
    }
}
