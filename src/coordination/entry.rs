use mesoform_etcd::pb::KeyValue;

/// A key with its value, and when it came to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub key: String,
    pub value: Vec<u8>,
    /// The revision at which the key was made (again, if it had been deleted).
    pub create_revision: i64,
    /// The revision of its last change.
    pub mod_revision: i64,
}

impl Entry {
    /// The entry as services know it: without what stands before all keys in the quorum.
    pub(crate) fn without(mut self, prefix: &str) -> Self {
        self.key = key_without(self.key, prefix);
        self
    }
}

/// `key` without `prefix`, which it begins with.
pub(crate) fn key_without(key: String, prefix: &str) -> String {
    key.strip_prefix(prefix).map(str::to_owned).unwrap_or(key)
}

impl From<KeyValue> for Entry {
    fn from(kv: KeyValue) -> Self {
        Self {
            key: String::from_utf8_lossy(&kv.key).into_owned(),
            value: kv.value.to_vec(),
            create_revision: kv.create_revision,
            mod_revision: kv.mod_revision,
        }
    }
}

/// Who leads, as everyone can see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leader {
    /// The fencing token: grows with every change of the leader.
    pub revision: i64,
    /// What the leader gave as its candidacy.
    pub value: Vec<u8>,
}
