use super::events::{ErrorEvent, Failure, MessageEvent, Offers, Rescind, Subscribed, Update};
use super::tagged::tagged;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

tagged! {
    /// `scheduler.Event`.
    Event via WireEvent("scheduler::Event");
    messages {
        Subscribed(Box<Subscribed>) = "SUBSCRIBED" in subscribed,
        Offers(Offers) = "OFFERS" in offers,
        Rescind(Rescind) = "RESCIND" in rescind,
        Update(Box<Update>) = "UPDATE" in update,
        Message(MessageEvent) = "MESSAGE" in message,
        Failure(Failure) = "FAILURE" in failure,
        Error(ErrorEvent) = "ERROR" in error,
        InverseOffers(Value) = "INVERSE_OFFERS" in inverse_offers,
        RescindInverseOffer(Value) = "RESCIND_INVERSE_OFFER" in rescind_inverse_offer,
        UpdateOperationStatus(Value) = "UPDATE_OPERATION_STATUS" in update_operation_status,
    }
    optional {}
    plain {
        Heartbeat = "HEARTBEAT",
        /// An event of a type that we do not know; to be passed over.
        Unknown = "UNKNOWN",
    }
}

impl Event {
    /// UPDATE with this status.
    pub fn update(status: crate::TaskStatus) -> Self {
        Self::Update(Box::new(Update { status }))
    }

    /// ERROR with this message.
    pub fn error(message: impl Into<String>) -> Self {
        Self::Error(ErrorEvent { message: message.into() })
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        WireEvent::from(self.clone()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut wire = WireEvent::deserialize(deserializer)?;
        if !Self::KINDS.contains(&wire.kind.as_str()) {
            "UNKNOWN".clone_into(&mut wire.kind);
        }
        Self::try_from(wire).map_err(de::Error::custom)
    }
}
