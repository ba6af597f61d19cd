use crate::keys::prefix_end;
use mesoform_etcd::pb::request_op::Request;
use mesoform_etcd::pb::{DeleteRangeRequest, PutRequest, RequestOp};

/// As many operations fit in one transaction (etcd's default for `--max-txn-ops`).
pub const MAX_OPS: usize = 128;

/// One change of a leader's transaction. No key may be changed twice in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    Put { key: String, value: Vec<u8> },
    Delete { key: String },
    DeletePrefix { prefix: String },
}

impl Op {
    /// A put, from anything that becomes a key and bytes.
    pub fn put(key: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        Self::Put { key: key.into(), value: value.into() }
    }

    pub fn delete(key: impl Into<String>) -> Self {
        Self::Delete { key: key.into() }
    }
}

impl Op {
    /// The operation on the keys as the quorum has them: `stored` of what services know them as.
    pub(crate) fn request(self, stored: impl Fn(&str) -> String) -> RequestOp {
        let request = match self {
            Op::Put { key, value } => Request::RequestPut(PutRequest {
                key: stored(&key).into(),
                value: value.into(),
                ..Default::default()
            }),
            Op::Delete { key } => Request::RequestDeleteRange(DeleteRangeRequest {
                key: stored(&key).into(),
                ..Default::default()
            }),
            Op::DeletePrefix { prefix } => Request::RequestDeleteRange(DeleteRangeRequest {
                range_end: prefix_end(&stored(&prefix)).into(),
                key: stored(&prefix).into(),
                ..Default::default()
            }),
        };
        RequestOp { request: Some(request) }
    }
}
