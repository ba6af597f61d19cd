use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// Holds up whoever wants to add to a log that weighs too much.
///
/// Only what clients want is held up. What Raft adds by itself (a new leader's first entry, a change of
/// members) never is: the log may only be cut behind it.
#[derive(Debug, Clone)]
pub struct Brake {
    /// Bytes of the log.
    pub weight: watch::Receiver<u64>,
    /// With more than this nothing is added.
    pub most: u64,
}

impl Brake {
    /// Whether there is room now.
    pub fn is_released(&self) -> bool {
        *self.weight.borrow() <= self.most
    }

    /// Waits for room; false: there was none until `deadline`.
    pub async fn released(&self, deadline: Instant) -> bool {
        let mut weight = self.weight.clone();
        let room = weight.wait_for(|weight| *weight <= self.most);
        timeout_at(deadline, room).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn it_is_released_when_the_log_is_cut_and_not_for_ever_waited_for() {
        let (log, weight) = watch::channel(100);
        let brake = Brake { weight, most: 100 };
        assert!(brake.is_released() && brake.released(Instant::now()).await);

        log.send_replace(101);
        assert!(!brake.is_released());
        let start = Instant::now();
        assert!(!brake.released(start + Duration::from_secs(4)).await);
        assert_eq!(start.elapsed(), Duration::from_secs(4));

        let later = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(3)).await;
            log.send_replace(20);
            log
        });
        assert!(brake.released(Instant::now() + Duration::from_secs(4)).await);
        assert!(brake.is_released());
        drop(later);
    }
}
