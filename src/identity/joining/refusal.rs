use super::Desk;
use crate::{IdentityError, Role};
use jiff::Timestamp;
use std::net::IpAddr;
use thiserror::Error;

/// Why a host does not join.
#[derive(Debug, Error)]
pub enum JoinRefusal {
    #[error(
        "this token was not made by the operator of this cluster; render the host's document anew"
    )]
    Foreign,
    #[error("this token is of the cluster `{found}`, not of `{wanted}`")]
    OtherCluster { found: String, wanted: String },
    #[error("this token ended on {0}; render the host's document anew, or run `mesoform up`")]
    Expired(Timestamp),
    #[error("this token is for {0}, which alone know whether it was used")]
    OtherDesk(Desk),
    #[error("this token is for the host {wanted}, not for {found:?}")]
    OtherHost { found: String, wanted: String },
    #[error("this token is not for a certificate with the role {0}")]
    Role(Role),
    #[error("no certificate is asked for")]
    Nothing,
    #[error(
        "this token was used on {at} by whoever holds another key; if that was not this host, take its certificates \
         for stolen; run `mesoform up`, which needs no token"
    )]
    Used { at: Timestamp },
    #[error(
        "{host} has joined already, on {at}, with another key; if that was not this host, take its certificates for \
         stolen; run `mesoform up`, which needs no token"
    )]
    Joined { host: String, at: Timestamp },
    #[error(
        "{host} has joined already from this address, {address}, on {at}: a host has one name; run `mesoform up`, \
         which needs no token, if this is another host"
    )]
    SameAddress { host: String, address: IpAddr, at: Timestamp },
    #[error("a host that nobody knows has to say its address")]
    NoAddress,
    #[error(
        "as many hosts have joined with this token as it is good for ({0}); render the document anew"
    )]
    Spent(u32),
    #[error("the book of used tokens is full; come back later")]
    Full,
    #[error(transparent)]
    Request(#[from] IdentityError),
}
