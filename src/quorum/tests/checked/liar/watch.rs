use super::{Liar, Lie};
use mesoform_etcd::client::WatchClient;
use mesoform_etcd::pb::watch_request::RequestUnion;
use mesoform_etcd::pb::{WatchRequest, WatchResponse};
use mesoform_etcd::server::Watch;
use std::collections::VecDeque;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming, async_trait};

/// Lies of watches: one in so many responses.
const EVERY: u64 = 15;

#[async_trait]
impl Watch for Liar {
    type WatchStream = ReceiverStream<Result<WatchResponse, Status>>;

    async fn watch(
        &self,
        request: Request<Streaming<WatchRequest>>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let liar = self.clone();
        let requests = request.into_inner().filter_map(Result::ok);
        let requests = requests.map(move |request| liar.twist(request));
        let mut honest = WatchClient::new(self.voter.clone()).watch(requests).await?.into_inner();
        let (out, told) = mpsc::channel(16);
        let liar = self.clone();
        tokio::spawn(async move {
            let mut held = VecDeque::new();
            while let Ok(Some(response)) = honest.message().await {
                for response in liar.tell(response, &mut held) {
                    if out.send(Ok(response)).await.is_err() {
                        return;
                    }
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(told)))
    }
}

impl Liar {
    fn twist(&self, mut request: WatchRequest) -> WatchRequest {
        if let Some(RequestUnion::CreateRequest(create)) = &mut request.request_union {
            match self.lie {
                Lie::LateStart if create.start_revision > 1 => create.start_revision += 1,
                Lie::NoPrevious => create.prev_kv = false,
                _ => {}
            }
        }
        request
    }

    fn tell(
        &self,
        mut response: WatchResponse,
        held: &mut VecDeque<WatchResponse>,
    ) -> Vec<WatchResponse> {
        if response.events.is_empty() {
            return vec![response];
        }
        if self.is_time(Lie::SkippedEvent, EVERY) {
            response.events.remove(0);
        } else if self.is_time(Lie::DoubledEvent, EVERY) {
            return vec![response.clone(), response];
        } else if self.is_time(Lie::SwappedResponses, EVERY) {
            held.push_back(response);
            return Vec::new();
        } else if self.is_time(Lie::EarlyProgress, EVERY) {
            let progress = WatchResponse { events: Vec::new(), ..response.clone() };
            return vec![progress, response];
        } else if self.lie == Lie::SplitRevision {
            return split(response);
        }
        std::iter::once(response).chain(held.drain(..)).collect()
    }
}

fn split(response: WatchResponse) -> Vec<WatchResponse> {
    let events = response.events.clone().into_iter();
    events.map(|event| WatchResponse { events: vec![event], ..response.clone() }).collect()
}
