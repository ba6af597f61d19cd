use super::Api;
use super::access::writer;
use super::errors::{NO_LEADER, not_supported};
use crate::leadership::Leader;
use mesoform_etcd::pb::{
    AlarmAction, AlarmRequest, AlarmResponse, DefragmentRequest, DefragmentResponse,
    DowngradeRequest, DowngradeResponse, HashKvRequest, HashKvResponse, HashRequest, HashResponse,
    MoveLeaderRequest, MoveLeaderResponse, SnapshotRequest, SnapshotResponse, StatusRequest,
    StatusResponse,
};
use mesoform_etcd::server::Maintenance;
use tokio_stream::Empty;
use tonic::{Request, Response, Status, async_trait};

/// The version of etcd's API that is spoken here; clients choose by it what to ask for.
const API_VERSION: &str = "3.5.0";

#[async_trait]
impl Maintenance for Api {
    type SnapshotStream = Empty<Result<SnapshotResponse, Status>>;

    async fn status(&self, _: Request<StatusRequest>) -> Result<Response<StatusResponse>, Status> {
        let metrics = self.leadership.metrics();
        let now = self.state.now();
        let size = self.state.size().cast_signed();
        let leaderless = self.leadership.now() == Leader::None;
        Ok(Response::new(StatusResponse {
            header: Some(self.headers.at(now.revision)),
            version: API_VERSION.to_owned(),
            db_size: size,
            leader: if leaderless { 0 } else { self.leadership.id() },
            raft_index: metrics.last_log_index.unwrap_or(0),
            raft_term: metrics.current_term,
            raft_applied_index: now.applied.map_or(0, |id| id.index),
            errors: if leaderless { vec![NO_LEADER.to_owned()] } else { Vec::new() },
            db_size_in_use: size,
            is_learner: metrics.state.is_learner(),
        }))
    }

    /// There are no alarms, so there is nothing to list or to end.
    async fn alarm(
        &self,
        request: Request<AlarmRequest>,
    ) -> Result<Response<AlarmResponse>, Status> {
        let header = Some(self.headers.at(self.state.now().revision));
        match request.get_ref().action() {
            AlarmAction::Get => {}
            AlarmAction::Deactivate => writer(&request)?,
            AlarmAction::Activate => return Err(not_supported("raising an alarm")),
        }
        Ok(Response::new(AlarmResponse { header, alarms: Vec::new() }))
    }

    async fn defragment(
        &self,
        _: Request<DefragmentRequest>,
    ) -> Result<Response<DefragmentResponse>, Status> {
        Err(not_supported("defragmentation"))
    }

    async fn hash(&self, _: Request<HashRequest>) -> Result<Response<HashResponse>, Status> {
        Err(not_supported("hashing"))
    }

    async fn hash_kv(&self, _: Request<HashKvRequest>) -> Result<Response<HashKvResponse>, Status> {
        Err(not_supported("hashing"))
    }

    async fn snapshot(
        &self,
        _: Request<SnapshotRequest>,
    ) -> Result<Response<Self::SnapshotStream>, Status> {
        Err(not_supported("a snapshot"))
    }

    async fn move_leader(
        &self,
        _: Request<MoveLeaderRequest>,
    ) -> Result<Response<MoveLeaderResponse>, Status> {
        Err(not_supported("moving the leader"))
    }

    async fn downgrade(
        &self,
        _: Request<DowngradeRequest>,
    ) -> Result<Response<DowngradeResponse>, Status> {
        Err(not_supported("a downgrade"))
    }
}
