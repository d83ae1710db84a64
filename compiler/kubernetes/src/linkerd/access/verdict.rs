//! What rules say of some requests of a service, as the program itself decides it: a denial wins, who may all of a service may
//! each of its operations, and who is kept from one is not led to what is no operation.

use super::callers::{Book, Caller, Callers};
use crate::{
    linkerd::{Known, precedence::covers},
    matcher::{Match, Path},
    operation::requests,
};
use flowmesh_ir::{
    OperationId, Program, ServiceId,
    access::{Rule, What, Who},
    service::Service,
};

/// A rule by its number that cannot be held, and why.
pub(super) type Unheld = (usize, &'static str);

/// The rules of a program, for one service.
pub(super) struct Rules<'a> {
    pub(super) program: &'a Program,
    pub(super) known: &'a [Option<Known>],
    pub(super) own: &'a Known,
    pub(super) id: ServiceId,
    pub(super) all: Vec<Rule>,
    /// For each rule the requests that its condition holds for.
    pub(super) conditions: Vec<Vec<Match>>,
}

/// The service that something is, or is of.
pub(super) fn service(what: What) -> Option<ServiceId> {
    match what {
        What::Service(id) | What::Operation(id, _) => Some(id),
        What::Flow(_) => None,
    }
}

impl Rules<'_> {
    /// The requests that are told apart: those of operations, where rules are of them, and those of conditions.
    pub(super) fn atoms(&self) -> Vec<Match> {
        let named = |what: &What| matches!(what, What::Operation(id, _) if *id == self.id);
        let of_operations = self.all.iter().filter(|rule| rule.what.iter().any(named));
        let denials = of_operations.clone().any(|rule| !rule.allow);
        let operations = self.operations();
        let is_named = |what: What| of_operations.clone().any(|rule| rule.what.contains(&what));
        // One that no rule names is told from those whose requests it shares, and from what is no operation.
        let wanted = |(what, of): &&(What, Match)| {
            denials
                || is_named(*what)
                || operations
                    .iter()
                    .any(|(other, its)| is_named(*other) && its.and(of).is_some())
        };
        let operations = operations.iter().filter(wanted).map(|(_, of)| of.clone());
        let conditions = self.all.iter().zip(&self.conditions);
        let conditions = conditions.filter(|(rule, _)| rule.condition.is_some());
        operations
            .chain(conditions.flat_map(|(_, matches)| matches.clone()))
            .collect()
    }

    /// Whether some requests are those of an operation.
    pub(super) fn owns(&self, requests: &Match) -> bool {
        let operations = self.operations();
        operations.iter().any(|(_, of)| of.and(requests).is_some())
    }

    /// Who may send requests of a cell.
    pub(super) fn callers(&self, cell: &Match) -> Result<Callers, Unheld> {
        let all = self.verdict(What::Service(self.id), cell)?;
        let operations = self.operations();
        let fits = operations.iter().filter(|(_, of)| covers(of, cell));
        let Some(best) = fits.clone().map(|(_, of)| of.rank()).min() else {
            return Ok(all);
        };
        let mut found: Option<Callers> = None;
        for (what, of) in fits.filter(|(_, of)| of.rank() == best) {
            let callers = self.verdict(*what, cell)?;
            // What is wider than the operation has requests of none, to which nobody is let by what is said of it.
            let wider = matches!(of.path, Path::Prefix(_));
            let within = all.contains(&Caller::Anyone) || callers.is_subset(&all);
            if wider && !within {
                let reason =
                    "an operation with a parameter that is a part of a segment cannot be told from others";
                return Err((self.first(), reason));
            }
            if found.as_ref().is_some_and(|known| *known != callers) {
                return Err((self.first(), "two operations have requests that are alike"));
            }
            found = Some(callers);
        }
        Ok(found.unwrap_or(all))
    }

    /// What is said of something, as far as it is about requests of a cell.
    fn verdict(&self, what: What, cell: &Match) -> Result<Callers, Unheld> {
        let (mut allowed, mut denied): (Vec<&Who>, Vec<&Who>) = (Vec::new(), Vec::new());
        let mut last = None;
        for (number, (rule, conditions)) in self.all.iter().zip(&self.conditions).enumerate() {
            let is_of = |known: &What| match rule.allow {
                true => known.covers(what),
                false => known.covers(what) || what.covers(*known),
            };
            if !rule.what.iter().any(is_of) || !conditions.iter().any(|one| covers(one, cell)) {
                continue;
            }
            match rule.allow {
                true => allowed.extend(&rule.who),
                false => denied.extend(&rule.who),
            }
            last = last.filter(|_| rule.allow).or(Some(number));
        }
        let book = Book {
            program: self.program,
            known: self.known,
            places: &self.own.places,
        };
        let may = book.may(&allowed, &denied);
        may.map_err(|reason| (last.unwrap_or_default(), reason))
    }

    /// The operations of the service, with their requests.
    fn operations(&self) -> Vec<(What, Match)> {
        let declared = self.program.service(self.id);
        let operations = declared
            .into_iter()
            .flat_map(|service: &Service| &service.operations);
        let numbered = (0..).map(OperationId).zip(operations);
        let sent = numbered.filter(|(_, operation)| !operation.binding.is_local());
        sent.map(|(id, operation)| (What::Operation(self.id, id), requests(operation)))
            .collect()
    }

    /// The first rule that names the service.
    fn first(&self) -> usize {
        let names = |what: &What| service(*what) == Some(self.id);
        let first = self.all.iter().position(|rule| rule.what.iter().any(names));
        first.unwrap_or_default()
    }
}
