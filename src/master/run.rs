use crate::consensus::{Candidate, Consensus, Quorum};
use crate::core::Limits;
use crate::directory::Directory;
use crate::reign::Reign;
use crate::renewal::{self, Desk, Files, Tokens};
use crate::{MasterError, api, mutual, notify};
use mesoform_coordination::Coordination;
use mesoform_http::{Budget, Door, Limits as DoorLimits};
use mesoform_identity::{Identity, Role};
use mesoform_settings::MasterSettings;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// For agents: each has a stream and a connection for its reports.
const AGENT_CONNECTIONS: usize = 65_536;
/// An agent that comes back tells all its tasks at once.
const AGENT_BODY: usize = 64 << 20;

/// The master, until `shutdown`. It is READY once the quorum has consensus.
///
/// # Errors
/// The identity is unusable or of another cluster; an address cannot be listened on.
pub async fn run(settings: MasterSettings, shutdown: CancellationToken) -> Result<(), MasterError> {
    let identity = Identity::load(&settings.pki)?.expect(Role::Master, &settings.cluster)?;
    let doors = doors(&settings, &identity).await?;
    let coordination = Coordination::connect(&settings.quorum, &identity)?;
    let consensus = Quorum::new(coordination.clone());
    let tokens = Tokens(coordination.clone());
    let served = serve(&settings, consensus, tokens, doors, shutdown).await;
    coordination.withdrawn().await;
    served
}

/// What a master listens on.
struct Doors {
    /// 5050.
    open: Door,
    /// 5055.
    parts: Door,
    /// 5056.
    desk: Option<Desk>,
}

/// They share what files this process may open.
async fn doors(settings: &MasterSettings, identity: &Identity) -> Result<Doors, MasterError> {
    let open = Door::bind(&settings.http, Some(identity)).await?;
    let parts = Door::mutual(settings.listen_agents, identity, &mutual::ROLES).await?;
    let usual = DoorLimits::default();
    let wanted = [usual.connections, AGENT_CONNECTIONS, renewal::CONNECTIONS];
    let [for_all, for_parts, for_desk] = Budget::of_this_process().divide(wanted);
    let desk = match &settings.renewal {
        Some(renewal) => Some(Desk::bind(renewal, identity, for_desk).await?),
        None => None,
    };
    let open = open.with_limits(DoorLimits { connections: for_all, ..usual.clone() });
    let limits = DoorLimits { connections: for_parts, body: AGENT_BODY, ..usual };
    Ok(Doors { open, parts: parts.with_limits(limits), desk })
}

async fn serve<C: Consensus>(
    settings: &MasterSettings,
    consensus: C,
    tokens: Tokens,
    doors: Doors,
    shutdown: CancellationToken,
) -> Result<(), MasterError> {
    let parts = Parts::new(settings, consensus);
    let directory = parts.directory;
    let news = tokio::spawn(notify::report(parts.consensus, directory.clone()));
    // The leadership ends with the service, also where a door failed.
    let service = shutdown.child_token();
    let _guard = service.clone().drop_guard();
    let reign = tokio::spawn(parts.reign.run(service.clone()));
    tokio::join!(
        doors.open.serve(api::router(directory.clone()), service.clone()),
        doors.parts.serve(mutual::router(directory), service.clone()),
        async {
            if let Some(desk) = doors.desk {
                desk.serve(tokens, Files::of(settings), service.clone()).await;
            }
        },
    );
    service.cancel();
    news.abort();
    if let Err(error) = reign.await {
        tracing::error!(%error, "the election ended badly");
    }
    Ok(())
}

/// What stands between the doors and the quorum.
pub(crate) struct Parts<C> {
    pub consensus: C,
    pub directory: Directory,
    pub reign: Reign<C>,
}

impl<C: Consensus> Parts<C> {
    pub fn new(settings: &MasterSettings, consensus: C) -> Self {
        let us = Candidate {
            host: settings.hostname.clone(),
            http: settings.http.advertise.clone(),
            agents: settings.advertise_agents.clone(),
        };
        let (sender, engine) = watch::channel(None);
        let cluster = settings.cluster.clone();
        let directory = Directory::new(us.clone(), cluster.clone(), consensus.leader(), engine);
        let reign = Reign {
            consensus: consensus.clone(),
            us,
            cluster,
            ttl: Duration::from_millis(settings.leadership_ttl_ms),
            limits: Limits::new(settings),
            engine: sender,
        };
        Self { consensus, directory, reign }
    }
}
