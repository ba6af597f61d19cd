use super::{connect, verify};
use crate::run::{Run, Stop};
use crate::{Health, Reports};
use jiff::Timestamp;

/// Asks all hosts; hosts that do not answer are part of the answer.
///
/// # Errors
/// None now: what cannot be known stands in the reports.
pub async fn status(run: &mut Run) -> Result<(Health, Reports), Stop> {
    run.phase("ask", "Ask all hosts", async |run: &mut Run| {
        connect::look(run).await;
        let reports = verify::ask(run).await;
        let health = Health::of(&run.spec, &reports);
        let own = run.admin.certificates();
        Ok((health.with_certificates(&reports, &own, Timestamp::now()), reports))
    })
    .await
}
