//! `mesoform serve -i INV`: what hosts that boot from documents need of their operator: the binaries, and, with a
//! token, their certificates.

mod desk;

use super::run::cluster;
use crate::cli::{ColorChoice, OutputFormat, OutputOptions, ServeArgs};
use crate::exit::Exit;
use crate::{log, render};
use anyhow::Context as _;
use axum::Router;
use axum::body::Bytes;
use axum::routing::get;
use desk::Desk;
use mesoform_cluster::{
    Admin, ClusterSpec, HostSpec, Observer, Progress, Secrets, artifact_name, find_artifact,
};
use mesoform_http::{Door, Limits};
use mesoform_identity::{Identity, MAX_JOIN_REQUEST};
use mesoform_settings::{HttpSettings, Scheme};
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
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
    let identity = admin.as_ref().map(|admin| identity(admin, &spec, args.listen)).transpose()?;
    if let Some(admin) = &admin {
        router = router.merge(desk(admin, &spec)?.routes());
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

fn desk(admin: &Admin, spec: &ClusterSpec) -> anyhow::Result<Desk> {
    let etcd = spec.etcd.as_ref().map(|etcd| etcd.files()).transpose()?.flatten();
    let names = |host: &HostSpec| [host.name.clone(), host.hostname.clone()];
    let known = spec.hosts.iter().flat_map(names).collect();
    Ok(Desk::new(admin, Secrets::of_cluster(spec, admin, etcd.as_ref()), known)?)
}

/// What hosts are shown that join: a certificate with the name under which they come.
fn identity(admin: &Admin, spec: &ClusterSpec, listen: SocketAddr) -> anyhow::Result<Identity> {
    let mut ips = vec![listen.ip()];
    ips.retain(|ip| !ip.is_unspecified());
    let mut dns = Vec::new();
    if let Some(url) = &spec.options.join_url {
        match url.host().parse::<IpAddr>() {
            Ok(ip) if ips.contains(&ip) => {}
            Ok(ip) => ips.push(ip),
            Err(_) => dns.push(url.host().to_owned()),
        }
    }
    let paths = admin.authority.issue_enroller(&admin.dir, dns, ips)?;
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
