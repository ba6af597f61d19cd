//! `mesoform report`: asks this host's services how they are, with their own identities, and
//! prints it as JSON for the operator at the other end of the connection.

mod etcd;
mod http;
mod quorum;
mod systemd;

use crate::cli::ReportArgs;
use crate::exit::Exit;
use crate::render;
use mesoform_cluster::Service;
use mesoform_cluster::report::{CertificateView, HostReport, RenewalView, ServiceReport, View};
use mesoform_identity::Role;
use mesoform_settings::{CertificatesSettings, load};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

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

async fn report(etc: &Path, mut states: BTreeMap<Service, (String, String)>) -> HostReport {
    let installed = installed(etc);
    let views = futures::future::join_all(installed.iter().map(|service| view(etc, *service)));
    let (views, etcd) = tokio::join!(views, etcd::ask(etc));
    let services = installed.iter().zip(views).map(|(service, view)| {
        let (active, status) = states.remove(service).unwrap_or_default();
        let (view, error) = match view {
            Ok(view) => (Some(view), None),
            Err(error) => (None, Some(format!("{error:#}"))),
        };
        (*service, ServiceReport { active, status, view, error })
    });
    HostReport {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        arch: std::env::consts::ARCH.to_owned(),
        services: services.collect(),
        certificates: certificates(&etc.join("pki"), &installed),
        etcd,
        renewal: renewal(&etc.join("certificates.yml")),
    }
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
