//! `mesoform report`: asks this host's services how they are, with their own identities, and
//! prints it as JSON for the operator at the other end of the connection.

mod etcd;
mod http;
mod quorum;
mod systemd;

use crate::cli::ReportArgs;
use crate::exit::Exit;
use crate::render;
use jiff::Timestamp;
use mesoform_cluster::Service;
use mesoform_cluster::report::{CertificateView, HostReport, RenewalView, ServiceReport, View};
use mesoform_identity::Role;
use mesoform_settings::{CertificatesSettings, QuorumSettings, load};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use systemd::State;

/// A service that does not answer for so long is reported as such.
const PATIENCE: Duration = Duration::from_secs(2);

pub async fn run(args: ReportArgs) -> anyhow::Result<Exit> {
    let states = systemd::states(&installed(&args.etc)).await;
    render::json_line(&report(&args.etc, states).await);
    Ok(Exit::Fine)
}

/// What the services whose settings lie in `etc` say of themselves; systemd does not run them.
pub async fn without_systemd(etc: &Path) -> HostReport {
    report(etc, BTreeMap::new()).await
}

fn installed(etc: &Path) -> Vec<Service> {
    let there = |service: &Service| etc.join(format!("{service}.yml")).exists();
    Service::ALL.into_iter().filter(there).collect()
}

async fn report(etc: &Path, mut states: BTreeMap<Service, State>) -> HostReport {
    let installed = installed(etc);
    let views = futures::future::join_all(installed.iter().map(|service| view(etc, *service)));
    let (views, etcd) = tokio::join!(views, etcd::ask(etc));
    let services = installed.iter().zip(views).map(|(service, view)| {
        let state = states.remove(service).unwrap_or_default();
        let outdated = is_outdated(&etc.join(format!("{service}.yml")), &state);
        let (view, error) = match view {
            Ok(view) => (Some(view), None),
            Err(error) => (None, Some(format!("{error:#}"))),
        };
        let State { active, status, .. } = state;
        (*service, ServiceReport { active, status, view, error, outdated })
    });
    HostReport {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        arch: std::env::consts::ARCH.to_owned(),
        services: services.collect(),
        certificates: certificates(&etc.join("pki"), &installed),
        etcd,
        renewal: renewal(&etc.join("certificates.yml")),
        kept: kept(&etc.join("quorum.yml")),
    }
}

/// Whether the service runs with settings from before those that lie there.
fn is_outdated(config: &Path, state: &State) -> bool {
    let written = || Timestamp::try_from(std::fs::metadata(config).ok()?.modified().ok()?).ok();
    // Of when it began only the second is known.
    let later = |began: Timestamp| written().is_some_and(|w| w.as_second() > began.as_second());
    state.began.is_some_and(later)
}

/// Those of the services, and the root's.
fn certificates(pki: &Path, installed: &[Service]) -> Vec<CertificateView> {
    if installed.is_empty() {
        return Vec::new();
    }
    let own = installed.iter().map(|service| CertificateView::of_role(pki, service.role()));
    let issuer = Some(CertificateView::of_role(pki, Role::Issuer)).filter(|own| own.path.exists());
    own.chain(issuer).chain([CertificateView::of_ca(pki)]).collect()
}

/// What a quorum that begins anew puts aside in its voters' data directories is named so.
const ASIDE: &str = ".replaced-";

fn kept(config: &Path) -> Vec<PathBuf> {
    let Ok(settings) = load::<QuorumSettings>(config) else { return Vec::new() };
    let Ok(entries) = std::fs::read_dir(&settings.data_dir) else { return Vec::new() };
    let is_aside = |path: &PathBuf| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(ASIDE))
    };
    let mut kept: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_aside).collect();
    kept.sort();
    kept
}

/// How it went, where the host renews them.
fn renewal(config: &Path) -> Option<RenewalView> {
    let settings: CertificatesSettings = load(config).ok()?;
    RenewalView::read(&settings.outcome)
}

async fn view(etc: &Path, service: Service) -> anyhow::Result<View> {
    let config = etc.join(format!("{service}.yml"));
    let asked = async {
        Ok(match service {
            Service::Quorum => View::Quorum(quorum::ask(&config).await?),
            Service::Master => View::Master(http::master(&config).await?),
            Service::Scheduler => View::Scheduler(http::scheduler(&config).await?),
            Service::Agent => View::Agent(http::agent(&config).await?),
        })
    };
    tokio::time::timeout(PATIENCE, asked)
        .await
        .unwrap_or_else(|_| Err(anyhow::anyhow!("no answer within {} s", PATIENCE.as_secs())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_are_newer_than_the_process_are_not_its() {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("master.yml");
        let outdated =
            |began: Option<Timestamp>| is_outdated(&config, &State { began, ..State::default() });
        assert!(!outdated(Some(Timestamp::UNIX_EPOCH)), "there are none");
        std::fs::write(&config, "").unwrap();
        assert!(outdated(Some(Timestamp::UNIX_EPOCH)));
        assert!(!outdated(Some(Timestamp::now())), "in the same second");
        assert!(!outdated(None), "it does not run");
    }
}
