use super::{connect, verify};
use crate::run::{Run, Stop};
use crate::{Health, Observer, Progress, Reports};
use jiff::Timestamp;
use std::sync::Arc;

/// Asks all hosts; hosts that do not answer are part of the answer.
///
/// # Errors
/// None now: what cannot be known stands in the reports.
pub async fn status(run: &mut Run) -> Result<(Health, Reports), Stop> {
    run.phase("ask", "Ask all hosts", async |run: &mut Run| {
        // A host that cannot be asked is part of the answer, which tells it.
        let observer = Arc::clone(&run.observer);
        run.observer = Arc::new(WithoutFailures(Arc::clone(&observer)));
        connect::look(run).await;
        run.observer = observer;
        let reports = verify::ask(run).await;
        let health = Health::of(&run.spec, &reports);
        let own = run.admin.certificates();
        Ok((health.with_certificates(&reports, &own, Timestamp::now()), reports))
    })
    .await
}

struct WithoutFailures(Arc<dyn Observer>);

impl Observer for WithoutFailures {
    fn on(&self, progress: Progress) {
        if !matches!(progress, Progress::Failure { .. }) {
            self.0.on(progress);
        }
    }
}
