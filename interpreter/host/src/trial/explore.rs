//! Every way in which the runs of a test can go, up to bounds: replies in any order, failures, timeouts, crashes, signals
//! at other moments.
//!
//! The states of the whole world (all runs, what is on its way to them, how far the test has come) are walked from the
//! beginning of the test, the nearest first, each once: two are the same if they have the same fingerprint. Each thing
//! that is otherwise than the test says (a failure, a crash, something out of its time) makes a state further away than
//! many that only race, and the nearest bad one is told.
//!
//! The folder: `state` (a state, and what a move makes of it), `moves` (what can happen next), `fail` (how calls fail),
//! `fingerprint`, `check` (what holds in every state), `rest` (what may wait for ever), `graph` (the states that were
//! found), `retell` and `written` (a way in words, and as a test).

mod check;
mod fail;
mod fingerprint;
mod graph;
mod moves;
mod rest;
mod retell;
mod state;
mod written;

pub use written::{Part, written};

use super::{Failure, Line, Options};
use flowmesh_ir::{Program, surroundings::Surroundings, test::Test};
use graph::{Entered, Graph, Way};
use moves::Move;
use rest::Plain;
use state::State;
use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::{Duration, Instant},
};

/// How many states that only race are nearer than one in which one more thing is otherwise.
const OTHERWISE: usize = 20;

/// One of so many states is kept whole.
const WHOLE: usize = 8;

/// How many moves lead to a state at the most from one that is kept whole.
const MOVES_MAX: usize = 24;

/// How far to go.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How many things are otherwise on one way at the most.
    pub depth: usize,
    /// How many states are looked at at the most.
    pub states: usize,
    /// For how long at the most.
    pub time: Option<Duration>,
    /// Whether it is also checked that states which count as the same go on alike: for those who doubt the explorer.
    pub doubt: bool,
}

/// Why not all was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// There were as many states as there may be.
    States,
    /// The time was over.
    Time,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Explored {
    /// How many states were found.
    pub states: usize,
    /// How many moves lead from one to another.
    pub transitions: usize,
    /// How many of them end at a call that no mock answers.
    pub unanswered: usize,
    /// Which bound was met, if not all states within the depth were looked at.
    pub limit: Option<Limit>,
    /// The nearest state in which something is wrong, if there is one.
    pub bad: Option<Bad>,
}

/// A way to where a promise is broken.
#[derive(Clone, Debug)]
pub struct Bad {
    /// What is broken.
    pub failure: Failure,
    /// What happened.
    pub trail: Vec<Line>,
    /// How many things are otherwise than the test says.
    pub otherwise: usize,
    /// A test that goes the same way.
    pub test: Vec<Part>,
}

/// Explores a test.
#[must_use]
pub fn explore(program: &Program, test: &Test, options: Options, bounds: Bounds) -> Explored {
    let begun = Instant::now();
    let first = State::new(program, test, options);
    let mut search = Search {
        bounds,
        surroundings: Surroundings::of(program),
        plain: Plain::of(program, test, options),
        graph: Graph::default(),
        open: BTreeMap::new(),
        found: Explored::default(),
        worst: None,
        alike: BTreeMap::new(),
    };
    search.arrive(Kept::of(first.clone()), first.clone(), None, Way::default());
    while let Some(((distance, at), kept)) = search.open.pop_first() {
        if search
            .worst
            .as_ref()
            .is_some_and(|worst| worst.way.distance() <= distance)
        {
            break;
        }
        search.found.limit = search.limit(begun);
        if search.found.limit.is_some() {
            break;
        }
        search.expand(at, &kept);
    }
    search.finish(first)
}

/// A state that is still to be gone on from: a whole one before it, and the moves that lead from there to it. That takes
/// a tenth of the room, and a few moves more.
#[derive(Clone)]
struct Kept<'t> {
    from: Arc<State<'t>>,
    moves: Vec<Move>,
}

impl<'t> Kept<'t> {
    fn of(state: State<'t>) -> Self {
        Self {
            from: Arc::new(state),
            moves: Vec::new(),
        }
    }

    /// One move further, where it leads to a state; one of so many is kept whole.
    fn on(&self, to: Move, state: &State<'t>, number: usize) -> Self {
        if self.moves.len() >= MOVES_MAX || number.is_multiple_of(WHOLE) {
            return Self::of(state.clone());
        }
        let mut moves = self.moves.clone();
        moves.push(to);
        Self {
            from: Arc::clone(&self.from),
            moves,
        }
    }

    fn state(&self) -> State<'t> {
        let mut state = State::clone(&self.from);
        for to in &self.moves {
            // It went well when it was tried first.
            let _ = state.perform(*to);
        }
        state
    }
}

