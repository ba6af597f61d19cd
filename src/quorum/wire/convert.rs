use super::peer::{
    AppendOutcome, AppendRequest, AppendResponse, Ballot, LogId, VoteRequest, VoteResponse,
};
use crate::raft::{self, Config};
use openraft::CommittedLeaderId;

impl From<raft::LogId> for LogId {
    fn from(id: raft::LogId) -> Self {
        Self { term: id.leader_id.term, node_id: id.leader_id.node_id, index: id.index }
    }
}

impl From<LogId> for raft::LogId {
    fn from(id: LogId) -> Self {
        Self::new(CommittedLeaderId::new(id.term, id.node_id), id.index)
    }
}

impl From<raft::Vote> for Ballot {
    fn from(vote: raft::Vote) -> Self {
        Self {
            term: vote.leader_id.term,
            node_id: vote.leader_id.node_id,
            committed: vote.committed,
        }
    }
}

impl From<Ballot> for raft::Vote {
    fn from(ballot: Ballot) -> Self {
        if ballot.committed {
            Self::new_committed(ballot.term, ballot.node_id)
        } else {
            Self::new(ballot.term, ballot.node_id)
        }
    }
}

impl TryFrom<AppendRequest> for openraft::raft::AppendEntriesRequest<Config> {
    type Error = String;

    fn try_from(request: AppendRequest) -> Result<Self, String> {
        Ok(Self {
            vote: request.vote.ok_or("an append without a vote")?.into(),
            prev_log_id: request.previous.map(Into::into),
            entries: request
                .entries
                .into_iter()
                .map(TryInto::try_into)
                .collect::<Result<_, _>>()?,
            leader_commit: request.commit.map(Into::into),
        })
    }
}

impl From<openraft::raft::AppendEntriesResponse<u64>> for AppendResponse {
    fn from(response: openraft::raft::AppendEntriesResponse<u64>) -> Self {
        use openraft::raft::AppendEntriesResponse as R;
        let (outcome, matching, vote) = match response {
            R::Success => (AppendOutcome::Success, None, None),
            R::PartialSuccess(to) => (AppendOutcome::Partial, to.map(Into::into), None),
            R::Conflict => (AppendOutcome::Conflict, None, None),
            R::HigherVote(vote) => (AppendOutcome::HigherVote, None, Some(vote.into())),
        };
        Self { outcome: outcome as i32, matching, vote, ..Self::default() }
    }
}

impl TryFrom<AppendResponse> for openraft::raft::AppendEntriesResponse<u64> {
    type Error = String;

    fn try_from(response: AppendResponse) -> Result<Self, String> {
        match response.outcome() {
            AppendOutcome::Success => Ok(Self::Success),
            AppendOutcome::Partial => Ok(Self::PartialSuccess(response.matching.map(Into::into))),
            AppendOutcome::Conflict => Ok(Self::Conflict),
            AppendOutcome::HigherVote => {
                Ok(Self::HigherVote(response.vote.ok_or("a higher vote without the vote")?.into()))
            }
            AppendOutcome::Unknown => Err("an unknown outcome of an append".to_owned()),
        }
    }
}

impl TryFrom<VoteRequest> for openraft::raft::VoteRequest<u64> {
    type Error = String;

    fn try_from(request: VoteRequest) -> Result<Self, String> {
        let vote = request.vote.ok_or("a vote request without a vote")?.into();
        Ok(Self { vote, last_log_id: request.last_log.map(Into::into) })
    }
}

impl From<openraft::raft::VoteResponse<u64>> for VoteResponse {
    fn from(response: openraft::raft::VoteResponse<u64>) -> Self {
        Self {
            vote: Some(response.vote.into()),
            granted: response.vote_granted,
            last_log: response.last_log_id.map(Into::into),
        }
    }
}

impl TryFrom<VoteResponse> for openraft::raft::VoteResponse<u64> {
    type Error = String;

    fn try_from(response: VoteResponse) -> Result<Self, String> {
        Ok(Self {
            vote: response.vote.ok_or("a vote response without a vote")?.into(),
            vote_granted: response.granted,
            last_log_id: response.last_log.map(Into::into),
        })
    }
}
