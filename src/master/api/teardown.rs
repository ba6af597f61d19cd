use crate::core::{Core, Refusal};
use crate::directory::{Directory, Port, Route};
use crate::engine::Failure;
use crate::reply::{elsewhere, text};
use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use http::StatusCode;
use mesoform_http::Caller;
use mesoform_identity::Role;
use mesoform_mesos::FrameworkId;

/// Upstream's `POST /master/teardown` with the form `frameworkId=…`: the framework is no more, whether it
/// is here or has left its tasks behind, and these are ended.
pub async fn teardown(
    State(directory): State<Directory>,
    OriginalUri(uri): OriginalUri,
    Extension(caller): Extension<Caller>,
    body: String,
) -> Response {
    let engine = match directory.route() {
        Route::Here(engine) => engine,
        other => return elsewhere(&other, Port::Open, &uri),
    };
    if let Err(words) = caller.must_not_be_other_than(&[Role::Operator]) {
        return text(StatusCode::FORBIDDEN, words);
    }
    let Some(id) = framework_id(&body) else {
        let words = "Missing 'frameworkId' query parameter in the request body";
        return text(StatusCode::BAD_REQUEST, words);
    };
    match engine.act(move |core: &mut Core, now| core.tear_down(&id, now)).await {
        Ok(()) => text(StatusCode::OK, ""),
        Err(Failure::Refused(Refusal::UnknownFramework)) => {
            text(StatusCode::BAD_REQUEST, "No framework found with specified ID")
        }
        Err(failure) => text(StatusCode::SERVICE_UNAVAILABLE, failure.to_string()),
    }
}

/// The ids that masters give need no escapes.
fn framework_id(form: &str) -> Option<FrameworkId> {
    let pairs = form.trim().split('&').filter_map(|pair| pair.split_once('='));
    let mut ids = pairs.filter(|(name, value)| *name == "frameworkId" && !value.is_empty());
    ids.next().map(|(_, value)| FrameworkId::new(value))
}
