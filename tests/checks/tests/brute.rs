//! The search against one that tries everything.

use crate::{Model, Operation, Verdict, linearize};
use proptest::prelude::*;

#[derive(Debug, Clone, Copy)]
enum What {
    Read(u8),
    Write(u8),
    /// From, to, and whether it was done.
    Swap(u8, u8, bool),
}

struct Register;

impl Model for Register {
    type State = u8;
    type What = What;

    fn start(&self) -> u8 {
        0
    }

    fn step(&self, state: &u8, what: &What) -> Option<u8> {
        match *what {
            What::Read(value) => (value == *state).then_some(*state),
            What::Write(value) => Some(value),
            What::Swap(from, to, true) => (from == *state).then_some(to),
            What::Swap(from, _, false) => (from != *state).then_some(*state),
        }
    }
}

fn brute(operations: &[Operation<What>], done: &mut Vec<usize>, state: u8) -> bool {
    let left: Vec<usize> = (0..operations.len()).filter(|at| !done.contains(at)).collect();
    if left.iter().all(|at| operations[*at].returned.is_none()) {
        return true;
    }
    let earliest = left.iter().filter_map(|at| operations[*at].returned).min().unwrap_or(u64::MAX);
    left.iter().any(|at| {
        if operations[*at].called > earliest {
            return false;
        }
        let Some(after) = Register.step(&state, &operations[*at].what) else { return false };
        done.push(*at);
        let found = brute(operations, done, after);
        done.pop();
        found
    })
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        (0_u8..3).prop_map(What::Read),
        (0_u8..3).prop_map(What::Write),
        (0_u8..3, 0_u8..3, any::<bool>()).prop_map(|(from, to, done)| What::Swap(from, to, done)),
    ]
}

fn operations() -> impl Strategy<Value = Vec<Operation<What>>> {
    let one = (0_u64..12, proptest::option::weighted(0.8, 0_u64..6), what());
    proptest::collection::vec(one, 0..8).prop_map(|all| {
        all.into_iter()
            .map(|(called, lasts, what)| Operation {
                called,
                returned: lasts.map(|lasts| called + lasts),
                what,
            })
            .collect()
    })
}

/// Whether this order explains everything.
fn holds(operations: &[Operation<What>], order: &[usize]) -> bool {
    let mut state = Register.start();
    for (place, at) in order.iter().enumerate() {
        let Some(after) = Register.step(&state, &operations[*at].what) else { return false };
        state = after;
        let late = |later: &usize| {
            operations[*later].returned.is_some_and(|end| end < operations[*at].called)
        };
        if order[place + 1..].iter().any(late) {
            return false;
        }
    }
    (0..operations.len()).all(|at| operations[at].returned.is_none() || order.contains(&at))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..Default::default() })]

    #[test]
    fn the_search_finds_what_trying_everything_finds(operations in operations()) {
        let possible = brute(&operations, &mut Vec::new(), Register.start());
        match linearize(&Register, &operations, 1_000_000) {
            Verdict::Linearizable(order) => {
                prop_assert!(possible);
                prop_assert!(holds(&operations, &order), "{order:?}");
            }
            Verdict::Impossible { .. } => prop_assert!(!possible),
            Verdict::Undecided => prop_assert!(false, "so few operations can be decided"),
        }
    }
}
