use super::Links;
use super::lane::Lane;
use crate::wire::{AppendRequest, AppendResponse};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use tonic::{Code, Status};

/// So long a voter that knows no lanes is asked by single calls; then it may be of another version.
const SINGLE: Duration = Duration::from_secs(10);

/// The lanes to other voters, by address and Raft id: one that came back under another id refuses what is
/// meant for the old one, and a refusal ends its lane.
#[derive(Default)]
pub struct Lanes(Mutex<HashMap<Place, Road>>);

type Place = (String, u64);

enum Road {
    Lane(Arc<Lane>),
    /// Single calls until then.
    Calls(Instant),
}

impl Links {
    /// Has an append answered by the voter at `address`.
    ///
    /// # Errors
    /// It was not.
    pub async fn append(
        &self,
        address: &str,
        request: AppendRequest,
    ) -> Result<AppendResponse, Status> {
        let target = request.envelope.as_ref().map_or(0, |envelope| envelope.target);
        let place = (address.to_owned(), target);
        let Some(lane) = self.lane(&place)? else {
            return Ok(self.to(address)?.append(request).await?.into_inner());
        };
        let answer = lane.append(request).await;
        match answer {
            // Nobody has said anything: there is no such call.
            Err(status) if status.code() == Code::Unimplemented && status.message().is_empty() => {
                self.lanes.put(place, Road::Calls(Instant::now() + SINGLE));
                Err(Status::unavailable("single calls are tried instead"))
            }
            answer => answer,
        }
    }

    fn lane(&self, place: &Place) -> Result<Option<Arc<Lane>>, Status> {
        if !self.has_lanes() {
            return Ok(None);
        }
        let mut roads = self.lanes.0.lock().unwrap_or_else(PoisonError::into_inner);
        match roads.get(place) {
            Some(Road::Lane(lane)) if lane.end().is_none() => return Ok(Some(lane.clone())),
            Some(Road::Calls(until)) if *until > Instant::now() => return Ok(None),
            _ => {}
        }
        roads.retain(|_, road| !matches!(road, Road::Lane(lane) if lane.end().is_some()));
        let lane = Arc::new(Lane::open(self.to(&place.0)?));
        roads.insert(place.clone(), Road::Lane(lane.clone()));
        Ok(Some(lane))
    }
}

impl Lanes {
    fn put(&self, place: Place, road: Road) {
        let mut roads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        roads.insert(place, road);
    }
}
