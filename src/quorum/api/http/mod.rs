//! What etcd serves on its client port beside gRPC, for load balancers and monitoring.

mod exposition;
mod health;
mod metrics;

use super::{API_VERSION, Api};
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tonic::Status;

impl Api {
    /// Adds the paths to those of gRPC.
    pub(super) fn http(&self, grpc: Router) -> Router {
        let paths = Router::new()
            .route("/health", get(health::health))
            .route("/metrics", get(metrics::metrics))
            .route("/version", get(version))
            .with_state(self.clone());
        grpc.layer(from_fn(say_which)).merge(paths).fallback(unknown)
    }
}

async fn version() -> Response {
    Json(json!({"etcdserver": API_VERSION, "etcdcluster": API_VERSION})).into_response()
}

/// Says which method is not known; tonic does not.
async fn say_which(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let said = |name: &str| response.headers().get(name).map(|value| value.as_bytes());
    let unimplemented = said("grpc-status") == Some(b"12") && said("grpc-message").is_none();
    match path.trim_start_matches('/').split_once('/') {
        Some((service, method)) if unimplemented => {
            let words = format!("unknown method {method} for service {service}");
            Status::unimplemented(words).into_http::<Body>().into_response()
        }
        _ => response,
    }
}

/// A gRPC call is answered as gRPC answers: with 200, and what is wrong in the head.
async fn unknown(request: Request) -> Response {
    let kind = request.headers().get("content-type");
    if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc")) {
        return (StatusCode::NOT_FOUND, "404 page not found\n").into_response();
    }
    let path = request.uri().path();
    let status = match path.trim_start_matches('/').split_once('/') {
        Some((service, _)) => Status::unimplemented(format!("unknown service {service}")),
        None => Status::resource_exhausted(format!("malformed method name: \"{path}\"")),
    };
    status.into_http::<Body>().into_response()
}
