use std::fmt;

/// Whole numbers as inclusive ranges: sorted, never touching or overlapping.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RangeSet(Vec<(u64, u64)>);

impl RangeSet {
    /// Joins ranges of any order; those that end before they begin are left out.
    pub fn new(ranges: impl IntoIterator<Item = (u64, u64)>) -> Self {
        let mut ranges: Vec<_> = ranges.into_iter().filter(|(begin, end)| begin <= end).collect();
        ranges.sort_unstable();
        let mut joined: Vec<(u64, u64)> = Vec::with_capacity(ranges.len());
        for (begin, end) in ranges {
            match joined.last_mut() {
                Some(last) if begin <= last.1.saturating_add(1) => last.1 = last.1.max(end),
                _ => joined.push((begin, end)),
            }
        }
        Self(joined)
    }

    /// The ranges, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.0.iter().copied()
    }

    /// Every number, ascending.
    pub fn values(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.iter().flat_map(|(begin, end)| *begin..=*end)
    }

    /// Whether there is no number.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many numbers.
    pub fn len(&self) -> u64 {
        self.0
            .iter()
            .fold(0u64, |sum, (begin, end)| sum.saturating_add((end - begin).saturating_add(1)))
    }

    /// Whether a number is among them.
    pub fn has(&self, value: u64) -> bool {
        let after = self.0.partition_point(|(begin, _)| *begin <= value);
        after.checked_sub(1).is_some_and(|i| self.0[i].1 >= value)
    }

    /// Whether all of `other` is in this.
    pub fn contains(&self, other: &Self) -> bool {
        other.0.iter().all(|(begin, end)| {
            let after = self.0.partition_point(|(ours, _)| ours <= begin);
            after.checked_sub(1).is_some_and(|i| self.0[i].1 >= *end)
        })
    }

    /// Whether any number is in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        let (mut ours, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some(a), Some(b)) = (ours.peek(), theirs.peek()) {
            if a.1 < b.0 {
                ours.next();
            } else if b.1 < a.0 {
                theirs.next();
            } else {
                return true;
            }
        }
        false
    }

    /// Unites.
    pub fn add(&mut self, other: &Self) {
        *self = Self::new(self.iter().chain(other.iter()));
    }

    /// Takes away what is there of `other`.
    pub fn subtract(&mut self, other: &Self) {
        let mut rest = Vec::with_capacity(self.0.len());
        let mut cuts = other.0.iter().peekable();
        for &(begin, end) in &self.0 {
            let mut next = Some(begin);
            while cuts.next_if(|cut| cut.1 < begin).is_some() {}
            // A cut that reaches into the following range is needed again there, so none is consumed.
            for &(cut_begin, cut_end) in cuts.clone().take_while(|cut| cut.0 <= end) {
                let Some(from) = next else { break };
                if cut_begin > from {
                    rest.push((from, cut_begin - 1));
                }
                next = cut_end.checked_add(1).filter(|after| *after <= end);
            }
            if let Some(from) = next {
                rest.push((from, end));
            }
        }
        self.0 = rest;
    }
}

impl fmt::Display for RangeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<_> = self.0.iter().map(|(begin, end)| format!("{begin}-{end}")).collect();
        write!(f, "[{}]", parts.join(", "))
    }
}
