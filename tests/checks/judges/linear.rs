//! Whether there is an order of operations that explains what all clients saw (Wing and Gong's search
//! with Lowe's memory of what was tried, as in porcupine).
//!
//! stateright's tester was looked at and not taken: it remembers nothing of what it tried, so that a few
//! operations of unknown outcome already cost it hours, and it brings a web server with it.

use std::collections::HashSet;
use std::hash::Hash;

/// How an object behaves, one operation after the other.
pub trait Model {
    type State: Clone + Eq + Hash;
    type What;

    fn start(&self) -> Self::State;

    /// The state after the operation; none: it cannot have gone like this in this state.
    fn step(&self, state: &Self::State, what: &Self::What) -> Option<Self::State>;
}

/// An operation between its call and its return.
#[derive(Debug, Clone)]
pub struct Operation<W> {
    pub called: u64,
    /// None: it never returned. It may take effect at any time from its call on, or never.
    pub returned: Option<u64>,
    pub what: W,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// With an order that explains everything: places in the list.
    Linearizable(Vec<usize>),
    /// No order explains it. The best one leads this far; this operation had to come next and could not.
    Impossible { best: Vec<usize>, stuck: usize },
    /// Too many steps.
    Undecided,
}

/// Searches for an order, for at most `budget` steps.
pub fn linearize<M: Model>(model: &M, operations: &[Operation<M::What>], budget: u64) -> Verdict {
    Search::new(model, operations).run(budget)
}

/// Where the list of moments ends.
const END: usize = usize::MAX;

#[derive(Debug, Clone, Copy)]
enum Moment {
    Call(usize),
    Return(usize),
}

struct Search<'a, M: Model> {
    model: &'a M,
    operations: &'a [Operation<M::What>],
    moments: Vec<Moment>,
    /// The place in `moments` where each operation returns.
    returns: Vec<usize>,
    /// The moments that are left, as a list with a head at place `moments.len()`.
    next: Vec<usize>,
    previous: Vec<usize>,
    /// What was ordered so far: the moment of the call, and the state before it.
    order: Vec<(usize, M::State)>,
    done: Box<[u64]>,
    tried: HashSet<(Box<[u64]>, M::State)>,
    best: Vec<usize>,
    stuck: usize,
}

impl<'a, M: Model> Search<'a, M> {
    fn new(model: &'a M, operations: &'a [Operation<M::What>]) -> Self {
        let calls = operations.iter().enumerate().map(|(at, op)| (op.called, Moment::Call(at)));
        let returned =
            |(at, op): (usize, &Operation<M::What>)| Some((op.returned?, Moment::Return(at)));
        let mut all: Vec<(u64, Moment)> =
            calls.chain(operations.iter().enumerate().filter_map(returned)).collect();
        // What happened at the same moment happened side by side: calls first.
        all.sort_by_key(|(time, moment)| (*time, matches!(moment, Moment::Return(_))));
        let moments: Vec<Moment> = all.into_iter().map(|(_, moment)| moment).collect();
        let mut returns = vec![END; operations.len()];
        for (place, moment) in moments.iter().enumerate() {
            if let Moment::Return(at) = moment {
                returns[*at] = place;
            }
        }
        let head = moments.len();
        let mut next: Vec<usize> = (1..=head).collect();
        if let Some(last) = next.last_mut() {
            *last = END;
        }
        next.push(if head == 0 { END } else { 0 });
        let mut previous: Vec<usize> =
            (0..head).map(|at| at.checked_sub(1).unwrap_or(head)).collect();
        previous.push(END);
        Self {
            model,
            operations,
            moments,
            returns,
            next,
            previous,
            order: Vec::new(),
            done: vec![0; operations.len().div_ceil(64)].into(),
            tried: HashSet::new(),
            best: Vec::new(),
            stuck: 0,
        }
    }

    fn run(mut self, budget: u64) -> Verdict {
        let head = self.moments.len();
        let mut state = self.model.start();
        let mut at = self.next[head];
        for _ in 0..budget {
            if at == END {
                // Nothing is left that has returned.
                return Verdict::Linearizable(self.ordered());
            }
            match self.moments[at] {
                Moment::Call(operation) => match self.try_next(&state, operation) {
                    Some(after) => {
                        self.order.push((at, std::mem::replace(&mut state, after)));
                        self.lift(at, operation);
                        at = self.next[head];
                    }
                    None => at = self.next[at],
                },
                Moment::Return(operation) => {
                    self.remember_best(operation);
                    let Some((call, before)) = self.order.pop() else {
                        return Verdict::Impossible { best: self.best, stuck: self.stuck };
                    };
                    state = before;
                    self.put_back(call);
                    at = self.next[call];
                }
            }
        }
        Verdict::Undecided
    }

    /// The state after taking this operation next; none: it cannot be, or that was tried.
    fn try_next(&mut self, state: &M::State, operation: usize) -> Option<M::State> {
        let after = self.model.step(state, &self.operations[operation].what)?;
        let mut done = self.done.clone();
        done[operation / 64] |= 1 << (operation % 64);
        self.tried.insert((done, after.clone())).then_some(after)
    }

    fn lift(&mut self, call: usize, operation: usize) {
        self.done[operation / 64] |= 1 << (operation % 64);
        self.unlink(call);
        if self.returns[operation] != END {
            self.unlink(self.returns[operation]);
        }
    }

    fn put_back(&mut self, call: usize) {
        let Moment::Call(operation) = self.moments[call] else { return };
        self.done[operation / 64] &= !(1 << (operation % 64));
        if self.returns[operation] != END {
            self.relink(self.returns[operation]);
        }
        self.relink(call);
    }

    fn unlink(&mut self, at: usize) {
        let (previous, next) = (self.previous[at], self.next[at]);
        self.next[previous] = next;
        if next != END {
            self.previous[next] = previous;
        }
    }

    /// Only in the reverse order of unlinking.
    fn relink(&mut self, at: usize) {
        let (previous, next) = (self.previous[at], self.next[at]);
        self.next[previous] = at;
        if next != END {
            self.previous[next] = at;
        }
    }

    fn remember_best(&mut self, stuck: usize) {
        if self.order.len() >= self.best.len() {
            self.best = self.ordered();
            self.stuck = stuck;
        }
    }

    fn ordered(&self) -> Vec<usize> {
        let operation = |(call, _): &(usize, M::State)| match self.moments[*call] {
            Moment::Call(operation) | Moment::Return(operation) => operation,
        };
        self.order.iter().map(operation).collect()
    }
}
