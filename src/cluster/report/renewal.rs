use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// How the renewal of a host's certificates went when it last looked at them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RenewalView {
    /// When that was.
    pub at: Option<Timestamp>,
    /// When it first failed, of all the times since it last went well.
    pub failing_since: Option<Timestamp>,
    /// What failed; empty where nothing did.
    pub trouble: Vec<String>,
}

impl RenewalView {
    /// What was written down in `path`; none where nothing was, or nothing that is understood.
    pub fn read(path: &Path) -> Option<Self> {
        serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()
    }

    /// The next look, at `at`, after `before`.
    pub fn after(before: Option<Self>, at: Timestamp, trouble: Vec<String>) -> Self {
        let since = before.and_then(|before| before.failing_since).unwrap_or(at);
        let failing_since = (!trouble.is_empty()).then_some(since);
        Self { at: Some(at), failing_since, trouble }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_has_a_beginning() {
        let [one, two, three]: [Timestamp; 3] =
            [1, 2, 3].map(|n| Timestamp::from_second(n).unwrap());
        let trouble = || vec!["agent: nobody is there".to_owned()];
        let first = RenewalView::after(None, one, trouble());
        let second = RenewalView::after(Some(first), two, trouble());
        assert_eq!((second.at, second.failing_since), (Some(two), Some(one)));
        let well = RenewalView::after(Some(second), three, Vec::new());
        assert_eq!(well, RenewalView { at: Some(three), ..RenewalView::default() });
    }
}
