use std::collections::VecDeque;

/// How much each stored entry weighs, so that the log is bounded by bytes too.
#[derive(Debug, Default)]
pub struct Weights {
    /// The index of the first.
    first: u64,
    bytes: VecDeque<u32>,
    total: u64,
}

impl Weights {
    /// Adds the entry `index`, which follows the newest; what does not follow replaces everything.
    pub fn push(&mut self, index: u64, bytes: usize) {
        if self.first + self.bytes.len() as u64 != index {
            *self = Self { first: index, ..Self::default() };
        }
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.bytes.push_back(bytes);
        self.total += u64::from(bytes);
    }

    /// Drops the entries from `index` on.
    pub fn truncate(&mut self, index: u64) {
        while !self.bytes.is_empty() && self.first + self.bytes.len() as u64 > index {
            self.total -= u64::from(self.bytes.pop_back().unwrap_or_default());
        }
    }

    /// Drops the entries up to `index`.
    pub fn purge(&mut self, index: u64) {
        while !self.bytes.is_empty() && self.first <= index {
            self.total -= u64::from(self.bytes.pop_front().unwrap_or_default());
            self.first += 1;
        }
    }

    pub fn total(&self) -> u64 {
        self.total
    }

    /// The index up to which to cut, so that at most `keep` bytes stay; none: it is not more.
    pub fn cut(&self, keep: u64) -> Option<u64> {
        let mut left = self.total;
        let mut index = None;
        for (place, bytes) in self.bytes.iter().enumerate() {
            if left <= keep {
                break;
            }
            left -= u64::from(*bytes);
            index = Some(self.first + place as u64);
        }
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_weighs_what_is_there() {
        let mut weights = Weights::default();
        for index in 5..10 {
            weights.push(index, 10);
        }
        assert_eq!((weights.total(), weights.cut(50), weights.cut(49)), (50, None, Some(5)));
        assert_eq!((weights.cut(30), weights.cut(0)), (Some(6), Some(9)));
        weights.truncate(9);
        weights.purge(5);
        assert_eq!((weights.total(), weights.cut(20)), (30, Some(6)));
        weights.purge(20);
        assert_eq!((weights.total(), weights.cut(0)), (0, None));
        weights.push(9, 1);
        weights.push(50, 2);
        assert_eq!((weights.total(), weights.cut(0)), (2, Some(50)));
    }
}
