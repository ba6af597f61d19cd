use super::PATIENCE;
use hyper_util::rt::TokioIo;
use mesoform_etcd::client::{
    ClusterClient, ElectionClient, KvClient, LeaseClient, LockClient, MaintenanceClient,
    WatchClient,
};
use mesoform_etcd::pb::watch_request::RequestUnion;
use mesoform_etcd::pb::{
    DeleteRangeRequest, LeaseGrantRequest, LeaseKeepAliveRequest, LeaseTimeToLiveRequest, Member,
    MemberListRequest, PutRequest, RangeRequest, StatusRequest, StatusResponse, TxnRequest,
    TxnResponse, WatchCreateRequest, WatchRequest, WatchResponse,
};
use mesoform_identity::{Identity, Role};
use mesoform_settings::PkiPaths;
use rustls_pki_types::ServerName;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Code, Response, Status, Streaming};

/// A connection to one voter.
#[derive(Clone)]
pub struct Client {
    pub kv: KvClient<Channel>,
    pub watch: WatchClient<Channel>,
    pub lease: LeaseClient<Channel>,
    pub cluster: ClusterClient<Channel>,
    pub maintenance: MaintenanceClient<Channel>,
    pub election: ElectionClient<Channel>,
    pub lock: LockClient<Channel>,
    channel: Channel,
}

