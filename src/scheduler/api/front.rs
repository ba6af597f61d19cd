use super::asked::Asked;
use super::reply::Problem;
use super::role::{Candidate, Office, Role};
use super::route::{self, READ};
use super::{Proxy, info, leader, metrics, reply, status};
use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use futures::future::BoxFuture;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use mesoform_http::Caller;
use mesoform_identity::Role as Part;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Whose certificates open all of this API.
const PARTS: [Part; 2] = [Part::Operator, Part::Scheduler];
const LEADER: HeaderName = HeaderName::from_static("x-marathon-leader");

/// Asks whether the quorum has consensus; the error says why not.
pub type ConsensusCheck = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// The API of this scheduler, leading or not.
pub struct Front {
    pub me: Candidate,
    pub cluster: String,
    pub role: watch::Receiver<Role>,
    pub proxy: Proxy,
    pub consensus: ConsensusCheck,
    /// An etcd that is not mesoform's stands in the quorum's place.
    pub on_etcd: bool,
    /// Seconds; for `/v2/info`.
    pub failover_timeout: u64,
    /// While leadership changes hands, requests wait this long.
    pub change_over: Duration,
}

impl Front {
    /// The routes, to be served behind a door.
    pub fn router(self) -> Router {
        Router::new().fallback(serve).with_state(Arc::new(self))
    }

    /// What this scheduler is now.
    pub fn role(&self) -> Role {
        self.role.borrow().clone()
    }

    /// `http` or `https`, as this scheduler is reached.
    pub fn scheme(&self) -> &str {
        self.me.scheme.as_deref().unwrap_or("http")
    }

    async fn answer(&self, caller: Option<Caller>, asked: Asked) -> Response {
        if let Some(response) = self.alone(&asked) {
            return response;
        }
        if let Some(Err(cause)) = caller.map(|who| who.must_not_be_other_than(&PARTS)) {
            return Problem::new(StatusCode::FORBIDDEN, cause).into_response();
        }
        match self.settled().await {
            Role::Leading(office) => self.lead(&office, asked).await,
            Role::Standby { leader: Some(leader) } if leader.http != self.me.http => {
                self.proxy.forward(&self.me, &leader, asked).await
            }
            Role::Standby { .. } | Role::Starting => self.nobody().await.into_response(),
        }
    }

    /// What every scheduler answers for itself.
    fn alone(&self, asked: &Asked) -> Option<Response> {
        let response = match asked.parts()[..] {
            ["ping"] => reply::text("pong".to_owned()),
            ["metrics"] => metrics::show(&self.role()),
            ["mesoform", "status"] => status::show(self),
            ["v2", "info"] => info::show(self),
            ["v2", "leader"] if asked.is_read() => leader::show(self),
            _ => return None,
        };
        if asked.method == Method::OPTIONS {
            return Some(reply::options(READ));
        }
        if !asked.is_read() {
            return Some(Problem::method(READ).into_response());
        }
        Some(response)
    }

    async fn lead(&self, office: &Office, asked: Asked) -> Response {
        let outcome = route::route(office, asked).await;
        let mut response = outcome.unwrap_or_else(Problem::into_response);
        let headers = response.headers_mut();
        let url = format!("{}://{}", self.scheme(), self.me.http);
        if let Ok(url) = HeaderValue::from_str(&url) {
            headers.insert(LEADER, url);
        }
        let fresh = HeaderValue::from_static("no-cache, no-store, must-revalidate");
        headers.insert(header::CACHE_CONTROL, fresh);
        response
    }

    /// The role, once it is clear who leads.
    async fn settled(&self) -> Role {
        let me = &self.me.http;
        let clear = |role: &Role| match role {
            Role::Leading(_) => true,
            Role::Standby { leader } => leader.as_ref().is_some_and(|l| l.http != *me),
            Role::Starting => false,
        };
        let mut role = self.role.clone();
        let waited = tokio::time::timeout(self.change_over, role.wait_for(clear)).await;
        match waited {
            Ok(Ok(role)) => role.clone(),
            _ => self.role(),
        }
    }

    /// Why nobody leads.
    async fn nobody(&self) -> Problem {
        let message = match (self.consensus)().await {
            Ok(()) => "no scheduler leads at the moment; try again in a few seconds".to_owned(),
            Err(cause) => {
                let cure = match self.on_etcd {
                    false => {
                        "Bring a majority of the quorum's hosts back, or run `mesoform restart quorum`"
                    }
                    true => {
                        "The quorum is an etcd that mesoform does not run (mesoform_quorum_endpoints): \
                             see `etcdctl endpoint status` and its members' logs"
                    }
                };
                format!(
                    "the quorum has lost consensus, so that no scheduler can lead: nothing was changed, \
                     running tasks go on. {cure} ({cause})"
                )
            }
        };
        Problem::unavailable(message)
    }
}

async fn serve(State(front): State<Arc<Front>>, mut request: Request) -> Response {
    let caller = request.extensions_mut().remove::<Caller>();
    match Asked::of(request).await {
        Ok(asked) => front.answer(caller, asked).await,
        Err(problem) => problem.into_response(),
    }
}
