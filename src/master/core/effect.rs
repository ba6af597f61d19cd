use super::AgentRecord;
use mesoform_mesos::AgentId;
use mesoform_mesos::agent_protocol::Order;
use mesoform_mesos::scheduler::Event;

/// One stream of orders to an agent, or of events to a framework: a UUID's bits. A framework's is its
/// `Mesos-Stream-Id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u128);

/// What is to be done, in this order.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    Order {
        link: LinkId,
        order: Box<Order>,
    },
    Event {
        link: LinkId,
        event: Box<Event>,
    },
    /// End the stream, after what was sent on it.
    Close {
        link: LinkId,
    },
    /// Change the registry under this leadership, and say so with [`super::Core::written`].
    Write(RegistryWrite),
}

/// A change of the registry.
#[derive(Debug, Clone, PartialEq)]
pub enum RegistryWrite {
    Put(AgentRecord),
    Delete(AgentId),
}

impl RegistryWrite {
    /// Whose record it is.
    pub fn agent_id(&self) -> &AgentId {
        match self {
            Self::Put(record) => &record.id,
            Self::Delete(id) => id,
        }
    }
}
