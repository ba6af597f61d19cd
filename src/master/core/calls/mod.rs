//! The calls of a subscribed framework.

mod accept;
mod acknowledge;
mod decline;
mod kill;
mod reconcile;
mod update_framework;
mod validate;

use super::{Core, Effect, LinkId, Now, Refusal};
use mesoform_mesos::FrameworkId;
use mesoform_mesos::scheduler::CallBody;

impl Core {
    /// A call other than SUBSCRIBE, on the stream that its header names.
    ///
    /// # Errors
    /// The framework is not known, not subscribed, or subscribed on another stream.
    pub fn call(
        &mut self,
        id: Option<FrameworkId>,
        stream: Option<LinkId>,
        body: CallBody,
        now: Now,
    ) -> Result<Vec<Effect>, Refusal> {
        self.now = now;
        let id = id.ok_or(Refusal::NoFrameworkId)?;
        self.check_stream(&id, stream)?;
        self.carry_out(&id, body);
        Ok(self.take_effects())
    }

    fn check_stream(&self, id: &FrameworkId, stream: Option<LinkId>) -> Result<(), Refusal> {
        let framework = self.frameworks.get(id).ok_or(Refusal::UnknownFramework)?;
        let link = framework.link.ok_or(Refusal::NotSubscribed)?;
        match stream {
            None => Err(Refusal::NoStreamId),
            Some(stream) if stream != link => Err(Refusal::OtherStream(id.clone())),
            Some(_) => Ok(()),
        }
    }

    fn carry_out(&mut self, id: &FrameworkId, body: CallBody) {
        match body {
            CallBody::Accept(accept) => self.accept(id, accept),
            CallBody::Decline(decline) => self.decline(id, decline),
            CallBody::Revive(revive) => self.revive(id, &revive),
            CallBody::Suppress(suppress) => self.suppress(id, suppress),
            CallBody::Kill(kill) => self.kill(id, &kill),
            CallBody::Acknowledge(acknowledge) => self.acknowledge(id, acknowledge),
            CallBody::Reconcile(reconcile) => self.reconcile(id, reconcile),
            CallBody::Teardown => self.remove_framework(id),
            CallBody::UpdateFramework(update) => self.update_framework(id, *update),
            // Upstream's allocator passes over requests; there are no custom executors, no inverse
            // offers and no operations with feedback here.
            other => tracing::debug!(framework = %id, call = other.kind(), "passed over"),
        }
    }
}
