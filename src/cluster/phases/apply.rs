//! Comparing, carrying, locking, applying.

use crate::Progress;
use crate::run::{HostRun, Run, Stop, teller};
use crate::session::Session;
use crate::signing::sign;
use mesoform_identity::Authority;
use mesoform_plan::{SecretText, SigningRequest, Thing, changes};
use mesoform_transport::Carry;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Compares each plan with its host. With `check` the differences are told, since they are the answer.
pub(super) async fn compare(run: &mut Run) -> Result<(), Stop> {
    for host in run.hosts.iter_mut().filter(|h| h.failure.is_none()) {
        let Some(plan) = &host.plan else { continue };
        host.changes = changes(plan, &host.observed, host.looked_at);
        run.summary.changed += host.changes.len();
        // A run tells each change when it is made; the differences are known only here.
        for change in &host.changes {
            let diff = run.options.diff.then(|| change.unified_diff()).flatten();
            if run.options.check || diff.is_some() {
                let (host, change) = (host.spec.name.clone(), change.to_string());
                run.observer.on(Progress::Change { host, change, diff });
            }
        }
    }
    Ok(())
}

/// Opens a session with every host that has something to change, with the binary where it misses.
pub(super) async fn open_sessions(run: &mut Run) -> Result<(), Stop> {
    let observer = Arc::clone(&run.observer);
    run.each(move |host| {
        let observer = Arc::clone(&observer);
        Box::pin(async move {
            if host.changes.is_empty() {
                return Ok(());
            }
            open_session(host, observer).await
        })
    })
    .await;
    run.all_hosts_fine_but_unreachable()
}

pub(super) async fn open_session(
    host: &mut HostRun,
    observer: Arc<dyn crate::Observer>,
) -> Result<(), Stop> {
    let Some(artifact) = host.artifact.clone() else {
        return Err(Stop::Failed("no binary was chosen for it".into()));
    };
    let name = host.spec.name.clone();
    let progress = move |sent: u64, total: u64| {
        observer.on(Progress::Bytes { host: name.clone(), sent, total });
    };
    let missing = host.changes.iter().any(|change| change.thing == Thing::Binary);
    let carry = if missing { Carry::Now } else { Carry::IfMissing };
    let channel = host.connection()?.session(&artifact.binary, carry, &progress).await?;
    host.session = Some(Session::open(channel).await?);
    Ok(())
}

/// Takes the lock of every host; where one is taken, none is kept.
pub(super) async fn lock(run: &mut Run) -> Result<(), Stop> {
    let (owner, id) = (Run::owner(), run.id.clone());
    run.each(move |host| {
        let (owner, id) = (owner.clone(), id.clone());
        Box::pin(async move {
            match &mut host.session {
                Some(session) => Ok(session.lock(&owner, &id).await?),
                None => Ok(()),
            }
        })
    })
    .await;
    run.all_hosts_fine_but_unreachable()
}

/// Gives the locks back. A host that cannot be told lets go by itself when its session ends.
pub(super) async fn unlock(run: &mut Run) {
    for host in &mut run.hosts {
        if let Some(session) = &mut host.session {
            let _ = session.unlock().await;
        }
    }
}

/// Has the plans carried out, on all hosts at once.
pub(super) async fn apply(run: &mut Run) -> Result<(), Stop> {
    let observer = Arc::clone(&run.observer);
    let id = run.id.clone();
    let line = run.admin.credential.line();
    let authority = Arc::clone(&run.admin.authority);
    run.each(move |host| {
        let (observer, id, line) = (Arc::clone(&observer), id.clone(), line.clone());
        let authority = Arc::clone(&authority);
        Box::pin(async move { apply_to(host, &id, &line, &authority, observer).await })
    })
    .await;
    run.all_hosts_fine_but_unreachable()
}

async fn apply_to(
    host: &mut HostRun,
    run_id: &str,
    credential: &str,
    authority: &Authority,
    observer: Arc<dyn crate::Observer>,
) -> Result<(), Stop> {
    let Some(plan) = host.plan.clone() else { return Ok(()) };
    let tell = teller(&host.spec.name, &observer);
    let steps = plan.steps.clone();
    let Some(session) = host.session.as_mut() else { return Ok(()) };
    let secrets = BTreeMap::from([("credentials".to_owned(), SecretText::new(credential))]);
    let sign_one = move |request: &SigningRequest| sign(authority, &steps, request);
    session.apply(run_id, plan, secrets, sign_one, &tell).await?;
    Ok(())
}
