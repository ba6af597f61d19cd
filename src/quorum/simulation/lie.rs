use bytes::{BufMut, Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use mesoform_etcd::pb::RangeRequest;
use prost::Message;
use tonic::body::Body;
use tonic::codegen::http;

/// What is wrong with this world on purpose: the judges must find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lie {
    #[default]
    Nothing,
    /// Disks say that they have flushed, and have not.
    Flushes,
    /// Every read is answered from the state of the voter that was asked.
    Reads,
    /// A leader raises the level without asking who knows it.
    Levels,
}

impl Lie {
    /// By its name; none: there is no such lie.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "flushes" => Some(Self::Flushes),
            "reads" => Some(Self::Reads),
            "levels" => Some(Self::Levels),
            _ => None,
        }
    }

    /// What reaches the voter of what a client wants.
    pub async fn twist(self, request: http::Request<Body>) -> http::Request<Body> {
        if self != Self::Reads || !request.uri().path().ends_with("/Range") {
            return request;
        }
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        http::Request::from_parts(parts, Body::new(Full::new(stale(body))))
    }
}

/// One gRPC message: a flag, the length in four bytes, the request.
fn stale(message: Bytes) -> Bytes {
    let mut request = RangeRequest::decode(message.slice(5..)).unwrap();
    request.serializable = true;
    let mut stale = BytesMut::new();
    stale.put_u8(0);
    stale.put_u32(u32::try_from(request.encoded_len()).unwrap());
    request.encode(&mut stale).unwrap();
    stale.freeze()
}
