use crate::core::News;
use crate::executor::protocol::{Asked, MAX_LINE, Told};
use crate::executor::reachable;
use futures::{SinkExt as _, StreamExt as _};
use std::path::Path;
use std::time::Duration;
use tokio::net::UnixStream;
use tokio_util::codec::{Framed, LinesCodec};

/// An executor that takes longer than this to take an order is not there.
const LIMIT: Duration = Duration::from_secs(5);

/// A connection to an executor.
pub struct Talk {
    lines: Framed<UnixStream, LinesCodec>,
}

impl Talk {
    /// `None` when nobody listens.
    pub async fn connect(socket: &Path) -> Option<Self> {
        let reachable = reachable(socket).ok()?;
        let connected = tokio::time::timeout(LIMIT, UnixStream::connect(&reachable.path)).await;
        let stream = connected.ok()?.ok()?;
        let lines = Framed::new(stream, LinesCodec::new_with_max_length(MAX_LINE));
        Some(Self { lines })
    }

    /// The next news; `None` at the end of the connection. Can be cancelled without loss.
    pub async fn told(&mut self) -> Option<News> {
        loop {
            let line = self.lines.next().await?.ok()?;
            match serde_json::from_str(&line).ok()? {
                Told::Running { pid, .. } => return Some(News::Running { pid }),
                Told::Exited(exit) => return Some(News::Ended(exit)),
                Told::Unknown => {}
            }
        }
    }

    pub async fn ask(&mut self, asked: Asked) -> Result<(), ()> {
        let line = serde_json::to_string(&asked).map_err(drop)?;
        let sent = tokio::time::timeout(LIMIT, self.lines.send(line)).await;
        sent.map_err(drop)?.map_err(drop)
    }
}
