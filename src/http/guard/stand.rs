use super::body::{announced, hear_out};
use super::sense::{is_last, senseless};
use super::{Arrived, Guard};
use crate::connection::{Fate, Holder, Intake, Stock, Tale};
use crate::reply::error_reply;
use crate::{Caller, Limits};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderValue, StatusCode, Version, header};
use std::sync::Arc;

/// What the middleware needs to know.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    pub(crate) guard: Arc<Guard>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) stock: Arc<Stock>,
}

/// The middleware around all routes: judges, says who calls, bounds the body.
pub(crate) async fn stand_guard(
    State(watch): State<Watch>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let (version, last) = (parts.version, is_last(&parts));
    let mut response = match watch.examine(&mut parts) {
        Ok(()) => watch.pass(parts, body, next).await,
        Err(reply) => {
            hear_out(&parts, body).await;
            *reply
        }
    };
    if last {
        close_after(&mut response, version);
    }
    response
}

impl Watch {
    /// Lets a request in, with its caller, or gives the answer that turns it away.
    fn examine(&self, parts: &mut Parts) -> Result<(), Box<Response>> {
        if let Some(reply) = senseless(parts) {
            return Err(reply.into());
        }
        let arrived = parts.extensions.remove::<Arrived>();
        let (shown, link) = arrived.map_or((None, None), |a| (a.peer, Some(a.link)));
        let caller = self.guard.judge(shown, parts)?;
        if let (Caller::User(_), Some(link)) = (&caller, link) {
            link.trust();
        }
        if announced(parts).is_some_and(|bytes| bytes > self.limits.body as u64) {
            return Err(self.too_large().into());
        }
        parts.extensions.insert(caller);
        Ok(())
    }

    async fn pass(&self, parts: Parts, body: Body, next: Next) -> Response {
        let (tale, version) = (Tale::default(), parts.version);
        let share = self.stock.share(Holder::of(&parts));
        let body = Body::new(Intake::new(body, &self.limits, share.clone(), tale.clone()));
        let response = next.run(Request::from_parts(parts, body)).await;
        drop(share);
        let mut told = match tale.fate() {
            Fate::Fine => return response,
            Fate::TooLarge => self.too_large(),
            Fate::TooSlow => {
                error_reply(StatusCode::REQUEST_TIMEOUT, "the body came too slowly to wait for it")
            }
            Fate::NoRoom => {
                let message = "too much is being sent here at once; try again in a moment";
                error_reply(StatusCode::SERVICE_UNAVAILABLE, message)
            }
        };
        close_after(&mut told, version);
        told
    }

    fn too_large(&self) -> Response {
        let message = format!("the body is larger than {} bytes", self.limits.body);
        error_reply(StatusCode::PAYLOAD_TOO_LARGE, message)
    }
}

/// HTTP/2 has no such header: there only the request's own stream ends.
fn close_after(response: &mut Response, version: Version) {
    if version < Version::HTTP_2 {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
}
