use super::access::{changer, writer};
use super::errors::{NO_LEADER, not_supported};
use super::snapshot::Chunks;
use super::{API_VERSION, Api};
use crate::leadership::Leader;
use crate::machine::defragment;
use crate::mvcc::{Tables, hash_all, hash_history};
use mesoform_etcd::pb::{
    AlarmAction, AlarmMember, AlarmRequest, AlarmResponse, AlarmType, DefragmentRequest,
    DefragmentResponse, DowngradeRequest, DowngradeResponse, HashKvRequest, HashKvResponse,
    HashRequest, HashResponse, MoveLeaderRequest, MoveLeaderResponse, ResponseHeader,
    SnapshotRequest, StatusRequest, StatusResponse,
};
use mesoform_etcd::server::Maintenance;
use tonic::{Request, Response, Status, async_trait};

#[async_trait]
impl Maintenance for Api {
    type SnapshotStream = Chunks;

    async fn status(&self, _: Request<StatusRequest>) -> Result<Response<StatusResponse>, Status> {
        let metrics = self.leadership.metrics();
        let now = self.state.now();
        let size = self.size();
        let leaderless = self.leadership.now() == Leader::None;
        let no_leader = leaderless.then(|| NO_LEADER.to_owned());
        let full = self.alarms.all().into_keys().map(nospace);
        Ok(Response::new(StatusResponse {
            header: Some(self.headers.at(now.revision)),
            version: API_VERSION.to_owned(),
            db_size: size.on_disk.cast_signed(),
            leader: if leaderless { 0 } else { self.leadership.id() },
            raft_index: metrics.last_log_index.unwrap_or(0),
            raft_term: metrics.current_term,
            raft_applied_index: now.applied.map_or(0, |id| id.index),
            errors: no_leader.into_iter().chain(full).collect(),
            db_size_in_use: size.in_use.cast_signed(),
            is_learner: metrics.state.is_learner(),
            level: self.headers.directory.ladder().level(),
            newest_level: self.headers.directory.ladder().own().newest(),
        }))
    }

    /// Alarms come and go with the room on the disks: there is none to raise, and none to end.
    async fn alarm(
        &self,
        request: Request<AlarmRequest>,
    ) -> Result<Response<AlarmResponse>, Status> {
        // As etcd: this head only knows the revision.
        let revision = self.state.now().revision;
        let header = Some(ResponseHeader { revision, ..Default::default() });
        match request.get_ref().action() {
            AlarmAction::Get => {}
            AlarmAction::Deactivate => writer(&request)?,
            AlarmAction::Activate => return Err(not_supported("raising an alarm")),
        }
        let named = |(id, _)| AlarmMember { member_id: id, alarm: AlarmType::Nospace as i32 };
        let wanted = [AlarmType::None, AlarmType::Nospace].contains(&request.get_ref().alarm());
        let alarms = if wanted { self.alarms.all() } else { Default::default() };
        Ok(Response::new(AlarmResponse { header, alarms: alarms.into_iter().map(named).collect() }))
    }

    /// Makes the state's file smaller; others read and write meanwhile. It goes on when the client is gone.
    async fn defragment(
        &self,
        request: Request<DefragmentRequest>,
    ) -> Result<Response<DefragmentResponse>, Status> {
        writer(&request)?;
        let (state, headroom) = (self.state.clone(), self.alarms.headroom_to_defragment());
        defragment(state, headroom, self.shutdown.clone()).await?;
        Ok(Response::new(DefragmentResponse { header: None }))
    }

    async fn hash(&self, _: Request<HashRequest>) -> Result<Response<HashResponse>, Status> {
        let hashed = self.read(true, |tables| Ok((hash_all(tables)?, tables.revision())));
        let (hash, revision) = hashed.await?;
        Ok(Response::new(HashResponse { header: Some(self.headers.at(revision)), hash }))
    }

    async fn hash_kv(
        &self,
        request: Request<HashKvRequest>,
    ) -> Result<Response<HashKvResponse>, Status> {
        let HashKvRequest { revision } = request.into_inner();
        let hashed = self.read(true, move |tables| {
            let hash = hash_history(tables, revision)?;
            Ok((hash, tables.revision(), tables.compacted()))
        });
        let (hash, revision, compact_revision) = hashed.await?;
        let header = Some(self.headers.at(revision));
        Ok(Response::new(HashKvResponse { header, hash, compact_revision }))
    }

    async fn snapshot(
        &self,
        _: Request<SnapshotRequest>,
    ) -> Result<Response<Self::SnapshotStream>, Status> {
        self.stream_backup().map(Response::new)
    }

    async fn move_leader(
        &self,
        request: Request<MoveLeaderRequest>,
    ) -> Result<Response<MoveLeaderResponse>, Status> {
        changer(&request)?;
        let MoveLeaderRequest { target_id } = request.into_inner();
        if self.leadership.now() != Leader::Me || target_id != self.headers.member_id {
            self.hand_over.to(Some(target_id)).await?;
        }
        Ok(Response::new(MoveLeaderResponse { header: None }))
    }

    async fn downgrade(
        &self,
        _: Request<DowngradeRequest>,
    ) -> Result<Response<DowngradeResponse>, Status> {
        Err(not_supported("a downgrade"))
    }
}

/// An alarm in etcd's words, down to the space at the end.
fn nospace(member: u64) -> String {
    format!("memberID:{member} alarm:NOSPACE ")
}
