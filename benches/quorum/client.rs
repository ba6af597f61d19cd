use hyper_util::rt::TokioIo;
use mesoform_etcd::client::{KvClient, LeaseClient, MaintenanceClient, WatchClient};
use mesoform_etcd::pb::{PutRequest, RangeRequest};
use mesoform_identity::{Identity, Role};
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::Status;
use tonic::transport::{Channel, Endpoint, Uri};

/// One connection to one voter.
#[derive(Clone)]
pub struct Client {
    pub kv: KvClient<Channel>,
    pub watch: WatchClient<Channel>,
    pub lease: LeaseClient<Channel>,
    pub maintenance: MaintenanceClient<Channel>,
}

impl Client {
    pub fn connect(identity: &Identity, address: &str) -> Self {
        let tls = TlsConnector::from(identity.client_config_to(&[Role::Quorum], &[b"h2"]).unwrap());
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        let channel = endpoint.connect_with_connector_lazy(tower::service_fn(move |uri: Uri| {
            let tls = tls.clone();
            async move {
                let stream = TcpStream::connect(uri.authority().unwrap().as_str()).await?;
                stream.set_nodelay(true)?;
                let name = ServerName::try_from("127.0.0.1").unwrap();
                tls.connect(name, stream).await.map(TokioIo::new)
            }
        }));
        Self {
            kv: KvClient::new(channel.clone()),
            watch: WatchClient::new(channel.clone()),
            lease: LeaseClient::new(channel.clone()),
            maintenance: MaintenanceClient::new(channel),
        }
    }

    pub async fn put(&mut self, key: String, value: Vec<u8>) -> Result<i64, Status> {
        let request = PutRequest { key: key.into(), value: value.into(), ..Default::default() };
        Ok(self.kv.put(request).await?.into_inner().header.unwrap().revision)
    }

    pub async fn get(&mut self, key: String, serializable: bool) -> Result<(), Status> {
        let request = RangeRequest { key: key.into(), serializable, ..Default::default() };
        self.kv.range(request).await.map(|_| ())
    }
}
