//! Which endpoint an attempt goes to: one whose gate lets it through, as the balance says.

use super::Call;
use crate::{
    decide::{
        balance,
        breaker::{Gate, Sign},
        chance::below,
    },
    wire::{
        endpoint::Endpoint,
        gates::Pass,
        subset::{At, Snapshot},
    },
};
use flowmesh_ir::{policy::Balance, traffic::Breaker};
use std::sync::{Arc, atomic::Ordering};

/// An endpoint, and the way through its gate where it has one.
pub(super) type Picked = (Arc<Endpoint>, Option<Pass>);

impl Call<'_> {
    /// An endpoint, or why there is none.
    pub(super) fn pick(&self, snapshot: &Snapshot, avoid: Option<&Arc<Endpoint>>) -> Result<Picked, String> {
        let service = self.names.service;
        let none = || format!("no endpoint of service `{service}`");
        let Some(breaker) = &self.policy.breaker else {
            let at = self.choose(snapshot, avoid, &[]).ok_or_else(none)?;
            let member = snapshot.get(at).ok_or_else(none)?;
            return Ok((member.endpoint.clone(), None));
        };
        let mut signs = self.signs(snapshot, breaker);
        while let Some(at) = self.choose_by(snapshot, avoid, &signs) {
            let endpoint = &snapshot.get(at).ok_or_else(none)?.endpoint;
            if let Some(pass) = Pass::enter(endpoint, breaker, self.mesh.clock.now()) {
                return Ok((endpoint.clone(), Some(pass)));
            }
            // Somebody else went through as the proof a moment ago.
            if let Some(sign) = signs.get_mut(at) {
                *sign = Sign::Shut;
            }
        }
        let endpoints = match snapshot.len() {
            1 => "its only endpoint".to_owned(),
            count => format!("all of its {count} endpoints"),
        };
        Err(format!(
            "the breaker of service `{service}` is open for {endpoints}"
        ))
    }

    fn signs(&self, snapshot: &Snapshot, breaker: &Breaker) -> Vec<Sign> {
        let now = self.mesh.clock.now();
        let sign = |gate: &mut Gate| gate.sign(now);
        let signs = snapshot
            .iter()
            .map(|member| member.endpoint.gates.with(breaker, sign));
        signs.collect()
    }

    /// One of those whose gates are not shut. Those that start slowly stand back as often as their share says, unless
    /// nobody else is there.
    fn choose_by(&self, snapshot: &Snapshot, avoid: Option<&Arc<Endpoint>>, signs: &[Sign]) -> Option<usize> {
        let mut chance = || self.mesh.chance.draw();
        let shut: Vec<bool> = signs.iter().map(|sign| *sign == Sign::Shut).collect();
        let stands_back = |sign: &Sign| match sign {
            Sign::Come(100) | Sign::Prove => false,
            Sign::Come(share) => below(&mut chance, 100) >= *share,
            Sign::Shut => true,
        };
        let back: Vec<bool> = signs.iter().map(stands_back).collect();
        let all_back = back.iter().all(|back| *back);
        let shut = if all_back { shut } else { back };
        let at = self.choose(snapshot, avoid, &shut)?;
        Some(self.to_be_proven(snapshot, avoid, signs, at).unwrap_or(at))
    }

    /// One that waits to be proven well, where the balance looks at what endpoints cost: what failed last looks so
    /// expensive that nobody would ever try it. Only one that is no less wanted than the one that was chosen.
    fn to_be_proven(
        &self,
        snapshot: &Snapshot,
        avoid: Option<&Arc<Endpoint>>,
        signs: &[Sign],
        chosen: usize,
    ) -> Option<usize> {
        if !matches!(self.policy.balance, Balance::Ewma | Balance::LeastRequests) {
            return None;
        }
        let most = snapshot.get(chosen)?.priority;
        let mut signed = snapshot.iter().zip(signs);
        signed.position(|(member, sign)| {
            let avoided = avoid.is_some_and(|avoid| Arc::ptr_eq(avoid, &member.endpoint));
            *sign == Sign::Prove && member.priority <= most && !avoided
        })
    }

    fn choose(&self, snapshot: &Snapshot, avoid: Option<&Arc<Endpoint>>, shut: &[bool]) -> Option<usize> {
        let avoid = avoid.and_then(|avoid| {
            snapshot
                .iter()
                .position(|member| Arc::ptr_eq(&member.endpoint, avoid))
        });
        let turn = self.subset.turn.fetch_add(1, Ordering::Relaxed);
        let now = self.mesh.clock.now();
        let candidates = At {
            members: snapshot,
            now,
            shut,
        };
        let mut chance = || self.mesh.chance.draw();
        balance::pick(&candidates, self.policy.balance, avoid, turn, &mut chance)
    }
}
