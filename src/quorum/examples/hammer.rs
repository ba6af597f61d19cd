//! Loads the voters that the example `voters` started, and says how fast they were:
//!
//! ```text
//! cargo run -p mesoform-quorum --example hammer -- DIR PORT put|get CLIENTS REQUESTS
//! ```

use hyper_util::rt::TokioIo;
use mesoform_etcd::client::KvClient;
use mesoform_etcd::pb::{PutRequest, RangeRequest};
use mesoform_identity::{Identity, Role};
use mesoform_settings::PkiPaths;
use rustls_pki_types::ServerName;
use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint, Uri};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [dir, port, what, clients, requests] = &arguments[..] else {
        return Err("DIR PORT put|get CLIENTS REQUESTS".into());
    };
    let identity = Identity::load(&PkiPaths::in_dir(&PathBuf::from(dir), "operator"))?;
    let (clients, requests): (usize, usize) = (clients.parse()?, requests.parse()?);
    let mut channels = Vec::new();
    for _ in 0..clients.min(16) {
        channels.push(connect(&identity, port)?);
    }
    let start = Instant::now();
    let mut running = JoinSet::new();
    for client in 0..clients {
        let kv = KvClient::new(channels[client % channels.len()].clone());
        running.spawn(hammer(kv, what == "put", client, requests / clients));
    }
    let mut times = Vec::new();
    while let Some(done) = running.join_next().await {
        times.extend(done??);
    }
    let seconds = start.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
    let text = format!(
        "{what}: {:.0}/s with {clients} clients; median {:?}, 99 % {:?}, longest {:?}\n",
        times.len() as f64 / seconds,
        at(0.5),
        at(0.99),
        at(1.0)
    );
    std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes())?;
    Ok(())
}

async fn hammer(
    mut kv: KvClient<Channel>,
    put: bool,
    client: usize,
    requests: usize,
) -> Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(requests);
    for n in 0..requests {
        let key = bytes::Bytes::from(format!("hammer/{client}/{}", n % 100));
        let start = Instant::now();
        if put {
            let value = vec![b'x'; 256].into();
            kv.put(PutRequest { key, value, ..Default::default() }).await?;
        } else {
            kv.range(RangeRequest { key, ..Default::default() }).await?;
        }
        times.push(start.elapsed());
    }
    Ok(times)
}

fn connect(identity: &Identity, port: &str) -> Result<Channel> {
    let tls = TlsConnector::from(identity.client_config_to(&[Role::Quorum], &[b"h2"])?);
    let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{port}"))?;
    Ok(endpoint.connect_with_connector_lazy(tower::service_fn(move |uri: Uri| {
        let tls = tls.clone();
        async move {
            let address = uri.authority().map_or("", |authority| authority.as_str());
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let name = ServerName::try_from("127.0.0.1").map_err(std::io::Error::other)?;
            tls.connect(name, stream).await.map(TokioIo::new)
        }
    })))
}
