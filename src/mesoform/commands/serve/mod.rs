//! `mesoform serve -i INV`: what hosts that boot from documents need of their operator: the binaries, and, with a
//! token, their certificates.

mod desk;
mod interfaces;

use super::run::cluster;
use crate::cli::{ColorChoice, OutputFormat, OutputOptions, ServeArgs};
use crate::exit::Exit;
use crate::{log, render};
use anyhow::Context as _;
use axum::Router;
use axum::body::Bytes;
use axum::routing::get;
use desk::{Desk, Known};
use mesoform_cluster::{
    Admin, ClusterSpec, HostSpec, Observer, Progress, Secrets, artifact_name, find_artifact,
};
use mesoform_http::{Door, Limits};
use mesoform_identity::{Identity, MAX_JOIN_REQUEST};
use mesoform_settings::{HttpSettings, Scheme};
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Hosts at a time: a binary takes a while.
const CONNECTIONS: usize = 1024;

/// Whoever asks gets the binaries: they are no secret, and hosts know their hashes. Who joins comes over TLS, to
/// the same port.
pub async fn run(args: ServeArgs) -> anyhow::Result<Exit> {
    log::start();
    let plain = OutputOptions { output: OutputFormat::Text, color: ColorChoice::Auto };
    let observer = render::observer(plain);
    let spec = cluster(args.inventory.as_deref(), &args.extra_vars, &*observer)?;
    let (mut router, served) = binaries(&spec, &*observer).await?;
    let admin = admin(&spec, &*observer)?;
    // Each `serve` its own: two of one cluster would take each other's key for theirs.
    let folder = tempfile::tempdir().context("no temporary folder can be made")?;
    let identity = |admin| identity(admin, &spec, args.listen, folder.path());
    let identity = admin.as_ref().map(identity).transpose()?;
    if let Some(admin) = &admin {
        router = router.merge(desk(admin, &spec, known(&args, &spec))?.routes());
    }
    let limits = Limits { connections: CONNECTIONS, body: MAX_JOIN_REQUEST, ..Limits::default() };
    let door = Door::bind(&http(args.listen), identity.as_ref()).await?.with_limits(limits);
    let place = door.local_addr();
    render::say(&format!("mesoform_artifact_url={}\n{served}", url("http", place)))?;
    if identity.is_some() {
        let join = spec.options.join_url.as_ref();
        let join = join.map_or_else(|| url("https", place), ToString::to_string);
        render::say(&format!("mesoform_join_url={}\n", join.trim_end_matches('/')))?;
    }
    let shutdown = CancellationToken::new();
    let ends = shutdown.clone();
    tokio::spawn(async move {
        // Where Ctrl-C cannot be waited for, it ends the process by itself.
        if tokio::signal::ctrl_c().await.is_ok() {
            ends.cancel();
        }
    });
    door.serve(router, shutdown).await;
    Ok(Exit::Fine)
}

/// All that the inventory's hosts need, and their names and hashes in words.
async fn binaries(spec: &ClusterSpec, observer: &dyn Observer) -> anyhow::Result<(Router, String)> {
    let archs: BTreeSet<&str> = spec.hosts.iter().map(|host| host.arch.as_str()).collect();
    let (mut router, mut served) = (Router::new(), String::new());
    for arch in archs {
        let binary = Binary::read(arch, observer).await?;
        served.push_str(&format!("  {} {}\n", binary.sha256, binary.name));
        // Both ways in which `mesoform_artifact_url` can name it.
        for path in [format!("/{}", binary.name), format!("/{arch}")] {
            let content = binary.content.clone();
            router = router.route(&path, get(async move || content));
        }
    }
    Ok((router, served))
}

/// Without a CA there is nobody to join: whoever renders documents makes it.
fn admin(spec: &ClusterSpec, observer: &dyn Observer) -> anyhow::Result<Option<Admin>> {
    let dir = &spec.state_dir;
    if Admin::is_in(dir) {
        return Ok(Some(Admin::open_or_create(dir, &spec.name)?));
    }
    let message = format!(
        "{}: there is no CA here yet, so nobody can join; `mesoform render` makes it",
        dir.display()
    );
    observer.on(Progress::Notice { message });
    Ok(None)
}

/// Hosts come into the inventory while this runs; as long as it has mistakes, the one from before counts.
fn known(args: &ServeArgs, spec: &ClusterSpec) -> Known {
    let (source, vars, before) = (args.inventory.clone(), args.extra_vars.clone(), names(spec));
    Box::new(move || {
        let now = cluster(source.as_deref(), &vars, &Nobody);
        now.map_or_else(|_| before.clone(), |spec| names(&spec))
    })
}

fn names(spec: &ClusterSpec) -> BTreeSet<String> {
    let names = |host: &HostSpec| [host.name.clone(), host.hostname.clone()];
    spec.hosts.iter().flat_map(names).collect()
}

struct Nobody;

impl Observer for Nobody {
    fn on(&self, _: Progress) {}
}

fn desk(admin: &Admin, spec: &ClusterSpec, known: Known) -> anyhow::Result<Desk> {
    let etcd = spec.etcd.as_ref().map(|etcd| etcd.files()).transpose()?.flatten();
    Ok(Desk::new(admin, Secrets::of_cluster(spec, admin, etcd.as_ref()), known)?)
}

/// What hosts are shown that join: a certificate with the names under which they come. Where it listens on all
/// addresses, hosts' documents may name any of them, also some that are rendered later.
fn identity(
    admin: &Admin,
    spec: &ClusterSpec,
    listen: SocketAddr,
    folder: &Path,
) -> anyhow::Result<Identity> {
    let (mut dns, mut ips) = match listen.ip().is_unspecified() {
        true => (interfaces::host_name().into_iter().collect(), interfaces::addresses()),
        false => (Vec::new(), vec![listen.ip()]),
    };
    if let Some(url) = &spec.options.join_url {
        match url.host().parse::<IpAddr>() {
            Ok(ip) if ips.contains(&ip) => {}
            Ok(ip) => ips.push(ip),
            Err(_) if dns.iter().any(|name| name == url.host()) => {}
            Err(_) => dns.push(url.host().to_owned()),
        }
    }
    let paths = admin.authority.issue_enroller(folder, dns, ips)?;
    Ok(Identity::load(&paths)?)
}

struct Binary {
    name: String,
    sha256: String,
    content: Bytes,
}

impl Binary {
    async fn read(arch: &str, observer: &dyn Observer) -> anyhow::Result<Self> {
        let found = find_artifact(arch, observer).await?.binary;
        let path = found.path();
        let content = tokio::fs::read(path).await;
        let content = content.with_context(|| format!("{} cannot be read", path.display()))?;
        let sha256 = found.sha256().to_owned();
        Ok(Self { name: artifact_name(arch), sha256, content: content.into() })
    }
}

/// Plain HTTP, and TLS where there is an identity: for curl and wget, which know no CA of ours.
fn http(listen: SocketAddr) -> HttpSettings {
    let advertise = listen.to_string();
    HttpSettings { listen, advertise, scheme: Scheme::Http, credentials: None }
}

/// What documents may name; which of its addresses hosts reach, only this machine's operator knows.
fn url(scheme: &str, place: SocketAddr) -> String {
    if place.ip().is_unspecified() {
        return format!("{scheme}://<an address of this machine>:{}/", place.port());
    }
    format!("{scheme}://{place}/")
}
