use crate::core::{Core, Host};
use crate::launcher::{self, ExecutorCommand};
use crate::link::{Link, LinkState};
use crate::prepare::Surroundings;
use crate::shell::{Parts, Shell};
use crate::store::{Kept, Store};
use crate::{AgentError, DiskError, api, host};
use mesoform_http::Door;
use mesoform_identity::{Identity, Role};
use mesoform_mesos::Binary;
use mesoform_notify::Notifier;
use mesoform_settings::AgentSettings;
use nix::fcntl::{Flock, FlockArg};
use std::fs::File;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

/// Events that wait for the agent's loop; more make their senders wait.
const EVENTS: usize = 1024;
/// Words that wait for the master; more are dropped, and said again in time.
const OUTGOING: usize = 256;
/// How long the first look at the executors of before may take until the agent is READY.
const LOOK_LIMIT: Duration = Duration::from_secs(20);

/// Runs the agent until `shutdown`. Its tasks run on: only their executors end them.
///
/// READY is told to the service manager when the API serves and every executor of before was looked
/// at; STATUS says how it stands with the masters.
///
/// # Errors
/// The settings, the identity or a folder cannot be used; the port is taken; a master ended this
/// agent.
pub async fn run(settings: AgentSettings, shutdown: CancellationToken) -> Result<(), AgentError> {
    let command = ExecutorCommand::of_this_program()
        .map_err(|e| AgentError::Host { what: "the path of this program", cause: e.to_string() })?;
    run_with(settings, command, shutdown).await
}

/// As [`run`], with another program as the executor.
///
/// # Errors
/// As [`run`].
pub async fn run_with(
    settings: AgentSettings,
    command: ExecutorCommand,
    shutdown: CancellationToken,
) -> Result<(), AgentError> {
    // What was started here ends when this function does, however it does.
    let shutdown = shutdown.child_token();
    let _end = shutdown.clone().drop_guard();
    let identity = identity(&settings)?;
    let store = Store::open(settings.work_dir.clone(), settings.run_dir.clone())?;
    let _lock = lock(&store)?;
    let door = Door::bind(&settings.http, Some(&identity)).await?;
    let info = host::info(&settings, &store.places.work_dir, door.local_addr().port())?;
    let kept = store.accept(store.kept()?)?.of_host(&settings.hostname);
    let core = core(&settings, &store, &kept)?;

    let (events, incoming) = mpsc::channel(EVENTS);
    let (outgoing, words) = mpsc::channel(OUTGOING);
    let (state, link_state) = watch::channel(LinkState::Searching { trouble: None });
    let tls = identity.client_config_to(&[Role::Master], &[b"h2", b"http/1.1"])?;
    let link = Link::new(&settings.masters, tls, events.clone(), words, state)?;
    let router = api::router(api::Api {
        events: events.clone(),
        info: info.clone(),
        link: link_state.clone(),
        places: store.places.clone(),
        started: std::time::SystemTime::now(),
    });

    let parts = Parts {
        core,
        info,
        store,
        kept,
        around: Surroundings::of(&settings)?,
        launcher: launcher::of(&settings, command),
        events,
        outgoing,
        shutdown: shutdown.clone(),
    };
    let mut shell = Shell::new(parts);
    let looks = shell.recover().await?;
    let shell = tokio::spawn(shell.run(incoming));
    let api = tokio::spawn(door.serve(router, shutdown.clone()));
    let notifier = Notifier::default();
    looked(looks, &notifier, &shutdown).await;
    tokio::spawn(link.run(shutdown.clone()));
    tokio::spawn(tell_status(link_state, notifier.clone(), shutdown.clone()));
    notifier.ready();
    let ended = tokio::select! {
        ended = shell => ended.unwrap_or(Err(AgentError::PartEnded { part: "its loop" })),
        ended = api => match ended {
            Ok(()) => Ok(()),
            Err(_) => Err(AgentError::PartEnded { part: "its API" }),
        },
    };
    notifier.stopping();
    ended
}

/// The masters refuse an agent whose certificate is another host's: better said here.
fn identity(settings: &AgentSettings) -> Result<Identity, AgentError> {
    if settings.masters.is_empty() {
        return Err(AgentError::NoMasters);
    }
    let identity = Identity::load(&settings.pki)?.expect(Role::Agent, &settings.cluster)?;
    if identity.host() != settings.hostname {
        let (found, wanted) = (identity.host().to_owned(), settings.hostname.clone());
        return Err(AgentError::OtherHost { found, wanted });
    }
    Ok(identity)
}

/// Two agents in one folder would report each other's tasks.
fn lock(store: &Store) -> Result<Flock<File>, AgentError> {
    let path = store.places.work_dir.join("agent.lock");
    let file = File::options().create(true).append(true).open(&path);
    let file = file.map_err(DiskError::io("opened", &path))?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|_| AgentError::InUse { path })
}

fn core(settings: &AgentSettings, store: &Store, kept: &Kept) -> Result<Core, AgentError> {
    let host = Host { address: settings.address.clone(), boot_id: host::boot_id()? };
    let id = kept.agent_id.clone();
    Ok(Core::new(host, id, kept.obeyed(), store.tasks()?, Binary::new_uuid))
}

async fn looked(
    looks: Vec<oneshot::Receiver<()>>,
    notifier: &Notifier,
    shutdown: &CancellationToken,
) {
    let count = looks.len();
    if count > 0 {
        let tasks = if count == 1 { "task" } else { "tasks" };
        notifier.say(&format!("looking after {count} {tasks} of before"));
    }
    let all = futures::future::join_all(looks);
    tokio::select! {
        _ = tokio::time::timeout(LOOK_LIMIT, all) => {}
        () = shutdown.cancelled() => {}
    }
}

async fn tell_status(
    mut state: watch::Receiver<LinkState>,
    notifier: Notifier,
    shutdown: CancellationToken,
) {
    loop {
        let status = match &*state.borrow_and_update() {
            LinkState::Registered { master } => format!("registered with {master}"),
            LinkState::Searching { trouble: Some(trouble) } => {
                format!("looking for a leading master: {trouble}")
            }
            LinkState::Searching { trouble: None } => "looking for a leading master".to_owned(),
            LinkState::Fenced { words } => words.clone(),
        };
        notifier.say(&status);
        tokio::select! {
            changed = state.changed() => if changed.is_err() { return },
            () = shutdown.cancelled() => return,
        }
    }
}
