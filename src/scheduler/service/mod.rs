//! The running service: identity, API, election, and what a leader does.

mod announce;
mod framework;
mod reign;

use crate::SchedulerError;
use crate::api::{Candidate, ConsensusCheck, Front, Proxy, Role};
use announce::Announcer;
use mesoform_coordination::Coordination;
use mesoform_http::Door;
use mesoform_identity::{Identity, Role as Part};
use mesoform_settings::{SchedulerSettings, Scheme};
use reign::Reign;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Between two questions whether the quorum has consensus yet.
const ASK_AGAIN: Duration = Duration::from_millis(250);
/// A leader that resigns is followed by the next one well within this.
const CHANGE_OVER: Duration = Duration::from_secs(2);
/// A request that waits for the cause why nobody leads does not wait longer.
const CHECK_TIMEOUT: Duration = Duration::from_secs(3);

/// Runs the scheduler until `shutdown`.
///
/// READY is reported once the API is served and the quorum has consensus.
///
/// # Errors
/// What no waiting cures: settings, certificates, ports, records that cannot be read.
pub async fn run(
    settings: SchedulerSettings,
    shutdown: CancellationToken,
) -> Result<(), SchedulerError> {
    let identity = Identity::load(&settings.pki)?.expect(Part::Scheduler, &settings.cluster)?;
    let coordination = Coordination::connect(&settings.quorum, &identity)?;
    let (role, roles) = watch::channel(Role::Starting);
    let me = candidate(&settings);
    let door = Door::bind(&settings.http, Some(&identity)).await?;
    let front = front(&settings, &identity, &coordination, me.clone(), roles.clone())?;
    let stop = shutdown.child_token();
    let api = tokio::spawn(door.serve(front.router(), stop.clone()));
    let announcer = Announcer::new(roles);
    let announcing = tokio::spawn(announcer.clone().follow(stop.clone()));
    let reign = Reign { settings, identity, coordination: coordination.clone(), me, role };
    let governing = async {
        if await_consensus(&coordination, &announcer, &stop).await {
            announcer.ready();
            reign.run(&stop).await
        } else {
            Ok(())
        }
    };
    let outcome = governing.await;
    stop.cancel();
    coordination.withdrawn().await;
    let served = api.await.map_err(|e| SchedulerError::Api { cause: e.to_string() });
    let _ = announcing.await;
    outcome?;
    served
}

fn candidate(settings: &SchedulerSettings) -> Candidate {
    let scheme = match settings.http.scheme {
        Scheme::Http => "http",
        Scheme::Https => "https",
    };
    Candidate {
        host: settings.hostname.clone(),
        http: settings.http.advertise.clone(),
        scheme: Some(scheme.to_owned()),
    }
}

fn front(
    settings: &SchedulerSettings,
    identity: &Identity,
    coordination: &Coordination,
    me: Candidate,
    role: watch::Receiver<Role>,
) -> Result<Front, SchedulerError> {
    // A connection for each request: on a shared one, who reads slowly would hold up everybody.
    let tls = identity.client_config_to(&[Part::Scheduler], &[b"http/1.1"])?;
    Ok(Front {
        me,
        cluster: settings.cluster.clone(),
        role,
        proxy: Proxy::new(&tls)?,
        consensus: consensus_check(coordination.clone()),
        on_etcd: settings.quorum.etcd.is_some(),
        failover_timeout: settings.failover_timeout_ms / 1000,
        change_over: CHANGE_OVER,
    })
}

fn consensus_check(coordination: Coordination) -> ConsensusCheck {
    Arc::new(move || {
        let coordination = coordination.clone();
        Box::pin(async move {
            match tokio::time::timeout(CHECK_TIMEOUT, coordination.consensus()).await {
                Ok(answer) => answer.map_err(|e| e.to_string()),
                Err(_) => Err(format!("no answer within {} s", CHECK_TIMEOUT.as_secs())),
            }
        })
    })
}

/// Whether consensus came before the shutdown.
async fn await_consensus(
    coordination: &Coordination,
    announcer: &Announcer,
    stop: &CancellationToken,
) -> bool {
    announcer.say("waiting for consensus");
    loop {
        let asked = tokio::select! {
            () = stop.cancelled() => return false,
            asked = coordination.consensus() => asked,
        };
        match asked {
            Ok(()) => return true,
            Err(cause) => announcer.say(&format!("waiting for consensus: {cause}")),
        }
        tokio::select! {
            () = stop.cancelled() => return false,
            () = tokio::time::sleep(ASK_AGAIN) => {}
        }
    }
}
