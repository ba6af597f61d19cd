use super::connector::Connector;
use super::{ClientError, STREAM_ID};
use crate::FrameworkId;
use crate::scheduler::{Call, CallBody};
use std::sync::{Arc, OnceLock};
use url::Url;

/// Sends the calls of a subscribed framework; cheap to clone. Calls of an ended subscription are
/// refused by the master.
#[derive(Debug, Clone)]
pub struct Caller {
    connector: Connector,
    master: Url,
    stream_id: Option<String>,
    framework_id: Arc<OnceLock<FrameworkId>>,
}

impl Caller {
    pub(super) fn new(connector: Connector, master: Url, stream_id: Option<String>) -> Self {
        Self { connector, master, stream_id, framework_id: Arc::new(OnceLock::new()) }
    }

    pub(super) fn subscribed(&self, id: &FrameworkId) {
        let _ = self.framework_id.set(id.clone());
    }

    /// The master that this subscription is with.
    pub fn master(&self) -> &Url {
        &self.master
    }

    /// The framework's id, once SUBSCRIBED has come.
    pub fn framework_id(&self) -> Option<&FrameworkId> {
        self.framework_id.get()
    }

    /// Sends a call. It has been accepted, not carried out, when this returns.
    ///
    /// # Errors
    /// Before SUBSCRIBED; the master cannot be reached, or refuses (400: no valid call; 403: the
    /// subscription is over).
    pub async fn call(&self, body: CallBody) -> Result<(), ClientError> {
        let id = self.framework_id.get().ok_or(ClientError::NotSubscribed)?;
        let call = Call::new(id.clone(), body);
        let stream_id = self.stream_id.as_deref();
        let reply = self.connector.post(&self.master, &call, stream_id).await?;
        tracing::trace!(kind = call.body.kind(), master = %reply.master, "{STREAM_ID}: accepted");
        Ok(())
    }
}
