use thiserror::Error;
use tonic::Status;

/// Why members are not changed as somebody wants; in etcd's words, by which its clients go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Objection {
    #[error("etcdserver: member not found")]
    NotFound,
    #[error("etcdserver: can only promote a learner member")]
    NotLearner,
    #[error("etcdserver: can only promote a learner member which is in sync with leader")]
    LearnerNotReady,
    #[error("etcdserver: re-configuration failed due to not enough started members")]
    NotEnoughStarted,
    #[error("etcdserver: unhealthy cluster")]
    Unhealthy,
    #[error("etcdserver: given member URLs are invalid")]
    BadUrls,
    #[error("etcdserver: Peer URLs already exists")]
    UrlExists,
    #[error("etcdserver: no leader")]
    NoLeader,
    #[error("etcdserver: request timed out")]
    TimedOut,
    /// Not one of etcd's: there a member is drawn its id by the cluster, here by its own data.
    #[error(
        "etcdserver: a voter of mesoform draws its member id itself and comes in as a learner when it \
         starts; add its host to the inventory and run `mesoform up`"
    )]
    AddsItself,
}

impl From<Objection> for Status {
    fn from(objection: Objection) -> Self {
        let words = objection.to_string();
        match objection {
            Objection::NotFound => Self::not_found(words),
            Objection::BadUrls => Self::invalid_argument(words),
            Objection::Unhealthy | Objection::NoLeader | Objection::TimedOut => {
                Self::unavailable(words)
            }
            Objection::NotLearner
            | Objection::LearnerNotReady
            | Objection::NotEnoughStarted
            | Objection::UrlExists
            | Objection::AddsItself => Self::failed_precondition(words),
        }
    }
}
