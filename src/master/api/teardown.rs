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
use percent_encoding::percent_decode_str;

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

/// Frameworks may bring ids of their own, with whatever characters.
fn framework_id(form: &str) -> Option<FrameworkId> {
    let pairs = form.trim().split('&').filter_map(|pair| pair.split_once('='));
    let mut ids = pairs.filter(|(name, value)| *name == "frameworkId" && !value.is_empty());
    let spaced = ids.next()?.1.replace('+', " ");
    let id = percent_decode_str(&spaced).decode_utf8().ok()?;
    Some(FrameworkId::new(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_as_forms_have_them() {
        let id = |form| framework_id(form).map(|id| id.value);
        assert_eq!(id("frameworkId=a-0001\n").as_deref(), Some("a-0001"));
        assert_eq!(id("x=1&frameworkId=my%2Fown+id%C3%A9").as_deref(), Some("my/own id\u{e9}"));
        assert_eq!(id("frameworkId=%ff"), None);
        assert_eq!(id("frameworkId="), None);
    }
}
