use super::Api;
use crate::watch::WatchStream;
use mesoform_etcd::pb::{WatchRequest, WatchResponse};
use mesoform_etcd::server::Watch;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming, async_trait};

/// Responses on their way to a client; beyond them the history waits.
const QUEUE: usize = 4;

#[async_trait]
impl Watch for Api {
    type WatchStream = ReceiverStream<Result<WatchResponse, Status>>;

    async fn watch(
        &self,
        request: Request<Streaming<WatchRequest>>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        self.check_leader(&request)?;
        let end = self.end_of_stream(&request);
        let (out, responses) = mpsc::channel(QUEUE);
        let (state, hub, headers) = (self.state.clone(), self.hub.clone(), self.headers.clone());
        let stream = WatchStream::new(state, hub, headers, self.progress);
        tokio::spawn(stream.run(request.into_inner(), out, end));
        Ok(Response::new(ReceiverStream::new(responses)))
    }
}
