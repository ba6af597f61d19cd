use crate::carry::carry_out;
use crate::{ApplyError, Host, Machine, Materials, Pair, Result};
use mesoform_identity::KeyRequest;
use mesoform_plan::{
    Change, Outcome, Plan, SecretText, SigningRequest, Step, What, changes, interest,
};
use std::collections::BTreeMap;

/// Carries a plan out here and now, as whoever we are: for the cluster on one's own machine.
///
/// The plan may have the steps Directory, File, Link, Certificate, Credential and Absent. `sign`
/// gets what a host's certificate needs and returns the chain (PEM). Returns what was changed.
///
/// # Errors
/// A step needs root or systemd, is refused by the plan's validation, or cannot be carried out; `sign` failed.
pub fn apply_local<E: std::fmt::Display>(
    plan: &Plan,
    secrets: &BTreeMap<String, SecretText>,
    mut sign: impl FnMut(&SigningRequest) -> std::result::Result<String, E>,
) -> Result<Vec<Change>> {
    plan.validate()?;
    only_local(plan)?;
    let mut host = Host::real()?;
    let todo = changes(plan, &host.observe(&interest(plan))?, jiff::Timestamp::now());
    let mut materials = Materials { secrets: secrets.clone(), ..Materials::default() };
    for (request, key_pem) in requests(plan, &todo)? {
        let refused =
            |cause: E| ApplyError::Signing { role: request.role.clone(), cause: cause.to_string() };
        let chain_pem = sign(&request).map_err(refused)?;
        materials.pairs.insert(request.step, Pair { key_pem, chain_pem });
    }
    match carry_out(&mut host, plan, &todo, &materials, &mut drop) {
        Outcome::Failed { failure, .. } => Err(ApplyError::Step { failure }),
        _ => Ok(todo),
    }
}

/// Keys and requests for the certificates that must be made. The keys stay here.
pub fn requests(plan: &Plan, todo: &[Change]) -> Result<Vec<(SigningRequest, SecretText)>> {
    let anew = todo.iter().filter(|change| matches!(change.what, What::Create | What::Renew));
    let mut all = Vec::new();
    for step in anew.map(|change| change.step) {
        let Some(Step::Certificate { role, host, dns, ips, .. }) = plan.steps.get(step) else {
            continue;
        };
        let made = KeyRequest::generate()?;
        let request = SigningRequest {
            step,
            role: role.clone(),
            host: host.clone(),
            dns: dns.clone(),
            ips: ips.clone(),
            csr_pem: made.csr_pem,
        };
        all.push((request, SecretText::new(made.key_pem.expose())));
    }
    Ok(all)
}

fn only_local(plan: &Plan) -> Result<()> {
    for (step, wanted) in plan.steps.iter().enumerate() {
        let what = match wanted {
            Step::User { .. } | Step::UserAbsent { .. } => "a user",
            Step::Unit { .. } | Step::UnitAbsent { .. } => "a systemd unit",
            Step::Binary { .. } | Step::Versions { .. } => "a binary of root's",
            _ => continue,
        };
        return Err(ApplyError::NotLocal { step, what });
    }
    Ok(())
}
