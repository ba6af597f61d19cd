use mesoform_mesos::agent_protocol::Fence;
use mesoform_mesos::{AgentId, FrameworkId, ResourceError};
use thiserror::Error;

/// Why a call was refused. Words for frameworks are Mesos' own.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("Failed to validate scheduler::Call: Expecting 'framework_id' to be present")]
    NoFrameworkId,
    #[error(
        "Failed to validate scheduler::Call: 'framework_id' differs from \
         'subscribe.framework_info.id'"
    )]
    FrameworkIdDiffers,
    #[error("Framework cannot be found")]
    UnknownFramework,
    #[error("Framework is not subscribed")]
    NotSubscribed,
    #[error("All non-subscribe calls should include the 'Mesos-Stream-Id' header")]
    NoStreamId,
    #[error(
        "The stream ID included in this request didn't match the stream ID currently associated \
         with framework ID '{0}'"
    )]
    OtherStream(FrameworkId),
    #[error("the agent's id is none that a master has given; remove its work folder")]
    BadAgentId,
    #[error("this agent is not registered here; subscribe again")]
    UnknownAgent,
    #[error("agent {0} is just being declared lost; subscribe again in a moment")]
    AgentLeaves(AgentId),
    #[error(
        "agent {id} of host {hostname} is registered and answers; stop it first, or start this \
         agent with its work folder"
    )]
    HostTaken { id: AgentId, hostname: String },
    #[error("an agent on host {host} may not speak for host {hostname}")]
    OtherHost { host: String, hostname: String },
    #[error("{}", fenced(*.seen, *.leadership))]
    Fenced { seen: Fence, leadership: Fence },
    #[error("the agent's resources cannot be offered: {0}")]
    Resources(#[from] ResourceError),
}

/// Why an agent and a master do not go together. The agent shows this to its operator.
fn fenced(seen: Fence, leadership: Fence) -> String {
    let gone = match seen.quorum == leadership.quorum {
        true => "if this master leads rightly, since the quorum was set back",
        false => "if that quorum is lost for good",
    };
    format!(
        "the agent has obeyed masters of {seen}, and this one leads with {leadership}; {gone}, run \
         `mesoform restart agent --accept-quorum`"
    )
}
