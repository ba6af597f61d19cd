use super::{Liar, Lie};
use mesoform_etcd::client::LeaseClient;
use mesoform_etcd::pb::{
    LeaseGrantRequest, LeaseGrantResponse, LeaseKeepAliveRequest, LeaseKeepAliveResponse,
    LeaseLeasesRequest, LeaseLeasesResponse, LeaseRevokeRequest, LeaseRevokeResponse,
    LeaseTimeToLiveRequest, LeaseTimeToLiveResponse,
};
use mesoform_etcd::server::Lease;
use std::time::Duration;
use tokio_stream::StreamExt;
use tonic::transport::Channel;
use tonic::{Request, Response, Status, Streaming, async_trait};

/// Longer than any trial.
const FOR_EVER: i64 = 3600;
/// Half of it is longer than a busy machine takes to end a lease: else it hides that one ended early.
const LONG: i64 = 12;

impl Liar {
    fn lease(&self) -> LeaseClient<Channel> {
        LeaseClient::new(self.voter.clone())
    }
}

#[async_trait]
impl Lease for Liar {
    type LeaseKeepAliveStream = Streaming<LeaseKeepAliveResponse>;

    async fn lease_grant(
        &self,
        request: Request<LeaseGrantRequest>,
    ) -> Result<Response<LeaseGrantResponse>, Status> {
        let mut request = request.into_inner();
        let wanted = request.ttl;
        match self.lie {
            Lie::NoExpiry => request.ttl = FOR_EVER,
            Lie::EarlyExpiry => request.ttl = LONG,
            _ => {}
        }
        let mut granted = self.lease().lease_grant(request).await?;
        if self.lie == Lie::NoExpiry {
            granted.get_mut().ttl = wanted;
        }
        if matches!(self.lie, Lie::EarlyExpiry | Lie::NoFence) {
            let (mut lease, id) = (self.lease(), granted.get_ref().id);
            let half = Duration::from_secs(granted.get_ref().ttl.cast_unsigned()) / 2;
            tokio::spawn(async move {
                tokio::time::sleep(half).await;
                lease.lease_revoke(LeaseRevokeRequest { id }).await
            });
        }
        Ok(granted)
    }

    async fn lease_revoke(
        &self,
        request: Request<LeaseRevokeRequest>,
    ) -> Result<Response<LeaseRevokeResponse>, Status> {
        self.lease().lease_revoke(request.into_inner()).await
    }

    async fn lease_keep_alive(
        &self,
        request: Request<Streaming<LeaseKeepAliveRequest>>,
    ) -> Result<Response<Self::LeaseKeepAliveStream>, Status> {
        let requests = request.into_inner().filter_map(Result::ok);
        self.lease().lease_keep_alive(requests).await
    }

    async fn lease_time_to_live(
        &self,
        request: Request<LeaseTimeToLiveRequest>,
    ) -> Result<Response<LeaseTimeToLiveResponse>, Status> {
        self.lease().lease_time_to_live(request.into_inner()).await
    }

    async fn lease_leases(
        &self,
        request: Request<LeaseLeasesRequest>,
    ) -> Result<Response<LeaseLeasesResponse>, Status> {
        self.lease().lease_leases(request.into_inner()).await
    }
}
