use anyhow::Context as _;
use mesoform_coordination::dial;
use mesoform_etcd::client::ClusterClient;
use mesoform_identity::Identity;
use mesoform_settings::QuorumSettings;
use std::time::Duration;
use tonic::transport::Channel;

/// For a change of members, the longest that is asked of a voter.
const PATIENCE: Duration = Duration::from_secs(30);

/// The way to the local voter.
pub struct Line {
    pub identity: Identity,
    pub channel: Channel,
}

impl Line {
    pub fn to(settings: QuorumSettings) -> anyhow::Result<Self> {
        let identity = Identity::load(&settings.pki)?;
        let own = settings.voters.iter().find(|voter| voter.slot == settings.slot);
        let own = own.context("its own slot is not among its voters")?;
        Ok(Self { channel: dial(&own.client, &identity)?, identity })
    }

    pub fn cluster(&self) -> ClusterClient<Channel> {
        ClusterClient::new(self.channel.clone())
    }
}

/// What the voter answered; its refusals in its own words.
pub async fn answer<T>(
    call: impl Future<Output = Result<tonic::Response<T>, tonic::Status>>,
) -> anyhow::Result<T> {
    let answered = tokio::time::timeout(PATIENCE, call).await;
    let answered = answered.context("the voter does not answer")?;
    Ok(answered.map_err(|status| anyhow::anyhow!("{}", status.message()))?.into_inner())
}
