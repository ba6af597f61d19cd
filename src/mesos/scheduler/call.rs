use super::calls::{
    Accept, Acknowledge, Decline, Kill, Message, Reconcile, Request, Revive, Shutdown, Subscribe,
    Suppress, UpdateFramework,
};
use super::tagged::tagged;
use crate::FrameworkId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `scheduler.Call`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "WireCall", into = "WireCall")]
pub struct Call {
    /// Absent only in the first SUBSCRIBE.
    pub framework_id: Option<FrameworkId>,
    pub body: CallBody,
}

impl Call {
    /// A call of a subscribed framework.
    pub fn new(framework_id: FrameworkId, body: CallBody) -> Self {
        Self { framework_id: Some(framework_id), body }
    }

    /// SUBSCRIBE, under the id in `framework` if there is one.
    pub fn subscribe(framework: crate::FrameworkInfo) -> Self {
        Self {
            framework_id: framework.id.clone(),
            body: CallBody::Subscribe(Box::new(Subscribe {
                framework_info: framework,
                suppressed_roles: Vec::new(),
            })),
        }
    }
}

tagged! {
    /// What a call asks for: `scheduler.Call.Type` with its message.
    CallBody via WireBody("scheduler::Call");
    messages {
        Subscribe(Box<Subscribe>) = "SUBSCRIBE" in subscribe,
        Accept(Accept) = "ACCEPT" in accept,
        Decline(Decline) = "DECLINE" in decline,
        Kill(Kill) = "KILL" in kill,
        Shutdown(Shutdown) = "SHUTDOWN" in shutdown,
        Acknowledge(Acknowledge) = "ACKNOWLEDGE" in acknowledge,
        Reconcile(Reconcile) = "RECONCILE" in reconcile,
        Message(Message) = "MESSAGE" in message,
        Request(Request) = "REQUEST" in request,
        UpdateFramework(Box<UpdateFramework>) = "UPDATE_FRAMEWORK" in update_framework,
        AcceptInverseOffers(Value) = "ACCEPT_INVERSE_OFFERS" in accept_inverse_offers,
        DeclineInverseOffers(Value) = "DECLINE_INVERSE_OFFERS" in decline_inverse_offers,
        AcknowledgeOperationStatus(Value) = "ACKNOWLEDGE_OPERATION_STATUS" in acknowledge_operation_status,
        ReconcileOperations(Value) = "RECONCILE_OPERATIONS" in reconcile_operations,
    }
    optional {
        Revive(Revive) = "REVIVE" in revive,
        Suppress(Suppress) = "SUPPRESS" in suppress,
    }
    plain {
        Teardown = "TEARDOWN",
    }
}

#[derive(Serialize, Deserialize)]
struct WireCall {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    framework_id: Option<FrameworkId>,
    #[serde(flatten)]
    body: WireBody,
}

impl From<Call> for WireCall {
    fn from(call: Call) -> Self {
        Self { framework_id: call.framework_id, body: call.body.into() }
    }
}

impl TryFrom<WireCall> for Call {
    type Error = String;

    fn try_from(wire: WireCall) -> Result<Self, String> {
        Ok(Self { framework_id: wire.framework_id, body: wire.body.try_into()? })
    }
}
