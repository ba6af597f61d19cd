use bytes::Bytes;

/// The keys that a request's `key` and `range_end` mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    start: Bytes,
    end: End,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    /// Only the start.
    Point,
    /// Up to here, exclusive.
    Before(Bytes),
    Open,
}

impl Interval {
    /// As etcd reads it: no end means one key, the end `\0` means no end.
    pub fn new(key: &Bytes, range_end: &Bytes) -> Self {
        let end = match range_end.as_ref() {
            [] => End::Point,
            [0] => End::Open,
            _ => End::Before(range_end.clone()),
        };
        Self { start: key.clone(), end }
    }

    pub fn point(&self) -> Option<&Bytes> {
        matches!(self.end, End::Point).then_some(&self.start)
    }

    pub fn start(&self) -> &[u8] {
        &self.start
    }

    /// The first key that is not in it; none: it is open.
    pub fn end(&self) -> Option<&[u8]> {
        match &self.end {
            End::Before(end) => Some(end),
            End::Open | End::Point => None,
        }
    }

    pub fn contains(&self, key: &[u8]) -> bool {
        match &self.end {
            End::Point => key == self.start,
            End::Before(end) => key >= self.start && key < end,
            End::Open => key >= self.start,
        }
    }

    /// No key can be in it: a B-tree must not be asked for it.
    pub fn is_empty(&self) -> bool {
        matches!(&self.end, End::Before(end) if *end <= self.start)
    }
}
