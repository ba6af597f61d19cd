use super::Api;
use crate::watch::{Batches, WatchStream};
use mesoform_etcd::pb::WatchRequest;
use mesoform_etcd::server::Watch;
use tokio::sync::mpsc;
use tonic::{Request, Response, Status, Streaming, async_trait};

/// Batches of responses on their way to a client; beyond them the history waits.
const QUEUE: usize = 2;

#[async_trait]
impl Watch for Api {
    type WatchStream = Batches;

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
        Ok(Response::new(Batches::new(responses)))
    }
}