impl Client {
    pub fn connect(paths: &PkiPaths, address: &str) -> Self {
        let identity = Identity::load(paths).unwrap();
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
            cluster: ClusterClient::new(channel.clone()),
            maintenance: MaintenanceClient::new(channel.clone()),
            election: ElectionClient::new(channel.clone()),
            lock: LockClient::new(channel.clone()),
            channel,
        }
    }

    /// The revision of the put.
    pub async fn put(&mut self, key: &str, value: &str) -> Result<i64, Status> {
        self.put_with(PutRequest { key: b(key), value: b(value), ..Default::default() }).await
    }

    pub async fn put_with(&mut self, request: PutRequest) -> Result<i64, Status> {
        let response = self.kv.put(request).await?.into_inner();
        Ok(response.header.unwrap().revision)
    }

    pub async fn get(&mut self, key: &str) -> Result<Option<String>, Status> {
        self.get_with(RangeRequest { key: b(key), ..Default::default() }).await
    }

    pub async fn get_stale(&mut self, key: &str) -> Result<Option<String>, Status> {
        let request = RangeRequest { key: b(key), serializable: true, ..Default::default() };
        self.get_with(request).await
    }

    async fn get_with(&mut self, request: RangeRequest) -> Result<Option<String>, Status> {
        let response = self.kv.range(request).await?.into_inner();
        Ok(response.kvs.first().map(|kv| String::from_utf8(kv.value.to_vec()).unwrap()))
    }

    pub async fn count(&mut self) -> Result<i64, Status> {
        let all = RangeRequest {
            key: b("\0"),
            range_end: b("\0"),
            count_only: true,
            ..Default::default()
        };
        Ok(self.kv.range(all).await?.into_inner().count)
    }

    pub async fn delete(&mut self, key: &str) -> Result<i64, Status> {
        let request = DeleteRangeRequest { key: b(key), ..Default::default() };
        Ok(self.kv.delete_range(request).await?.into_inner().deleted)
    }

    pub async fn txn(&mut self, request: TxnRequest) -> Result<TxnResponse, Status> {
        Ok(self.kv.txn(request).await?.into_inner())
    }

    pub async fn grant(&mut self, ttl: i64) -> Result<i64, Status> {
        Ok(self.lease.lease_grant(LeaseGrantRequest { ttl, id: 0 }).await?.into_inner().id)
    }

    /// The TTL that a lease has after being kept alive; 0: it is gone.
    pub async fn keep_alive(&mut self, id: i64) -> Result<i64, Status> {
        let once = tokio_stream::once(LeaseKeepAliveRequest { id });
        let mut answers = self.lease.lease_keep_alive(once).await?.into_inner();
        Ok(answers.message().await?.expect("an answer").ttl)
    }

    /// Seconds that a lease has left; -1: it is gone.
    pub async fn time_to_live(&mut self, id: i64) -> Result<i64, Status> {
        let request = LeaseTimeToLiveRequest { id, keys: false };
        Ok(self.lease.lease_time_to_live(request).await?.into_inner().ttl)
    }

    pub async fn status(&mut self) -> StatusResponse {
        self.maintenance.status(StatusRequest {}).await.unwrap().into_inner()
    }

    /// Asked again where nobody leads for a moment.
    pub async fn members(&mut self) -> Vec<Member> {
        let told = async {
            loop {
                let request = MemberListRequest { linearizable: true };
                match self.cluster.member_list(request).await {
                    Ok(told) => return told.into_inner().members,
                    Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status}"),
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, told).await.expect("the members are never told")
    }

    /// Watches all keys that begin with `prefix`.
    pub async fn watch(&mut self, prefix: &str, start_revision: i64) -> Watch {
        let mut end = prefix.as_bytes().to_vec();
        *end.last_mut().unwrap() += 1;
        let request = WatchCreateRequest {
            key: b(prefix),
            range_end: end.into(),
            start_revision,
            ..Default::default()
        };
        let mut watch = self.open_watch().await;
        watch.send(RequestUnion::CreateRequest(request)).await;
        assert!(watch.next().await.created);
        watch
    }

    /// A stream for watches.
    pub async fn open_watch(&mut self) -> Watch {
        let (requests, stream) = tokio::sync::mpsc::channel(4);
        let stream = tokio_stream::wrappers::ReceiverStream::new(stream);
        let mut client = self.watch.clone();
        Watch { requests, responses: Answers::of(async move { client.watch(stream).await }) }
    }

    /// Calls what is at a path of gRPC, with an empty message.
    pub async fn call(&self, path: &str) -> Result<(), Status> {
        let mut grpc = tonic::client::Grpc::new(self.channel.clone());
        grpc.ready().await.unwrap();
        let codec = tonic_prost::ProstCodec::<(), ()>::default();
        let path = path.parse().unwrap();
        grpc.unary(tonic::Request::new(()), path, codec).await.map(|_| ())
    }

    /// Waits until the voter answers a linearizable read.
    pub async fn ready(&mut self) {
        let ready = async {
            while self.get("ready?").await.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, ready).await.expect("a voter never became ready");
    }

    /// Puts, and is refused, until the voter knows that nobody leads.
    pub async fn hears_of_no_leader(&mut self, key: &str) {
        let told = async {
            loop {
                let refused = self.put(key, "refused").await.unwrap_err();
                assert_eq!(refused.code(), Code::Unavailable, "{refused}");
                if refused.message() == "etcdserver: no leader" {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, told).await.expect("it is never told");
    }

    /// Tries until it is done; for keys where twice does not matter.
    pub async fn insist(&mut self, key: &str, value: &str) {
        let done = async {
            while self.put(key, value).await.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, done).await.expect("a put never succeeded");
    }
}

/// The answers on a stream. It need not open before something was asked: etcd's do not.
pub enum Answers<T> {
    Opening(JoinHandle<Result<Response<Streaming<T>>, Status>>),
    Open(Box<Streaming<T>>),
}

impl<T: Send + 'static> Answers<T> {
    pub fn of(
        call: impl Future<Output = Result<Response<Streaming<T>>, Status>> + Send + 'static,
    ) -> Self {
        Self::Opening(tokio::spawn(call))
    }

    /// The next answer, or how the stream ended.
    pub async fn next(&mut self) -> Result<T, String> {
        match tokio::time::timeout(PATIENCE, self.message()).await.expect("nothing comes") {
            Ok(Some(response)) => Ok(response),
            Ok(None) => Err("the end".to_owned()),
            Err(status) => Err(format!("{:?}: {}", status.code(), status.message())),
        }
    }

    async fn message(&mut self) -> Result<Option<T>, Status> {
        if let Self::Opening(call) = self {
            *self = Self::Open(Box::new(call.await.unwrap()?.into_inner()));
        }
        match self {
            Self::Open(answers) => answers.message().await,
            Self::Opening(_) => Ok(None),
        }
    }
}

pub struct Watch {
    pub requests: tokio::sync::mpsc::Sender<WatchRequest>,
    pub responses: Answers<WatchResponse>,
}

impl Watch {
    pub async fn send(&self, request: RequestUnion) {
        self.requests.send(WatchRequest { request_union: Some(request) }).await.unwrap();
    }

    pub async fn next(&mut self) -> WatchResponse {
        self.responses.next().await.expect("the watch ended")
    }

    /// The next events, until there are `count`: `key=value@revision`, or `-key@revision`.
    pub async fn events(&mut self, count: usize) -> Vec<String> {
        let mut events = Vec::new();
        while events.len() < count {
            for event in self.next().await.events {
                let deletion = event.r#type == 1;
                let kv = event.kv.unwrap();
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                events.push(if deletion {
                    format!("-{}@{}", text(&kv.key), kv.mod_revision)
                } else {
                    format!("{}={}@{}", text(&kv.key), text(&kv.value), kv.mod_revision)
                });
            }
        }
        events
    }
}

pub fn b(text: &str) -> bytes::Bytes {
    bytes::Bytes::copy_from_slice(text.as_bytes())
}
