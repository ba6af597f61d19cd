use super::Api;
use super::access::changer;
use crate::members::{Objection, roster, roster_of};
use crate::wire::members_request::{Update, Wish};
use mesoform_etcd::pb::{
    MemberAddRequest, MemberAddResponse, MemberListRequest, MemberListResponse,
    MemberPromoteRequest, MemberPromoteResponse, MemberRemoveRequest, MemberRemoveResponse,
    MemberUpdateRequest, MemberUpdateResponse, ResponseHeader,
};
use mesoform_etcd::server::Cluster;
use tonic::{Request, Response, Status, async_trait};

#[async_trait]
impl Cluster for Api {
    async fn member_list(
        &self,
        request: Request<MemberListRequest>,
    ) -> Result<Response<MemberListResponse>, Status> {
        if request.into_inner().linearizable {
            self.read_index.wait().await?;
        }
        // What is not committed yet may never come true.
        let (_, membership) = self.state.applied()?;
        let (header, members) = (self.member_header(), roster_of(&membership));
        Ok(Response::new(MemberListResponse { header, members }))
    }

    /// Never adds: what etcd does here is half of it, and the other half (a member that starts under
    /// the id that was drawn) is not how voters of ours begin.
    async fn member_add(
        &self,
        request: Request<MemberAddRequest>,
    ) -> Result<Response<MemberAddResponse>, Status> {
        changer(&request)?;
        let peer = address(&request.into_inner().peer_urls)?;
        let url = format!("https://{peer}");
        if roster(&self.leadership).iter().any(|member| member.peer_urls.contains(&url)) {
            return Err(Objection::UrlExists.into());
        }
        Err(Objection::AddsItself.into())
    }

    async fn member_remove(
        &self,
        request: Request<MemberRemoveRequest>,
    ) -> Result<Response<MemberRemoveResponse>, Status> {
        changer(&request)?;
        let members = self.members.fulfil(Wish::Remove(request.into_inner().id)).await?;
        Ok(Response::new(MemberRemoveResponse { header: self.member_header(), members }))
    }

    /// The address holds until the voter starts again with other settings: those are newer.
    async fn member_update(
        &self,
        request: Request<MemberUpdateRequest>,
    ) -> Result<Response<MemberUpdateResponse>, Status> {
        changer(&request)?;
        let request = request.into_inner();
        let update = Update { id: request.id, peer: address(&request.peer_urls)? };
        let members = self.members.fulfil(Wish::Update(update)).await?;
        Ok(Response::new(MemberUpdateResponse { header: self.member_header(), members }))
    }

    async fn member_promote(
        &self,
        request: Request<MemberPromoteRequest>,
    ) -> Result<Response<MemberPromoteResponse>, Status> {
        changer(&request)?;
        let members = self.members.fulfil(Wish::Promote(request.into_inner().id)).await?;
        Ok(Response::new(MemberPromoteResponse { header: self.member_header(), members }))
    }
}

impl Api {
    fn member_header(&self) -> Option<ResponseHeader> {
        Some(self.headers.at(self.state.now().revision))
    }
}

/// The `host:port` of the one URL that a member has.
fn address(urls: &[String]) -> Result<String, Status> {
    let bad = || Status::from(Objection::BadUrls);
    let [url] = urls else { return Err(bad()) };
    let address = url.strip_prefix("https://").ok_or_else(bad)?;
    let (host, port) = address.rsplit_once(':').ok_or_else(bad)?;
    let port_is_one = port.parse::<u16>().is_ok_and(|port| port > 0);
    if host.is_empty() || host.contains('/') || !port_is_one {
        return Err(bad());
    }
    Ok(address.to_owned())
}
