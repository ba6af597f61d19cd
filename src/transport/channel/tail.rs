use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// As much of a command's standard error as is kept.
const LIMIT: usize = 64 * 1024;

/// The end of what a command wrote to its standard error.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tail(Arc<Mutex<VecDeque<u8>>>);

impl Tail {
    pub fn push(&self, data: &[u8]) {
        let data = &data[data.len().saturating_sub(LIMIT)..];
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let surplus = (kept.len() + data.len()).saturating_sub(LIMIT);
        kept.drain(..surplus);
        kept.extend(data);
    }

    pub fn text(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes: Vec<u8> = kept.iter().copied().collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_is_kept() {
        let tail = Tail::default();
        for _ in 0..3 {
            tail.push(&[b'a'; LIMIT / 2]);
        }
        tail.push(b"the end");
        let text = tail.text();
        assert_eq!(text.len(), LIMIT);
        assert!(text.ends_with("athe end"));
        tail.push(&[b'b'; LIMIT * 2]);
        assert_eq!(tail.text().len(), LIMIT);
    }
}
