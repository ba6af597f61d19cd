use crate::state::{State, make_folder, write_file};
use crate::{ApplyError, Pair, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mesoform_identity::{Identity, inspect};
use mesoform_plan::{Plan, SigningRequest, Step, sha256_hex};
use mesoform_settings::PkiPaths;
use std::path::Path;

/// Refuses a chain that is not what was asked for, before anything is put in place.
pub fn check(state: &State, plan: &Plan, request: &SigningRequest, pair: &Pair) -> Result<()> {
    let refuse = |cause: String| ApplyError::ForeignChain { step: request.step, cause };
    let ca = ca_of(plan, request.step).ok_or_else(|| refuse("its CA is not in the plan".into()))?;
    let wanted = ca_fingerprint(plan, request.step);
    if fingerprint(ca).as_deref() != wanted {
        return Err(refuse("the plan's CA certificate is not the one that the step names".into()));
    }
    let info = inspect(&pair.chain_pem, ca).map_err(|error| refuse(error.to_string()))?;
    let found = (info.cluster.as_str(), info.role.as_str(), info.host.as_str());
    if found != (plan.cluster.as_str(), request.role.as_str(), request.host.as_str()) {
        return Err(refuse(format!("it is for {}/{}/{}", found.0, found.1, found.2)));
    }
    fits(state, ca, pair).map_err(|error| match error {
        // The host's own trouble, a full disk for instance.
        ApplyError::Io { .. } => error,
        _ => refuse(error.to_string()),
    })
}

/// Key and certificate belong together: tried as a service would, in a folder that only root sees.
fn fits(state: &State, ca: &str, pair: &Pair) -> Result<()> {
    state.prepare()?;
    let folder = tempfile::Builder::new()
        .prefix(".pair-")
        .tempdir_in(state.runs())
        .map_err(ApplyError::io("make", state.runs()))?;
    make_folder(folder.path(), 0o700)?;
    let paths = PkiPaths::in_dir(folder.path(), "new");
    write_file(&paths.ca, ca, 0o600)?;
    write_file(&paths.cert, &pair.chain_pem, 0o600)?;
    write_file(&paths.key, pair.key_pem.reveal(), 0o600)?;
    Ok(Identity::load(&paths).map(drop)?)
}

fn ca_fingerprint(plan: &Plan, step: usize) -> Option<&str> {
    match plan.steps.get(step)? {
        Step::Certificate { ca_fingerprint, .. } => Some(ca_fingerprint),
        _ => None,
    }
}

/// SHA-256 of the first certificate's DER.
pub(crate) fn fingerprint(pem: &str) -> Option<String> {
    let (_, rest) = pem.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    let body: String = body.split_whitespace().collect();
    STANDARD.decode(body).ok().map(sha256_hex)
}

fn ca_of(plan: &Plan, step: usize) -> Option<&str> {
    let Step::Certificate { dir, .. } = plan.steps.get(step)? else { return None };
    let place = dir.join("ca.crt");
    plan.steps.iter().find_map(|step| match step {
        Step::File { path, content, .. } if *path == *Path::new(&place) => Some(content.as_str()),
        _ => None,
    })
}
