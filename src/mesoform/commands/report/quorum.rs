use anyhow::Context as _;
use mesoform_cluster::membership::RosterMember;
use mesoform_cluster::report::QuorumView;
use mesoform_coordination::dial;
use mesoform_etcd::client::{ClusterClient, MaintenanceClient};
use mesoform_etcd::pb::{AlarmAction, AlarmRequest, Member, MemberListRequest, StatusRequest};
use mesoform_identity::Identity;
use mesoform_settings::{QuorumSettings, load};
use std::path::Path;

/// Asks the local voter, which answers for itself whether or not there is consensus.
pub async fn ask(config: &Path) -> anyhow::Result<QuorumView> {
    let settings: QuorumSettings = load(config)?;
    let identity = Identity::load(&settings.pki)?;
    let own = settings.voters.iter().find(|voter| voter.slot == settings.slot);
    let own = own.context("its own slot is not among its voters")?;
    let channel = dial(&own.client, &identity)?;
    let mut maintenance = MaintenanceClient::new(channel.clone());
    let status = maintenance.status(StatusRequest {}).await?.into_inner();
    let request = AlarmRequest { action: AlarmAction::Get as i32, ..Default::default() };
    // There is one kind of them. Whatever becomes of the question, what is known of the voter counts.
    let alarms = maintenance.alarm(request).await.map(|told| told.into_inner().alarms);
    let header = status.header.unwrap_or_default();
    // Without consensus nobody can list the members for sure; what is known of the voter still counts.
    let members = ClusterClient::new(channel).member_list(MemberListRequest::default()).await;
    let members = members.map(|list| list.into_inner().members).unwrap_or_default();
    Ok(QuorumView {
        member_id: header.member_id,
        leader_id: status.leader,
        term: status.raft_term,
        revision: header.revision,
        raft_index: status.raft_index,
        db_size: status.db_size,
        db_size_in_use: status.db_size_in_use,
        members: members.iter().map(|member| member.name.clone()).collect(),
        roster: members.into_iter().map(roster_member).collect(),
        learner: status.is_learner,
        applied: status.raft_applied_index,
        cluster_id: header.cluster_id,
        level: status.level,
        newest_level: status.newest_level,
        full: alarms.unwrap_or_default().iter().map(|alarm| alarm.member_id).collect(),
        data_dir: Some(settings.data_dir),
    })
}

/// A member, of which nobody has asked whether it is alive.
fn roster_member(member: Member) -> RosterMember {
    RosterMember { id: member.id, name: member.name, learner: member.is_learner, alive: false }
}
