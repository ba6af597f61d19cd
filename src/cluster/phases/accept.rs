//! Agents accept another quorum than the one that they have obeyed: on their operator's word alone.

use super::{apply, connect, preflight, start, verify, well};
use crate::hostplan::acceptance;
use crate::report::{FencedEntry, MasterView, View};
use crate::run::{HostRun, Run, Stop, Summary, teller};
use crate::{ClusterSpec, Observer, Reports, Service};
use mesoform_plan::{Failure, SigningRequest};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is to be accepted, and by whom.
#[derive(Debug, Clone)]
pub struct Acceptances {
    /// The quorum that the leading master leads for, and since which revision.
    pub quorum: String,
    pub leadership: i64,
    pub master: String,
    /// What the agents have obeyed, by host.
    pub agents: BTreeMap<String, FencedEntry>,
}

/// Has the agents that refuse the leading master, since they have obeyed another quorum, accept its own.
/// `agree` is told which, and may refuse. Their tasks run on.
///
/// # Errors
/// No master leads, `agree` refused, a host failed, or the agents do not register.
pub async fn accept_quorum(
    run: &mut Run,
    agree: impl AsyncFnOnce(&Acceptances) -> bool,
) -> Result<Summary, Stop> {
    run.phase("connect", "Connect and look", connect::look_at_all_for_restart).await?;
    preflight::ours(run).await?;
    let reports = verify::ask(run).await;
    let wanted = wanted(run, &reports)?;
    if wanted.agents.is_empty() {
        run.all_hosts_fine()?;
        return Ok(run.summary.clone());
    }
    if !agree(&wanted).await {
        return Err(Stop::Refused("nothing was changed".into()));
    }
    let wanted = Arc::new(wanted);
    run.phase("lock", "Lock the hosts", async |run: &mut Run| open_and_lock(run, &wanted).await)
        .await?;
    run.phase("accept", "Tell the agents", async |run: &mut Run| accept(run, &wanted).await)
        .await?;
    run.phase("verify", "See that the cluster is well", well::wait_until_well).await?;
    apply::unlock(run).await;
    run.all_hosts_fine()?;
    Ok(run.summary.clone())
}

/// The leading master says who refuses it.
fn wanted(run: &Run, reports: &Reports) -> Result<Acceptances, Stop> {
    let (master, view) = leading(reports).ok_or_else(|| {
        Stop::Refused(
            "no master leads among the hosts that were asked, so there is no quorum to accept; see \
             `mesoform status`"
                .into(),
        )
    })?;
    let quorum = view.quorum.clone().filter(|quorum| is_quorum(quorum)).ok_or_else(|| {
        Stop::Refused("the leading master does not name its quorum; run `mesoform up` first".into())
    })?;
    let agent = |host: &HostRun| {
        let fenced = view.fenced.iter().find(|f| f.hostname == host.spec.hostname)?;
        Some((host.spec.name.clone(), fenced.clone()))
    };
    let agents = run.hosts.iter().filter(|host| host.failure.is_none());
    let agents = agents.filter(|host| host.spec.runs(Service::Agent)).filter_map(agent).collect();
    let leadership = view.leadership.unwrap_or_default();
    Ok(Acceptances { quorum, leadership, master: master.to_owned(), agents })
}

fn leading(reports: &Reports) -> Option<(&str, &MasterView)> {
    reports.iter().find_map(|(host, report)| {
        match report.as_ref().ok()?.services.get(&Service::Master)?.view.as_ref()? {
            View::Master(view) if view.leading => Some((host.as_str(), view)),
            _ => None,
        }
    })
}

/// It comes from a host, and goes to others.
fn is_quorum(text: &str) -> bool {
    (1..=16).contains(&text.len()) && text.chars().all(|c| c.is_ascii_hexdigit())
}

async fn open_and_lock(run: &mut Run, wanted: &Arc<Acceptances>) -> Result<(), Stop> {
    let observer = Arc::clone(&run.observer);
    run.each(move |host| {
        let (observer, wanted) = (Arc::clone(&observer), Arc::clone(wanted));
        Box::pin(async move {
            if !wanted.agents.contains_key(&host.spec.name) {
                return Ok(());
            }
            apply::open_session(host, observer).await
        })
    })
    .await;
    run.all_hosts_fine_but_unreachable()?;
    apply::lock(run).await
}

async fn accept(run: &mut Run, wanted: &Acceptances) -> Result<(), Stop> {
    run.summary.changed += wanted.agents.len();
    tell_agents(run, &wanted.quorum, wanted.agents.keys().cloned().collect()).await
}

/// Puts the word down on the hosts of these names, and restarts the agents that run there: they take it
/// over when they start, and their tasks do not notice.
pub(super) async fn tell_agents(
    run: &mut Run,
    quorum: &str,
    hosts: BTreeSet<String>,
) -> Result<(), Stop> {
    let (observer, deadline) = (Arc::clone(&run.observer), run.options.deadline);
    let order = Arc::new(Order {
        spec: run.spec.clone(),
        run_id: format!("{}-accept", run.id),
        quorum: quorum.to_owned(),
        hosts,
    });
    run.each(move |host| {
        let (observer, order) = (Arc::clone(&observer), Arc::clone(&order));
        Box::pin(async move {
            if !order.hosts.contains(&host.spec.name) {
                return Ok(());
            }
            order.put_down(host, &observer).await?;
            if !start::is_active(host, Service::Agent) {
                return Ok(());
            }
            let units = start::units(host, &[Service::Agent]);
            start::start_units(host, units, true, deadline, &observer).await
        })
    })
    .await;
    run.all_hosts_fine_but_unreachable()
}

/// What each of some hosts is told.
struct Order {
    spec: ClusterSpec,
    run_id: String,
    quorum: String,
    hosts: BTreeSet<String>,
}

impl Order {
    async fn put_down(&self, host: &mut HostRun, observer: &Arc<dyn Observer>) -> Result<(), Stop> {
        let plan = acceptance(&self.spec, &host.spec, &self.quorum);
        let plan = plan.map_err(|e| Stop::Failed(e.to_string()))?;
        let tell = teller(&host.spec.name, observer, BTreeMap::new());
        let unsigned = |_: &SigningRequest| {
            Err(Failure::new("accept", "no certificate is offered here", "run `mesoform up`"))
        };
        host.session()?.apply(&self.run_id, plan, BTreeMap::new(), unsigned, &tell).await?;
        Ok(())
    }
}
