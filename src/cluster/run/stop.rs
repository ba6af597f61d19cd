use crate::session::SessionError;
use mesoform_transport::TransportError;
use thiserror::Error;

/// Why a run, or the work on one host, ended early. The kind decides the exit code.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Stop {
    /// Before any host was touched (1).
    #[error("{0}")]
    Refused(String),
    /// On a host (2).
    #[error("{0}")]
    Failed(String),
    /// A host was not reached (4).
    #[error("{0}")]
    Unreachable(String),
}

impl Stop {
    /// How a run ends whose hosts ended like `stops`; none where there are none. What each host said
    /// was told before. As in Ansible, an unreachable host counts more than one that failed.
    pub(crate) fn of_hosts<'s>(stops: impl Iterator<Item = &'s Self>) -> Option<Self> {
        let (mut refused, mut failed, mut unreachable) = (0, 0, 0);
        for stop in stops {
            match stop {
                Self::Refused(_) => refused += 1,
                Self::Failed(_) => failed += 1,
                Self::Unreachable(_) => unreachable += 1,
            }
        }
        let words = [
            hosts(unreachable, "could not be reached", "could not be reached"),
            hosts(failed, "failed", "failed"),
            hosts(refused, "stands in the way", "stand in the way"),
        ];
        let words =
            format!("{} (see above)", words.into_iter().flatten().collect::<Vec<_>>().join(", "));
        match (refused, failed, unreachable) {
            (0, 0, 0) => None,
            (_, 0, 0) => {
                Some(Self::Refused(format!("stopped before anything was changed: {words}")))
            }
            (_, _, 0) => Some(Self::Failed(words)),
            _ => Some(Self::Unreachable(words)),
        }
    }

    /// The same about the host of this name.
    pub(crate) fn on(self, name: &str) -> Self {
        self.without(name).reworded(|text| format!("{name}: {text}"))
    }

    /// The same with `more` behind it.
    pub(crate) fn and(self, more: &str) -> Self {
        self.reworded(|text| text + more)
    }

    /// The same with `name` taken from its front, for words that are told behind the host's name.
    pub(crate) fn without(self, name: &str) -> Self {
        let strip = |text: String| {
            let own = text.strip_prefix(name).and_then(|rest| rest.strip_prefix(": "));
            own.map(str::to_owned).unwrap_or(text)
        };
        self.reworded(strip)
    }

    fn reworded(self, reword: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Refused(text) => Self::Refused(reword(text)),
            Self::Failed(text) => Self::Failed(reword(text)),
            Self::Unreachable(text) => Self::Unreachable(reword(text)),
        }
    }
}

fn hosts(count: usize, one: &str, many: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("one host {one}")),
        _ => Some(format!("{count} hosts {many}")),
    }
}

impl From<TransportError> for Stop {
    fn from(error: TransportError) -> Self {
        let message = error.to_string();
        match error.exit_code() {
            1 => Self::Refused(message),
            4 => Self::Unreachable(message),
            _ => Self::Failed(message),
        }
    }
}

impl From<SessionError> for Stop {
    fn from(error: SessionError) -> Self {
        let message = error.to_string();
        match error {
            SessionError::Lost(_) | SessionError::Silent(_) => Self::Unreachable(message),
            SessionError::Busy { .. } => Self::Refused(message),
            _ => Self::Failed(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_of_the_hosts_is_the_runs_end() {
        let refused = Stop::Refused(String::new());
        let (failed, lost) = (Stop::Failed(String::new()), Stop::Unreachable(String::new()));
        let end = |stops: &[&Stop]| Stop::of_hosts(stops.iter().copied());
        assert_eq!(end(&[]), None);
        let one = "stopped before anything was changed: one host stands in the way (see above)";
        assert_eq!(end(&[&refused]), Some(Stop::Refused(one.into())));
        let some = "one host failed, 2 hosts stand in the way (see above)";
        assert_eq!(end(&[&refused, &failed, &refused]), Some(Stop::Failed(some.into())));
        let both = "one host could not be reached, 2 hosts failed (see above)";
        assert_eq!(end(&[&failed, &lost, &failed]), Some(Stop::Unreachable(both.into())));
    }

    #[test]
    fn a_hosts_name_is_not_told_twice() {
        let stop = Stop::Failed("web: it fell over".into());
        assert_eq!(stop.clone().without("web"), Stop::Failed("it fell over".into()));
        assert_eq!(stop.clone().without("we"), stop);
        assert_eq!(stop.clone().on("web"), stop);
        assert_eq!(stop.and("; up it goes").to_string(), "web: it fell over; up it goes");
    }
}
