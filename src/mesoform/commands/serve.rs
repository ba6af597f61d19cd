use super::run::cluster;
use crate::cli::{ColorChoice, OutputFormat, OutputOptions, ServeArgs};
use crate::exit::Exit;
use crate::render;
use anyhow::Context as _;
use axum::Router;
use axum::body::Bytes;
use axum::routing::get;
use mesoform_cluster::{Observer, artifact_name, find_artifact};
use mesoform_http::Door;
use mesoform_settings::{HttpSettings, Scheme};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use tokio_util::sync::CancellationToken;

/// `mesoform serve -i INV`: the binaries for the hosts, for those that boot from documents. Whoever asks
/// gets them: they are no secret, and hosts know their hashes.
pub async fn run(args: ServeArgs) -> anyhow::Result<Exit> {
    let plain = OutputOptions { output: OutputFormat::Text, color: ColorChoice::Auto };
    let observer = render::observer(plain);
    let spec = cluster(args.inventory.as_deref(), &args.extra_vars, &*observer)?;
    let archs: BTreeSet<&str> = spec.hosts.iter().map(|host| host.arch.as_str()).collect();
    let mut router = Router::new();
    let mut served = String::new();
    for arch in archs {
        let binary = Binary::read(arch, &*observer).await?;
        served.push_str(&format!("  {} {}\n", binary.sha256, binary.name));
        // Both ways in which `mesoform_artifact_url` can name it.
        for path in [format!("/{}", binary.name), format!("/{arch}")] {
            let content = binary.content.clone();
            router = router.route(&path, get(async move || content));
        }
    }
    let door = Door::bind(&http(args.listen), None).await?;
    let place = door.local_addr();
    render::say(&format!("mesoform_artifact_url={}\n{served}", url(place)))?;
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

fn http(listen: SocketAddr) -> HttpSettings {
    let advertise = listen.to_string();
    HttpSettings { listen, advertise, scheme: Scheme::Http, credentials: None }
}

/// What documents may name; which of its addresses hosts reach, only this machine's operator knows.
fn url(place: SocketAddr) -> String {
    if place.ip().is_unspecified() {
        return format!("http://<an address of this machine>:{}/", place.port());
    }
    format!("http://{place}/")
}
