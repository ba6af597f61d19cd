//! `mesoform render`: the plans that `up` carries out, as documents that machines boot from.

mod folder;
mod format;
mod sink;
mod ticket;

use super::run::cluster;
use crate::cli::{ColorChoice, GuestRole, OutputFormat, OutputOptions, RenderArgs};
use crate::exit::Exit;
use crate::render;
use anyhow::{Context as _, bail};
use format::{Format, Rendered};
use mesoform_cluster::{
    Admin, Auth, BinaryRef, Blueprint, ClusterSpec, HostSpec, Observer, Progress, find_artifact,
};
use mesoform_plan::Plan;
use mesoform_render::{Boot, Dialect, Missing, Packer, RenderError, Supply};
use sink::Sink;
use std::collections::BTreeMap;
use ticket::Tickets;

/// Notices go to people; standard output has the documents alone.
const PLAIN: OutputOptions = OutputOptions { output: OutputFormat::Text, color: ColorChoice::Auto };

/// `mesoform render --cloud-config|--ignition|--coreos|--units|--plan -i INV`.
pub async fn run(args: RenderArgs) -> anyhow::Result<Exit> {
    let observer = render::observer(PLAIN);
    let spec = cluster(args.inventory.as_deref(), &args.variables()?, &*observer)?;
    let guest = guest(&spec, &args)?;
    let hosts = match &guest {
        Some(guest) => vec![guest],
        None => chosen(&spec, args.host.as_deref())?,
    };
    let binaries = binaries(&hosts, &*observer).await?;
    let admin = admin(&spec, &*observer)?;
    let templates = spec.templates()?;
    let etcd = spec.etcd.as_ref().map(|etcd| etcd.files()).transpose()?.flatten();
    let (line, fingerprint) = (admin.credential.line(), admin.fingerprint());
    let blueprint = Blueprint {
        spec: &spec,
        templates: &templates,
        ca_pem: admin.certificate_pem(),
        ca_fingerprint: &fingerprint,
        credentials: (spec.options.auth == Auth::Basic).then_some(line.as_str()),
        etcd: etcd.as_ref(),
    };
    let format = Format::of(&args);
    let tickets = Tickets::of(&args, format, &spec, &admin)?;
    if guest.is_some() && tickets.is_none() {
        bail!(
            "hosts that nobody knows have to join by themselves: set mesoform_artifact_url and mesoform_join_url, \
             and render for cloud-init, for Ignition or to a tree"
        );
    }
    let mut sink = Sink::of(&args, format, hosts.len(), tickets.is_some());
    let (mut without, hosts_count) = (Vec::new(), hosts.len());
    let (mut missing, packer) = (Missing::default(), Packer::default());
    for host in hosts {
        let binary = binaries.get(&host.arch).context("no binary for this host")?;
        let plan = blueprint.host(host, binary)?;
        let url = spec.options.artifact_url.as_ref().map(|url| url.at(&host.arch, &binary.sha256));
        let join = match &tickets {
            Some(tickets) => tickets.for_host(&plan)?,
            None => None,
        };
        let supply = Supply {
            templates: &templates,
            packer: &packer,
            artifact_url: url.as_deref(),
            join: join.as_ref(),
            address: host.address.parse().ok(),
            extra_cloud_config: host.extra_cloud_config.as_ref(),
        };
        let (lacks, rendered) = match rendered(format, &plan, &supply) {
            Err(error) if join.is_some() && guest.is_none() && is_too_large(&error) => {
                without.push(host.name.as_str());
                rendered(format, &plan, &Supply { join: None, ..supply })?
            }
            other => other?,
        };
        missing += lacks;
        sink.take(if guest.is_some() { "agent" } else { &host.name }, rendered)?;
    }
    sink.end()?;
    tell(format, missing, &*observer);
    if !without.is_empty() {
        let message = format!(
            "without a token, for which its document has no room (--target, --limit-bytes): {}",
            without.join(", ")
        );
        observer.on(Progress::Notice { message });
    }
    if let Some(tickets) = tickets.as_ref().filter(|_| without.len() < hosts_count) {
        observer.on(Progress::Notice { message: tickets.words() });
    }
    let extra = spec.hosts.iter().any(|host| host.extra_cloud_config.is_some());
    if extra
        && matches!(
            format,
            Format::Units | Format::Document(Dialect::Coreos | Dialect::Ignition, _)
        )
    {
        let message =
            "mesoform_extra_cloud_config has no place in there: it is cloud-init's".to_owned();
        observer.on(Progress::Notice { message });
    }
    Ok(Exit::Fine)
}

/// A host of the role that is asked for.
fn guest(spec: &ClusterSpec, args: &RenderArgs) -> anyhow::Result<Option<HostSpec>> {
    let Some(GuestRole::Agent) = args.role else { return Ok(None) };
    spec.unknown_agent().context("the cluster has no hosts").map(Some)
}

fn rendered(format: Format, plan: &Plan, supply: &Supply) -> anyhow::Result<(Missing, Rendered)> {
    let boot = Boot::of(plan, supply)?;
    Ok((boot.missing, format.rendered(plan, &boot, supply)?))
}

fn is_too_large(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(RenderError::TooLarge { .. }))
}

fn chosen<'s>(spec: &'s ClusterSpec, name: Option<&str>) -> anyhow::Result<Vec<&'s HostSpec>> {
    let Some(name) = name else { return Ok(spec.hosts.iter().collect()) };
    let host = spec.host(name).with_context(|| {
        format!("the cluster has no host {name:?}; `mesoform inventory --graph` shows them all")
    })?;
    Ok(vec![host])
}

/// What each architecture runs: its hash stands in every plan.
async fn binaries(
    hosts: &[&HostSpec],
    observer: &dyn Observer,
) -> anyhow::Result<BTreeMap<String, BinaryRef>> {
    let mut binaries = BTreeMap::new();
    for host in hosts {
        if !binaries.contains_key(&host.arch) {
            let binary = find_artifact(&host.arch, observer).await?.binary;
            let binary = BinaryRef { sha256: binary.sha256().to_owned(), size: binary.size() };
            binaries.insert(host.arch.clone(), binary);
        }
    }
    Ok(binaries)
}

/// The operator's folder: no host could boot into a cluster without a CA, so it is made here as by `up`.
fn admin(spec: &ClusterSpec, observer: &dyn Observer) -> anyhow::Result<Admin> {
    let dir = &spec.state_dir;
    let is_new = !Admin::is_in(dir);
    let admin = Admin::open_or_create(dir, &spec.name)?;
    if is_new {
        let message = format!("{}: made the CA and the password of {}", dir.display(), spec.name);
        observer.on(Progress::Notice { message });
    }
    Ok(admin)
}

/// What the documents do not have, so that nobody waits for it.
fn tell(format: Format, missing: Missing, observer: &dyn Observer) {
    if format == Format::Plan || missing.is_nothing() {
        return;
    }
    let mut message = format!(
        "not in there: {missing}; hosts get this by `mesoform up` (whatever runs on a host can read its \
         user-data)"
    );
    if missing.binaries > 0 {
        message.push_str("; with mesoform_artifact_url they fetch the binary by themselves");
    } else if missing.certificates > 0 && !matches!(format, Format::Document(Dialect::Coreos, _)) {
        message.push_str("; with mesoform_join_url they join by themselves");
    }
    observer.on(Progress::Notice { message });
}
