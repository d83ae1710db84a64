//! Where a service is: texts of constants, configs and, in places, parameters of the operation that is called; never a
//! whole address from data.

use super::{Error, words};
use crate::{
    ast::{self, ExprKind, Ident, Operation as Written, TextPart},
    check::{Checker, FieldInfo, Ty, frame::Kind},
    resolve::Def,
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{
    Name, SlotId, Value,
    address::{self, Part, label},
    expr::Expr,
    service::AddressParam,
};

/// The schemes that this version can reach.
const SCHEMES: [&str; 4] = ["http", "https", "dns", "srv"];

/// What addresses take from the operations of their service.
#[derive(Clone, Debug)]
pub(crate) struct Taken<'a> {
    /// Its name in the program, and where it stands.
    param: AddressParam,
    /// As it is written.
    written: &'a ast::Expr,
    /// The parameter that it begins with.
    first: Ident,
}

impl<'a> Checker<'a> {
    /// One address or a list of them, where they stand in zones those of all.
    pub(super) fn addresses(&mut self, at: &'a ast::At, operations: &[&'a Written]) -> Vec<Expr> {
        let value = &at.value;
        match &value.kind {
            ExprKind::Record(names) if !names.is_empty() => {
                let names = names.iter().map(|(name, _)| name.clone()).collect();
                self.report(Error::ZoneNames(names).diagnostic());
                vec![Self::hole()]
            }
            ExprKind::List(items) => {
                // What a zone has where nothing is written there.
                let nothing = |item: &&ast::Expr| {
                    matches!(&item.kind, ExprKind::List(none) if none.is_empty()) && !at.zones.is_empty()
                };
                let empty = items.is_empty().then_some(value);
                for empty in items.iter().filter(nothing).chain(empty) {
                    self.report(Error::EmptyAddresses { span: empty.span }.diagnostic());
                }
                let some = items.iter().filter(|item| !nothing(item));
                some.map(|item| self.address(item, operations)).collect()
            }
            _ => vec![self.address(value, operations)],
        }
    }

    fn address(&mut self, value: &'a ast::Expr, operations: &[&'a Written]) -> Expr {
        if self.parameter(value, operations).is_some() {
            self.report(Error::AddressWhole { span: value.span }.diagnostic());
            return Self::hole();
        }
        let parts = match &value.kind {
            ExprKind::Text(parts) => parts.as_slice(),
            _ => &[],
        };
        if let Some(TextPart::Literal(text)) = parts.first() {
            self.scheme(text, parts.len() == 1, value.span);
        }
        let params: Vec<Option<Ident>> = parts
            .iter()
            .map(|part| match part {
                TextPart::Expr(expr) => self.parameter(expr, operations),
                TextPart::Literal(_) => None,
            })
            .collect();
        if params.iter().any(Option::is_some) {
            return self.template(parts, &params);
        }
        let module = self.frame.module;
        let (made, _) = self.within(module, Kind::Address, |checker| {
            let typed = checker.expr(value, Some(&Ty::Url));
            let ty = checker.globals.unfold(&typed.ty);
            if matches!(ty, Ty::String | Ty::Url | Ty::Bad) {
                return typed.expr;
            }
            checker.fit(typed, &Ty::Url, value.span)
        });
        made
    }

    /// The parameter of an operation that an expression begins with. A config of the module comes first, since an address
    /// stands outside of the operations.
    fn parameter(&self, value: &ast::Expr, operations: &[&'a Written]) -> Option<Ident> {
        let first = words(value)?.into_iter().next()?;
        let known = self.module()?.scope.get(&first.text).map(|entry| entry.def);
        if matches!(known, Some(Def::Config(_) | Def::Secret(_) | Def::Module(_))) {
            return None;
        }
        let mut params = operations.iter().flat_map(|operation| &operation.params);
        params.any(|param| param.name.text == first.text).then_some(first)
    }

    /// An address that each call fills.
    fn template(&mut self, parts: &'a [TextPart], params: &[Option<Ident>]) -> Expr {
        let pieces: Vec<address::Piece<'_>> = parts
            .iter()
            .zip(params)
            .map(|(part, param)| match (part, param) {
                (TextPart::Literal(text), _) => address::Piece::Text(text),
                (_, Some(_)) => address::Piece::Param,
                (_, None) => address::Piece::Later,
            })
            .collect();
        let found = address::parts(&pieces);
        if let Err((at, wrong)) = found {
            let mut spans = parts.iter().zip(params).filter_map(|(part, param)| match part {
                TextPart::Expr(expr) if param.is_some() => Some(expr.span),
                _ => None,
            });
            let span = spans.nth(at).unwrap_or_default();
            self.report(Error::AddressPart { wrong, span }.diagnostic());
        }
        let mut found = found.unwrap_or_default().into_iter();
        let module = self.frame.module;
        let texts = parts.iter().zip(params).map(|(part, param)| match (part, param) {
            (TextPart::Literal(text), _) => Expr::Constant(Value::string(text)),
            (TextPart::Expr(expr), Some(first)) => {
                self.takes(expr, first, found.next().unwrap_or(Part::Segment))
            }
            (TextPart::Expr(expr), None) => {
                let (made, _) = self.within(module, Kind::Address, |checker| {
                    let typed = checker.expr(expr, None);
                    checker.textual(typed, expr.span)
                });
                made
            }
        });
        Expr::Text(texts.collect())
    }

    fn takes(&mut self, written: &'a ast::Expr, first: &Ident, part: Part) -> Expr {
        let name: Name = self.slice(written.span).into();
        let param = AddressParam { name, part };
        let at = self.taken.iter().position(|taken| taken.param == param);
        let at = at.unwrap_or_else(|| {
            let first = first.clone();
            self.taken.push(Taken {
                param,
                written,
                first,
            });
            self.taken.len().saturating_sub(1)
        });
        Expr::Slot(SlotId(u32::try_from(at).unwrap_or(u32::MAX)))
    }

    /// What the addresses of the service take.
    pub(super) fn address_params(&self) -> Vec<AddressParam> {
        self.taken.iter().map(|taken| taken.param.clone()).collect()
    }

    /// What an operation gives to the addresses of its service, and the parameters that are sent by this alone.
    pub(super) fn filled(
        &mut self,
        operation: &'a Written,
        params: &[FieldInfo],
    ) -> (Vec<Expr>, Vec<(SlotId, bool)>) {
        let mut sent = Vec::new();
        let mut made = Vec::with_capacity(self.taken.len());
        for taken in self.taken.clone() {
            let Some(slot) = self.frame.find(&taken.first.text) else {
                self.lacks(&taken, operation);
                continue;
            };
            let whole = matches!(taken.written.kind, ExprKind::Name(_));
            sent.push((slot, whole));
            let declared = params.iter().find(|param| param.name == taken.first.text);
            let declared = declared.map_or(operation.name.span, |param| param.span);
            made.push(self.fills(&taken, declared));
        }
        (made, sent)
    }

    fn lacks(&mut self, taken: &Taken<'_>, operation: &Written) {
        let error = Error::AddressLacks {
            param: taken.first.text.clone(),
            name: operation.name.text.clone(),
            span: operation.name.span,
            place: taken.written.span,
        };
        self.report(error.diagnostic());
    }

    /// A text, a whole number or a case without a payload; in a host only what may be a label.
    fn fills(&mut self, taken: &Taken<'a>, declared: Span) -> Expr {
        let typed = self.expr(taken.written, None);
        let name = taken.param.name.clone();
        let (span, place) = (declared, taken.written.span);
        let cases = self.globals.cases(&typed.ty).map(|(_, cases)| cases);
        let plain = cases.is_some_and(|cases| cases.iter().all(|case| case.fields.is_empty()));
        let wrong = cases
            .into_iter()
            .flatten()
            .find(|case| taken.param.part == Part::Label && label(&case.name).is_err());
        if let (true, Some(case)) = (plain, wrong) {
            let case = case.name.clone();
            self.report(
                Error::AddressCase {
                    name,
                    case,
                    span,
                    place,
                }
                .diagnostic(),
            );
        } else if !plain && !matches!(self.globals.unfold(&typed.ty), Ty::String | Ty::Int | Ty::Bad) {
            let ty = self.globals.show(&typed.ty);
            self.report(
                Error::AddressType {
                    name,
                    ty,
                    span,
                    place,
                }
                .diagnostic(),
            );
        }
        typed.expr
    }

    fn scheme(&mut self, text: &str, whole: bool, span: Span) {
        let Some((scheme, rest)) = text.split_once("://") else {
            return self.report(
                Error::NoScheme {
                    text: text.into(),
                    span,
                }
                .diagnostic(),
            );
        };
        if !SCHEMES.contains(&scheme) {
            return self.report(
                Error::UnknownScheme {
                    scheme: scheme.into(),
                    span,
                }
                .diagnostic(),
            );
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let port = authority
            .rsplit_once(':')
            .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        if whole && (authority.is_empty() || rest.contains(['?', '#'])) {
            self.report(
                Error::BadAddress {
                    why: "expected a host, a port and a path after `://`, and no query",
                    span,
                }
                .diagnostic(),
            );
        } else if whole && scheme == "dns" && !port {
            self.report(
                Error::BadAddress {
                    why: "expected a port after the name: `dns://name:8080`",
                    span,
                }
                .diagnostic(),
            );
        }
    }
}
