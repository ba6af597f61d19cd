//! Clients take a voter's pulse by its status; the rest nobody asks a liar for.

use super::Liar;
use mesoform_etcd::client::MaintenanceClient;
use mesoform_etcd::pb::{
    AlarmRequest, AlarmResponse, DefragmentRequest, DefragmentResponse, DowngradeRequest,
    DowngradeResponse, HashKvRequest, HashKvResponse, HashRequest, HashResponse, MoveLeaderRequest,
    MoveLeaderResponse, SnapshotRequest, SnapshotResponse, StatusRequest, StatusResponse,
};
use mesoform_etcd::server::Maintenance;
use tokio_stream::Empty;
use tonic::{Request, Response, Status, async_trait};

fn nobody_asks<T>() -> Result<Response<T>, Status> {
    Err(Status::unimplemented("a liar"))
}

#[async_trait]
impl Maintenance for Liar {
    type SnapshotStream = Empty<Result<SnapshotResponse, Status>>;

    async fn status(
        &self,
        request: Request<StatusRequest>,
    ) -> Result<Response<StatusResponse>, Status> {
        MaintenanceClient::new(self.voter.clone()).status(request.into_inner()).await
    }

    async fn alarm(&self, _: Request<AlarmRequest>) -> Result<Response<AlarmResponse>, Status> {
        nobody_asks()
    }

    async fn defragment(
        &self,
        _: Request<DefragmentRequest>,
    ) -> Result<Response<DefragmentResponse>, Status> {
        nobody_asks()
    }

    async fn hash(&self, _: Request<HashRequest>) -> Result<Response<HashResponse>, Status> {
        nobody_asks()
    }

    async fn hash_kv(&self, _: Request<HashKvRequest>) -> Result<Response<HashKvResponse>, Status> {
        nobody_asks()
    }

    async fn snapshot(
        &self,
        _: Request<SnapshotRequest>,
    ) -> Result<Response<Self::SnapshotStream>, Status> {
        nobody_asks()
    }

    async fn move_leader(
        &self,
        _: Request<MoveLeaderRequest>,
    ) -> Result<Response<MoveLeaderResponse>, Status> {
        nobody_asks()
    }

    async fn downgrade(
        &self,
        _: Request<DowngradeRequest>,
    ) -> Result<Response<DowngradeResponse>, Status> {
        nobody_asks()
    }
}
