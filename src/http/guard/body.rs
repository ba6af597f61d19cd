use axum::body::Body;
use http::header;
use http::request::Parts;
use http_body_util::{BodyExt, Limited};
use std::time::Duration;

/// How much of a refused request's body is read, bytes, and for how long.
const HEARD_OUT: usize = 16 << 20;
const HEARD_OUT_WITHIN: Duration = Duration::from_secs(1);

/// The length that the request says its body has.
pub(super) fn announced(parts: &Parts) -> Option<u64> {
    parts.headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Takes in what a refused caller still sends, within bounds. Where the answer comes first, his
/// connection is reset, and many clients then tell of that and not of the answer.
pub(super) async fn hear_out(parts: &Parts, body: Body) {
    // Who waits to be told to go on has sent nothing yet, and needs to send nothing.
    if parts.headers.contains_key(header::EXPECT) {
        return;
    }
    let all = Limited::new(body, HEARD_OUT);
    // Whoever sends more, or dawdles, has had his chance.
    drop(tokio::time::timeout(HEARD_OUT_WITHIN, discard(all)).await);
}

async fn discard(mut body: Limited<Body>) {
    while let Some(Ok(_)) = body.frame().await {}
}
