//! One run over the hosts of a cluster: what it knows, and how it visits them.

mod counted;
mod host;
mod interrupted;
mod stop;
mod summary;

use counted::Counted;
pub(crate) use host::{HostRun, teller};
pub use stop::Stop;
pub use summary::Summary;

use crate::artifact::{self, Artifact};
use crate::membership::Wish;
use crate::{Admin, ClusterSpec, EtcdFiles, Observer, Progress};
use futures::StreamExt;
use futures::future::LocalBoxFuture;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How a run is to go about it.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Only say what would change.
    pub check: bool,
    /// Show differences in files.
    pub diff: bool,
    /// Hosts worked on at once.
    pub forks: usize,
    /// The hosts that may be touched; all where it is none.
    pub limit: Option<BTreeSet<String>>,
    /// For each wave of starts, and for the cluster to be well after them.
    pub deadline: Duration,
}

/// A run under way.
pub struct Run {
    pub spec: ClusterSpec,
    pub(crate) options: RunOptions,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) admin: Admin,
    pub(crate) hosts: Vec<HostRun>,
    pub(crate) summary: Summary,
    /// Names this run on the hosts.
    pub(crate) id: String,
    /// Voters that left the inventory are to leave the quorum.
    pub(crate) prune: bool,
    /// For an etcd in the quorum's place: what goes to its hosts.
    pub(crate) etcd: Option<EtcdFiles>,
    /// What has to change in the quorum.
    pub(crate) wishes: Vec<Wish>,
    changes: Arc<Counted>,
    /// The phase under way.
    now: Option<(&'static str, &'static str)>,
    artifacts: BTreeMap<String, Result<Artifact, Stop>>,
}

impl Run {
    /// A run over the hosts of `spec` that `options.limit` leaves.
    pub fn new(
        spec: ClusterSpec,
        admin: Admin,
        options: RunOptions,
        observer: Arc<dyn Observer>,
    ) -> Self {
        let changes = Arc::new(Counted::new(observer));
        let touched = |name: &String| options.limit.as_ref().is_none_or(|l| l.contains(name));
        let hosts = spec.hosts.iter().filter(|h| touched(&h.name)).cloned().map(HostRun::new);
        Self {
            hosts: hosts.collect(),
            summary: Summary::default(),
            id: format!(
                "{}-{:08x}",
                jiff::Zoned::now().strftime("%Y%m%d-%H%M%S"),
                rand::random::<u32>()
            ),
            prune: false,
            etcd: None,
            wishes: Vec::new(),
            artifacts: BTreeMap::new(),
            spec,
            options,
            observer: Arc::clone(&changes) as Arc<dyn Observer>,
            changes,
            now: None,
            admin,
        }
    }

    /// The same, in which voters that left the inventory leave the quorum.
    #[must_use]
    pub fn with_prune(self, prune: bool) -> Self {
        Self { prune, ..self }
    }

    /// Who works on the hosts, for others who want to.
    pub(crate) fn owner() -> String {
        let user = std::env::var("USER").unwrap_or_else(|_| "someone".into());
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        format!("{user}@{} (pid {})", host.trim(), std::process::id())
    }

    /// The binary for hosts of `arch`, looked for once a run.
    pub(crate) async fn artifact(&mut self, arch: &str) -> Result<Artifact, Stop> {
        if let Some(known) = self.artifacts.get(arch) {
            return known.clone();
        }
        let found = artifact::find_told(arch, &*self.observer).await;
        let found = found.map_err(|e| Stop::Refused(e.to_string()));
        if let Ok(found) = &found {
            // Compressed while the hosts are looked at; who needs it first waits for it. It is kept
            // beside the binary, and a check makes no file.
            let binary = found.binary.clone();
            if !self.options.check {
                tokio::spawn(async move { binary.prepare().await });
            }
        }
        self.artifacts.insert(arch.to_owned(), found.clone());
        found
    }

    /// Visits all hosts that have not failed, `forks` at once. Work that fails is told and kept.
    pub(crate) async fn each<F>(&mut self, work: F)
    where
        F: for<'h> Fn(&'h mut HostRun) -> LocalBoxFuture<'h, Result<(), Stop>>,
    {
        let observer = Arc::clone(&self.observer);
        let work = &work;
        futures::stream::iter(self.hosts.iter_mut().filter(|host| host.failure.is_none()))
            .for_each_concurrent(self.options.forks, |host| {
                let observer = Arc::clone(&observer);
                async move {
                    if let Err(stop) = work(host).await {
                        host.fail(stop, &*observer);
                    }
                }
            })
            .await;
    }

    /// Runs one phase and tells how long it took.
    pub(crate) async fn phase<T>(
        &mut self,
        name: &'static str,
        title: &'static str,
        work: impl AsyncFnOnce(&mut Self) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        self.observer.on(Progress::Phase { phase: name, title });
        let begin = Instant::now();
        self.now = Some((name, title));
        let result = work(self).await?;
        self.now = None;
        let millis = crate::progress::millis(begin.elapsed());
        self.summary.phases.push((name, title, millis));
        self.observer.on(Progress::PhaseDone { phase: name, title, millis });
        Ok(result)
    }

    /// How the run went. Of changes those count that were told: each was made, or, with `--check`,
    /// would be.
    ///
    /// # Errors
    /// A host has failed.
    pub(crate) fn end(&mut self) -> Result<Summary, Stop> {
        self.all_hosts_fine()?;
        self.summary.changed = self.changes.count();
        Ok(self.summary.clone())
    }

    /// Fails where a host has failed, but for those that the run goes on without.
    pub(crate) fn all_hosts_fine_but_unreachable(&self) -> Result<(), Stop> {
        let lost = |h: &&HostRun| !self.summary.unreachable.contains(&h.spec.name);
        Self::fine(self.hosts.iter().filter(lost))
    }

    /// Fails where a host has failed.
    pub(crate) fn all_hosts_fine(&self) -> Result<(), Stop> {
        Self::fine(self.hosts.iter())
    }

    fn fine<'h>(hosts: impl Iterator<Item = &'h HostRun>) -> Result<(), Stop> {
        let stops = hosts.filter_map(|host| host.failure.as_ref());
        Stop::of_hosts(stops).map_or(Ok(()), Err)
    }
}
