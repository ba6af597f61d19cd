use crate::leadership::Leadership;
use crate::peer::Directory;
use mesoform_etcd::pb::ResponseHeader;

/// Makes the heads of responses.
#[derive(Clone)]
pub struct Headers {
    pub member_id: u64,
    pub directory: Directory,
    pub leadership: Leadership,
}

impl Headers {
    /// For an answer that knows of all up to `revision`.
    pub fn at(&self, revision: i64) -> ResponseHeader {
        self.with(revision, self.leadership.term())
    }

    /// For an answer to what was applied in `term`.
    pub fn with(&self, revision: i64, raft_term: u64) -> ResponseHeader {
        let cluster_id = self.directory.cluster_id();
        ResponseHeader { cluster_id, member_id: self.member_id, revision, raft_term }
    }

    /// Completes the head of a reply, which only knows its revision.
    pub fn complete(&self, header: &mut Option<ResponseHeader>, term: u64) {
        let revision = header.map_or(0, |header| header.revision);
        *header = Some(self.with(revision, term));
    }
}
