//! Comparing, carrying, locking, applying.

use super::connect;
use crate::run::{HostRun, Run, Stop, teller};
use crate::session::{OnEvent, Session};
use crate::signing::sign;
use crate::{Observer, Progress};
use mesoform_identity::{Authority, CREDENTIALS, ETCD_KEY};
use mesoform_plan::{Change, SecretText, SigningRequest, Step, Thing, What, changes, place};
use mesoform_transport::{Carry, VERSIONS};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Compares each plan with its host. With `check` the differences are told, since they are the answer.
pub(super) async fn compare(run: &mut Run) -> Result<(), Stop> {
    for host in run.hosts.iter_mut().filter(|h| h.failure.is_none()) {
        let Some(plan) = &host.plan else { continue };
        host.changes = changes(plan, &host.observed, host.looked_at);
        // Otherwise each change is told when it is made.
        for change in host.changes.iter().filter(|_| run.options.check) {
            let diff = run.options.diff.then(|| change.unified_diff()).flatten();
            let (host, change) = (host.spec.name.clone(), change.to_string());
            run.observer.on(Progress::Change { host, change, diff });
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
            if !host.has_work() {
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
    observer: Arc<dyn Observer>,
) -> Result<(), Stop> {
    let Some(artifact) = host.artifact.clone() else {
        return open_installed_session(host).await;
    };
    let (name, teller) = (host.spec.name.clone(), Arc::clone(&observer));
    let progress = move |sent: u64, total: u64| {
        observer.on(Progress::Bytes { host: name.clone(), sent, total });
    };
    let missing = host.changes.iter().any(|change| change.thing == Thing::Binary);
    let carry = if missing { Carry::Now } else { Carry::IfMissing };
    let channel = host.connection()?.session(&artifact.binary, carry, &progress).await?;
    host.session = Some(Session::open(channel).await?);
    tell_made(host, &*teller, comes_with_the_session);
    Ok(())
}

/// Where no binary was chosen, what is installed on the host is what it is about.
async fn open_installed_session(host: &mut HostRun) -> Result<(), Stop> {
    match host.connection()?.installed_session().await? {
        Some(channel) => host.session = Some(Session::open(channel).await?),
        None => {
            return Err(Stop::Failed("mesoform is not installed there; run `mesoform up`".into()));
        }
    }
    Ok(())
}

/// Opens a session with every host that has something to remove: with what is installed there, and
/// where that is gone, with a binary that is carried.
pub(super) async fn open_sessions_for_removal(run: &mut Run) -> Result<(), Stop> {
    run.each(move |host| {
        Box::pin(async move {
            if !host.changes.is_empty()
                && let Some(channel) = host.connection()?.installed_session().await?
            {
                host.session = Some(Session::open(channel).await?);
            }
            Ok(())
        })
    })
    .await;
    run.all_hosts_fine_but_unreachable()?;
    let without = |host: &HostRun| host.session.is_none() && !host.changes.is_empty();
    if !run.hosts.iter().any(|host| host.failure.is_none() && without(host)) {
        return Ok(());
    }
    connect::choose_binaries(run).await;
    let observer = Arc::clone(&run.observer);
    run.each(move |host| {
        let observer = Arc::clone(&observer);
        Box::pin(
            async move { if without(host) { open_session(host, observer).await } else { Ok(()) } },
        )
    })
    .await;
    run.all_hosts_fine_but_unreachable()
}

/// Tells what was made on the way: the plan's job finds it there, and so cannot tell it.
fn tell_made(host: &HostRun, observer: &dyn Observer, made: fn(&Change) -> bool) {
    for change in host.changes.iter().filter(|change| made(change)) {
        let (host, change) = (host.spec.name.clone(), change.to_string());
        observer.on(Progress::Change { host, change, diff: None });
    }
}

/// The binary and the folders that it lies in.
fn comes_with_the_session(change: &Change) -> bool {
    let around = || Path::new(VERSIONS).starts_with(&change.subject);
    match change.thing {
        Thing::Binary => change.is_new_content(),
        Thing::Directory => change.what == What::Create && around(),
        _ => false,
    }
}

/// The folder that the lock lies in.
fn comes_with_the_lock(change: &Change) -> bool {
    let folder = change.thing == Thing::Directory && change.what == What::Create;
    folder && change.subject == place::STATE
}

/// Takes the lock of every host; where one is taken, none is kept. The first host comes first: of two
/// runs at once one has it, and so gets all; each with a part would stop each other.
pub(super) async fn lock(run: &mut Run) -> Result<(), Stop> {
    let open = |host: &&HostRun| host.failure.is_none() && host.session.is_some();
    let first = run.hosts.iter().find(open).map(|host| host.spec.name.clone());
    lock_where(run, |name| Some(name) == first.as_deref()).await?;
    lock_where(run, |name| Some(name) != first.as_deref()).await
}

async fn lock_where(run: &mut Run, wanted: impl Fn(&str) -> bool) -> Result<(), Stop> {
    let (owner, id, observer) = (Run::owner(), run.id.clone(), Arc::clone(&run.observer));
    let wanted = &wanted;
    run.each(move |host| {
        let (owner, id, observer) = (owner.clone(), id.clone(), Arc::clone(&observer));
        let wanted = wanted(&host.spec.name);
        Box::pin(async move {
            let Some(session) = host.session.as_mut().filter(|_| wanted) else { return Ok(()) };
            session.lock(&owner, &id).await?;
            tell_made(host, &*observer, comes_with_the_lock);
            Ok(())
        })
    })
    .await;
    run.all_hosts_fine_but_unreachable()
}

/// Gives the locks back. A host that cannot be told lets go by itself when its session ends.
pub(super) async fn unlock(run: &mut Run) {
    let sessions = run.hosts.iter_mut().filter_map(|host| host.session.as_mut());
    futures::future::join_all(sessions.map(Session::unlock)).await;
}

/// Has the plans carried out, on all hosts at once.
pub(super) async fn apply(run: &mut Run) -> Result<(), Stop> {
    let observer = Arc::clone(&run.observer);
    let id = run.id.clone();
    let secrets = Arc::new(Secrets::of_run(run));
    let authority = Arc::clone(&run.admin.authority);
    let diff = run.options.diff;
    run.each(move |host| {
        let (observer, id) = (Arc::clone(&observer), id.clone());
        let secrets = Arc::clone(&secrets);
        let authority = Arc::clone(&authority);
        Box::pin(async move {
            let diffs = if diff { diffs(&host.changes) } else { BTreeMap::new() };
            let tell = teller(&host.spec.name, &observer, diffs);
            apply_to(host, &id, &secrets, &authority, &tell).await
        })
    })
    .await;
    run.all_hosts_fine_but_unreachable()
}

/// What travels apart from the plans, by the names that they call it.
struct Secrets(BTreeMap<&'static str, SecretText>);

impl Secrets {
    fn of_run(run: &Run) -> Self {
        let key = run.etcd.as_ref().and_then(|etcd| etcd.client.as_ref()).map(|(_, key)| key);
        let key = key.map(|key| (ETCD_KEY, SecretText::new(key.expose())));
        let line = (CREDENTIALS, SecretText::new(run.admin.credential.line()));
        Self(key.into_iter().chain([line]).collect())
    }

    /// Those that `steps` ask for.
    fn of(&self, steps: &[Step]) -> Result<BTreeMap<String, SecretText>, Stop> {
        let named = steps.iter().filter_map(|step| match step {
            Step::Credential { name, .. } => Some(name),
            _ => None,
        });
        let found = |name: &String| match self.0.get(name.as_str()) {
            Some(secret) => Ok((name.clone(), secret.clone())),
            None => Err(Stop::Failed(format!("there is no secret {name:?} for its plan"))),
        };
        named.map(found).collect()
    }
}

fn diffs(changes: &[Change]) -> BTreeMap<usize, String> {
    changes.iter().filter_map(|change| Some((change.step, change.unified_diff()?))).collect()
}

async fn apply_to(
    host: &mut HostRun,
    run_id: &str,
    secrets: &Secrets,
    authority: &Authority,
    tell: OnEvent<'_>,
) -> Result<(), Stop> {
    let Some(plan) = host.plan.clone() else { return Ok(()) };
    let Some(session) = host.session.as_mut() else { return Ok(()) };
    let steps = plan.steps.clone();
    let secrets = secrets.of(&steps)?;
    let sign_one = |request: &SigningRequest| sign(authority, &steps, request);
    session.apply(run_id, plan, secrets, sign_one, tell).await?;
    Ok(())
}
