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

impl From<Op> for RequestOp {
    fn from(op: Op) -> Self {
        let request = match op {
            Op::Put { key, value } => Request::RequestPut(PutRequest {
                key: key.into(),
                value: value.into(),
                ..Default::default()
            }),
            Op::Delete { key } => Request::RequestDeleteRange(DeleteRangeRequest {
                key: key.into(),
                ..Default::default()
            }),
            Op::DeletePrefix { prefix } => Request::RequestDeleteRange(DeleteRangeRequest {
                range_end: prefix_end(&prefix).into(),
                key: prefix.into(),
                ..Default::default()
            }),
        };
        Self { request: Some(request) }
    }
}
