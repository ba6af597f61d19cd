use super::Api;
use super::errors::not_supported;
use mesoform_etcd::pb::{
    Member, MemberAddRequest, MemberAddResponse, MemberListRequest, MemberListResponse,
    MemberPromoteRequest, MemberPromoteResponse, MemberRemoveRequest, MemberRemoveResponse,
    MemberUpdateRequest, MemberUpdateResponse,
};
use mesoform_etcd::server::Cluster;
use std::collections::BTreeSet;
use tonic::{Request, Response, Status, async_trait};

/// Members come and go with the inventory: `mesoform up` is the way to change them.
const CHANGE: &str = "a change of members other than by `mesoform up`";

#[async_trait]
impl Cluster for Api {
    async fn member_list(
        &self,
        request: Request<MemberListRequest>,
    ) -> Result<Response<MemberListResponse>, Status> {
        if request.into_inner().linearizable {
            self.read_index.wait().await?;
        }
        let header = Some(self.headers.at(self.state.now().revision));
        Ok(Response::new(MemberListResponse { header, members: self.members() }))
    }

    async fn member_add(
        &self,
        _: Request<MemberAddRequest>,
    ) -> Result<Response<MemberAddResponse>, Status> {
        Err(not_supported(CHANGE))
    }

    async fn member_remove(
        &self,
        _: Request<MemberRemoveRequest>,
    ) -> Result<Response<MemberRemoveResponse>, Status> {
        Err(not_supported(CHANGE))
    }

    async fn member_update(
        &self,
        _: Request<MemberUpdateRequest>,
    ) -> Result<Response<MemberUpdateResponse>, Status> {
        Err(not_supported(CHANGE))
    }

    async fn member_promote(
        &self,
        _: Request<MemberPromoteRequest>,
    ) -> Result<Response<MemberPromoteResponse>, Status> {
        Err(not_supported(CHANGE))
    }
}

impl Api {
    fn members(&self) -> Vec<Member> {
        let metrics = self.leadership.metrics();
        let membership = metrics.membership_config.membership();
        let voters: BTreeSet<u64> = membership.voter_ids().collect();
        let member = |(id, node): (&u64, &crate::raft::Member)| Member {
            id: *id,
            name: node.name.clone(),
            peer_urls: vec![format!("https://{}", node.peer)],
            client_urls: vec![format!("https://{}", node.client)],
            is_learner: !voters.contains(id),
        };
        membership.nodes().map(member).collect()
    }
}
