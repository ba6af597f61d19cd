//! The shell around a [`Core`] for one leadership: one task owns the core and its streams; all others
//! send it what is to be done.

mod handle;
mod outbox;
mod run;
mod writer;

pub use handle::{EngineHandle, Failure};
use outbox::Outbox;
pub use run::start;

use crate::core::{Core, Effect, LinkId, Now, Refusal};
use tokio::sync::oneshot;

/// How many commands may wait; whoever comes then waits himself.
const MAX_WAITING: usize = 1024;

type Act = Box<dyn FnOnce(&mut Core, Now) -> Result<Vec<Effect>, Refusal> + Send>;
type View = Box<dyn FnOnce(&Core) + Send>;

/// What the engine is asked to do.
enum Command {
    /// Change the core and carry out the effects. A stream that is opened with it is kept if the core
    /// does not refuse.
    Act { open: Option<(LinkId, Outbox)>, act: Act, reply: oneshot::Sender<Result<(), Refusal>> },
    /// Look at the core.
    View(View),
}
