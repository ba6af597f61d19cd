use super::line::{Line, answer};
use crate::exit::Exit;
use crate::render;
use mesoform_cluster::membership::{Roster, RosterMember};
use mesoform_coordination::dial;
use mesoform_etcd::client::MaintenanceClient;
use mesoform_etcd::pb::{
    Member, MemberListRequest, MemberPromoteRequest, MemberRemoveRequest, StatusRequest,
};
use std::time::Duration;

/// Who does not say how he is within this is not counted on.
const ALIVE: Duration = Duration::from_secs(2);

pub async fn list(line: &Line) -> anyhow::Result<Exit> {
    let request = MemberListRequest { linearizable: true };
    let members = answer(line.cluster().member_list(request)).await?.members;
    print(line, members).await
}

pub async fn promote(line: &Line, id: u64) -> anyhow::Result<Exit> {
    let request = MemberPromoteRequest { id };
    let members = answer(line.cluster().member_promote(request)).await?.members;
    print(line, members).await
}

pub async fn remove(line: &Line, id: u64) -> anyhow::Result<Exit> {
    let request = MemberRemoveRequest { id };
    let members = answer(line.cluster().member_remove(request)).await?.members;
    print(line, members).await
}

async fn print(line: &Line, members: Vec<Member>) -> anyhow::Result<Exit> {
    let asked = members.into_iter().map(|member| async move {
        let alive = is_alive(line, &member).await;
        RosterMember { id: member.id, name: member.name, learner: member.is_learner, alive }
    });
    let members = futures::future::join_all(asked).await;
    render::json_line(&Roster { members });
    Ok(Exit::Fine)
}

/// Whether it answers as this member, and knows who leads.
async fn is_alive(line: &Line, member: &Member) -> bool {
    let Some(address) = member.client_urls.first().and_then(|url| url.strip_prefix("https://"))
    else {
        return false;
    };
    let Ok(channel) = dial(address, &line.identity) else { return false };
    let mut client = MaintenanceClient::new(channel);
    match tokio::time::timeout(ALIVE, client.status(StatusRequest {})).await {
        Ok(Ok(status)) => {
            let status = status.into_inner();
            status.leader != 0 && status.header.is_some_and(|head| head.member_id == member.id)
        }
        _ => false,
    }
}
