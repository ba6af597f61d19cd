use super::Api;
use super::sandbox::{self, Denied};
use crate::store::Places;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use mesoform_http::error_reply;
use serde::Deserialize;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

/// At most this much is read at once; with no length, Mesos reads 16 pages.
const MAX_LENGTH: u64 = 1024 * 1024;
const DEFAULT_LENGTH: u64 = 16 * 4096;

#[derive(Debug, Deserialize)]
pub struct Asked {
    path: String,
    /// -1: only the size is asked for.
    offset: Option<i64>,
    length: Option<i64>,
}

/// `/files/read`: a piece of a file as JSON, as pagers and tails of UIs want it.
pub async fn read(State(api): State<Arc<Api>>, Query(asked): Query<Asked>) -> Response {
    let places = api.places.clone();
    let piece = tokio::task::spawn_blocking(move || piece(&places, &asked)).await;
    match piece {
        Ok(Ok((data, offset))) => {
            axum::Json(serde_json::json!({ "data": data, "offset": offset })).into_response()
        }
        Ok(Err(Refused::Denied(denied))) => denied.response(),
        Ok(Err(Refused::Bad(words))) => error_reply(StatusCode::BAD_REQUEST, words),
        Err(error) => error_reply(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

enum Refused {
    Denied(Denied),
    Bad(&'static str),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Denied(error.into())
    }
}

fn piece(places: &Places, asked: &Asked) -> Result<(String, u64), Refused> {
    let inside = sandbox::open(places, &asked.path).map_err(Refused::Denied)?;
    let facts = inside.file.metadata()?;
    if !facts.is_file() {
        return Err(Refused::Bad("this is no regular file"));
    }
    let offset = match asked.offset.unwrap_or(0) {
        -1 => return Ok((String::new(), facts.len())),
        offset => u64::try_from(offset).map_err(|_| Refused::Bad("the offset is negative"))?,
    };
    let length = match asked.length {
        None | Some(-1) => DEFAULT_LENGTH,
        Some(length) => {
            u64::try_from(length).map_err(|_| Refused::Bad("the length is negative"))?
        }
    };
    let length = length.min(MAX_LENGTH).min(facts.len().saturating_sub(offset));
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    let read = inside.file.read_at(&mut bytes, offset)?;
    bytes.truncate(read);
    Ok((String::from_utf8_lossy(&bytes).into_owned(), offset))
}

/// `/files/download`: the whole file.
pub async fn download(State(api): State<Arc<Api>>, Query(asked): Query<Asked>) -> Response {
    let places = api.places.clone();
    let opened = tokio::task::spawn_blocking(move || {
        let inside = sandbox::open(&places, &asked.path)?;
        let size = inside.file.metadata()?;
        Ok::<_, Denied>((inside, size))
    });
    let (inside, facts) = match opened.await {
        Ok(Ok(opened)) => opened,
        Ok(Err(denied)) => return denied.response(),
        Err(error) => return error_reply(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    };
    if !facts.is_file() {
        return error_reply(StatusCode::BAD_REQUEST, "this is no regular file");
    }
    let name = inside.real.file_name().map(|name| name.to_string_lossy().into_owned());
    let file = tokio::fs::File::from_std(inside.file);
    // What is written meanwhile belongs to the next download: the length is told before.
    let bytes = tokio::io::AsyncReadExt::take(file, facts.len());
    let body = Body::from_stream(tokio_util::io::ReaderStream::new(bytes));
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(facts.len()));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    if let Some(value) = name.as_deref().and_then(attachment) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// Names are the task's: what could end the quotes is left out.
fn attachment(name: &str) -> Option<HeaderValue> {
    let plain: String =
        name.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\\')).collect();
    HeaderValue::from_str(&format!("attachment; filename=\"{plain}\"")).ok()
}