/// A search under way.
struct Search<'t> {
    bounds: Bounds,
    surroundings: Surroundings,
    plain: Plain,
    graph: Graph,
    /// States that are still to be gone on from, by how far they are and their numbers.
    open: BTreeMap<(usize, u32), Kept<'t>>,
    found: Explored,
    worst: Option<Worst>,
    /// Where each state leads, if it is doubted that another that counts as the same leads there too.
    alike: BTreeMap<u32, Vec<u64>>,
}

/// The nearest thing wrong so far.
struct Worst {
    way: Way,
    failure: Failure,
}

impl<'t> Search<'t> {
    fn limit(&self, begun: Instant) -> Option<Limit> {
        if self.graph.len() >= self.bounds.states {
            return Some(Limit::States);
        }
        let over = self.bounds.time.is_some_and(|most| begun.elapsed() >= most);
        over.then_some(Limit::Time)
    }

    /// A state was come to; gives its number.
    fn arrive(&mut self, kept: Kept<'t>, mut state: State<'t>, before: Option<&State<'t>>, way: Way) -> u32 {
        let fingerprint = state.fingerprint(self.surroundings);
        let distance = way.distance();
        let entered = self.graph.enter(fingerprint, way);
        if self.bounds.doubt {
            self.doubt(entered.at(), &state, way);
        }
        match entered {
            Entered::New(at) => {
                self.graph.undoing(at, state.is_undoing());
                // From the beginning of the journal where a state is kept whole, from the state before elsewhere.
                let before = before.filter(|_| !kept.moves.is_empty());
                if let Err(failure) = state.check(&self.plain, before) {
                    self.wrong(way, *failure);
                }
                self.open.insert((distance, at), kept);
                at
            }
            Entered::Nearer(at, before) => {
                self.open.remove(&(before, at));
                self.open.insert((distance, at), kept);
                at
            }
            Entered::Known(at) => at,
        }
    }

    /// Two ways to one state have to lead on to the same states.
    fn doubt(&mut self, at: u32, state: &State<'t>, way: Way) {
        let mut leads: Vec<u64> = Vec::new();
        for (to, otherwise) in state.moves() {
            let mut after = state.clone();
            let code = after.perform(to).err().map(|failure| failure.code.0);
            let mut hasher = DefaultHasher::new();
            (
                otherwise,
                code,
                code.map_or_else(|| after.fingerprint(self.surroundings), |_| 0),
            )
                .hash(&mut hasher);
            leads.push(hasher.finish());
        }
        leads.sort_unstable();
        let known = self.alike.entry(at).or_insert_with(|| leads.clone());
        if *known != leads {
            let message = "two states that count as the same do not go on alike".to_owned();
            self.wrong(way, Failure::explored(state.world.test.span, message));
        }
    }

    /// Everything that can happen in a state.
    fn expand(&mut self, at: u32, kept: &Kept<'t>) {
        let state = kept.state();
        let way = self.graph.way(at);
        let moves = state.moves();
        if moves.is_empty()
            && let Err(failure) = state.check_rest(&self.plain)
        {
            self.wrong(way, *failure);
        }
        let mut closed = !state.is_cut_short();
        let mut next = Vec::new();
        for (to, otherwise) in moves {
            if otherwise && way.otherwise >= self.bounds.depth {
                continue;
            }
            self.found.transitions = self.found.transitions.saturating_add(1);
            let way = way.on(at, to, otherwise);
            let mut after = state.clone();
            match after.perform(to) {
                Ok(()) => {
                    let arrived =
                        self.arrive(kept.on(to, &after, self.graph.len()), after, Some(&state), way);
                    next.extend((!otherwise).then_some(arrived));
                }
                // Where the test does not say how a call is answered, it is no use to go on.
                Err(failure) if failure.code.0 == 1131 => {
                    self.found.unanswered = self.found.unanswered.saturating_add(1);
                    closed &= otherwise;
                }
                Err(failure) => self.wrong(way, *failure),
            }
        }
        self.graph.expanded(at, next, closed);
    }

    fn wrong(&mut self, way: Way, failure: Failure) {
        let nearest = self.worst.as_ref().map(|worst| worst.way.distance());
        if nearest.is_none_or(|nearest| way.distance() < nearest) {
            self.worst = Some(Worst { way, failure });
        }
    }

    /// What was found, with the nearest bad way told from the beginning.
    fn finish(mut self, first: State<'t>) -> Explored {
        self.found.states = self.graph.len();
        if self.worst.is_none()
            && let Some(at) = self.graph.endless()
        {
            let way = self.graph.way(at);
            let moves = self.graph.moves(way);
            let failure = first.clone().never_undone(&moves);
            self.worst = Some(Worst { way, failure });
        }
        let worst = self.worst.take();
        self.found.bad = worst.map(|Worst { way, failure }| {
            let (trail, test) = first.retell(&self.graph.moves(way), &failure);
            Bad {
                failure,
                trail,
                otherwise: way.otherwise,
                test,
            }
        });
        self.found
    }
}
