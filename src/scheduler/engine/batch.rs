//! Turns into transactions: few, so that they are quick, and within the quorum's limits.

use crate::core::{Effect, Op, Turn};
use indexmap::IndexMap;

/// Operations in a transaction; etcd takes 128.
const MAX_OPS: usize = 120;
/// Bytes in a transaction that more is added to; etcd takes 1.5 MiB.
const MAX_BYTES: usize = 512 * 1024;

/// One transaction, and what may happen once it is committed.
#[derive(Debug, Default)]
pub struct Batch {
    ops: IndexMap<String, Op>,
    bytes: usize,
    pub effects: Vec<Effect>,
}

impl Batch {
    /// The operations; no key is changed twice.
    pub fn take_ops(&mut self) -> Vec<Op> {
        std::mem::take(&mut self.ops).into_values().collect()
    }

    fn is_empty(&self) -> bool {
        self.ops.is_empty() && self.effects.is_empty()
    }

    /// A later operation on a key takes the earlier one's place: nobody sees what is between.
    fn add(&mut self, op: Op) {
        self.bytes += op.size();
        self.ops.insert(op.key().to_owned(), op);
    }

    fn has_room(&self, ops: &[Op]) -> bool {
        let bytes: usize = ops.iter().map(Op::size).sum();
        let fresh = ops.iter().filter(|op| !self.ops.contains_key(op.key())).count();
        self.ops.len() + fresh <= MAX_OPS
            && self.bytes + bytes <= MAX_BYTES
            && !ops.iter().any(|op| self.collides(op))
    }

    /// A prefix and a key below it cannot be changed in the same transaction.
    fn collides(&self, op: &Op) -> bool {
        let below = |prefix: &Op, other: &Op| {
            matches!(prefix, Op::DeletePrefix { .. })
                && prefix.key() != other.key()
                && other.key().starts_with(prefix.key())
        };
        self.ops.values().any(|mine| below(mine, op) || below(op, mine))
    }
}

/// Packs `turns`, in order. A turn is not torn apart unless it is too large for any transaction:
/// such turns are launches and kills by the hundred, each a record of its own, and what has to be
/// together stands first.
pub fn pack(turns: Vec<Turn>) -> Vec<Batch> {
    let mut batches = vec![Batch::default()];
    for turn in turns {
        let mut rest = turn.ops;
        let open = last(&mut batches);
        if !open.is_empty() && !open.has_room(&rest) {
            batches.push(Batch::default());
        }
        while rest.len() > MAX_OPS {
            let tail = rest.split_off(MAX_OPS);
            rest.into_iter().for_each(|op| last(&mut batches).add(op));
            batches.push(Batch::default());
            rest = tail;
        }
        let batch = last(&mut batches);
        rest.into_iter().for_each(|op| batch.add(op));
        batch.effects.extend(turn.effects);
    }
    batches
}

fn last(batches: &mut Vec<Batch>) -> &mut Batch {
    if batches.is_empty() {
        batches.push(Batch::default());
    }
    let index = batches.len() - 1;
    &mut batches[index]
}
