use super::{apply, connect};
use crate::run::{Run, Stop, Summary, teller};
use mesoform_plan::DocumentWish;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Has a document carried out on all hosts, or, with `check`, has them say what it would change. The
/// binary is brought in either case: nobody else there understands documents.
///
/// # Errors
/// What stopped it; what has happened so far was told to the observer. Run again, it does on each host
/// what is missing there.
pub async fn push(run: &mut Run, document: &DocumentWish) -> Result<Summary, Stop> {
    run.phase("connect", "Connect and look", look).await?;
    run.phase("carry", "Carry the binary", carry).await?;
    if !document.check {
        run.phase("lock", "Lock the hosts", apply::lock).await?;
    }
    let applied =
        run.phase("apply", "Apply the document", async |run| carry_out(run, document).await).await;
    apply::unlock(run).await;
    applied?;
    run.end()
}

async fn look(run: &mut Run) -> Result<(), Stop> {
    connect::look_at_all_for_removal(run).await?;
    connect::choose_binaries(run).await;
    run.all_hosts_fine_but_unreachable()
}

async fn carry(run: &mut Run) -> Result<(), Stop> {
    let observer = Arc::clone(&run.observer);
    run.each(move |host| {
        let observer = Arc::clone(&observer);
        Box::pin(apply::open_session(host, observer))
    })
    .await;
    run.all_hosts_fine_but_unreachable()
}

async fn carry_out(run: &mut Run, document: &DocumentWish) -> Result<(), Stop> {
    let (observer, id) = (Arc::clone(&run.observer), run.id.clone());
    let document = Arc::new(document.clone());
    run.each(move |host| {
        let (observer, id, document) = (Arc::clone(&observer), id.clone(), Arc::clone(&document));
        Box::pin(async move {
            let tell = teller(&host.spec.name, &observer, BTreeMap::new());
            let session = host.session()?;
            session.document(&id, (*document).clone(), &tell).await?;
            Ok(())
        })
    })
    .await;
    run.all_hosts_fine_but_unreachable()
}
