//! Requests that make no sense, or could make two different ones: one of them to us, and another to
//! what stands before us.

use crate::reply::error_reply;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, Version, header};

/// The longest path and query, bytes.
const MAX_TARGET: usize = 16 << 10;
/// What some route or other takes.
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// The answer to a request that no route needs to see; `None` where it makes sense.
pub(super) fn senseless(parts: &Parts) -> Option<Response> {
    if parts.method == Method::CONNECT || parts.method == Method::TRACE {
        let words = format!("{} is not served here", parts.method);
        return Some(allowing(error_reply(StatusCode::METHOD_NOT_ALLOWED, words)));
    }
    if parts.version == Version::HTTP_11 && parts.headers.get_all(header::HOST).iter().count() != 1
    {
        let words = "a request names one Host, and only one";
        return Some(error_reply(StatusCode::BAD_REQUEST, words));
    }
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    if target.len() > MAX_TARGET {
        let words = format!("the path and the query are longer than {MAX_TARGET} bytes");
        return Some(error_reply(StatusCode::URI_TOO_LONG, words));
    }
    match target.chars().next() {
        Some('/') => None,
        Some('*') if parts.method == Method::OPTIONS => {
            Some(allowing(StatusCode::NO_CONTENT.into_response()))
        }
        _ => Some(error_reply(StatusCode::BAD_REQUEST, "the path does not begin with a slash")),
    }
}

fn allowing(mut response: Response) -> Response {
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(METHODS));
    response
}

/// Whether the connection has to end with this request. With `Transfer-Encoding` there may have been a
/// `Content-Length` too: what stands before us may have gone by that, and taken the rest of the body
/// for another request (RFC 9112, 6.1). hyper has removed it by now.
pub(super) fn is_last(parts: &Parts) -> bool {
    parts.version < Version::HTTP_2 && parts.headers.contains_key(header::TRANSFER_ENCODING)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn status(request: http::request::Builder) -> Option<StatusCode> {
        let (parts, ()) = request.body(()).unwrap().into_parts();
        senseless(&parts).map(|response| response.status())
    }

    #[test]
    fn sense_passes() {
        let get = |path: &str| Request::get(path).header("host", "h");
        assert_eq!(status(get("/v2/apps//x?force=true")), None);
        assert_eq!(status(get("http://h:8080/v2/apps")), None);
        assert_eq!(status(get("/%ff/%2F/%00")), None);
        assert_eq!(status(Request::get("/").version(Version::HTTP_10)), None);
        assert_eq!(status(Request::get("https://h/").version(Version::HTTP_2)), None);
    }

    #[test]
    fn nonsense_does_not() {
        let with = |method: &str, path: &str| {
            status(Request::builder().method(method).uri(path).header("host", "h"))
        };
        assert_eq!(status(Request::get("/")), Some(StatusCode::BAD_REQUEST));
        let two = Request::get("/").header("host", "a").header("host", "a");
        assert_eq!(status(two), Some(StatusCode::BAD_REQUEST));
        assert_eq!(with("CONNECT", "h:80"), Some(StatusCode::METHOD_NOT_ALLOWED));
        assert_eq!(with("TRACE", "/"), Some(StatusCode::METHOD_NOT_ALLOWED));
        assert_eq!(with("OPTIONS", "*"), Some(StatusCode::NO_CONTENT));
        assert_eq!(with("GET", "*"), Some(StatusCode::BAD_REQUEST));
        let long = format!("/{}", "a".repeat(MAX_TARGET));
        assert_eq!(with("GET", &long), Some(StatusCode::URI_TOO_LONG));
    }
}
