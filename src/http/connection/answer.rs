use super::link::Open;
use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};

/// At most so many bytes are handed over at a time, so that what waits for a slow reader is bounded,
/// and that it shows whether he takes any of it.
const PIECE: usize = 16 << 10;

/// The body of an answer, handed over piece by piece.
#[derive(Debug)]
pub(super) struct Answer {
    body: Body,
    rest: Bytes,
    open: Open,
}

impl Answer {
    pub(super) fn new(body: Body, open: Open) -> Self {
        Self { body, rest: Bytes::new(), open }
    }

    fn piece(&mut self) -> Frame<Bytes> {
        let piece = self.rest.split_to(self.rest.len().min(PIECE));
        self.open.offered();
        Frame::data(piece)
    }
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        // Whoever asks for more has taken what there was.
        self.open.taken();
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(self.piece())));
        }
        let next = std::task::ready!(Pin::new(&mut self.body).poll_frame(context));
        Poll::Ready(match next.map(|frame| frame.map(Frame::into_data)) {
            None => None,
            Some(Err(error)) => Some(Err(error)),
            Some(Ok(Err(other))) => Some(Ok(other)),
            Some(Ok(Ok(data))) => {
                self.rest = data;
                Some(Ok(self.piece()))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = self.body.size_hint();
        let rest = self.rest.len() as u64;
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(hint.lower() + rest);
        hint
    }
}
