use mesoform_identity::{Desk, IdentityError, Invitation, Role};
use mesoform_plan::{Plan, Step};
use thiserror::Error;

/// Why a host gets no token.
#[derive(Debug, Error)]
pub enum Uninvited {
    #[error("the plan of {0} has no certificate")]
    Nothing(String),
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

/// As [`invitation`], for so many hosts as `guests` says, whose names and addresses are not known yet.
///
/// # Errors
/// As [`invitation`].
pub fn invitation_of_guests(plan: &Plan, guests: u32, until: i64) -> Result<Invitation, Uninvited> {
    let (host, dns, ips) = Default::default();
    let guests = Some(guests);
    Ok(Invitation { host, dns, ips, guests, ..invitation(plan, Desk::Operator, until)? })
}

/// What the host of `plan` may become until `until` (seconds since 1970): just what its plan says.
///
/// # Errors
/// Its plan has no certificates; the system gives no randomness.
pub fn invitation(plan: &Plan, desk: Desk, until: i64) -> Result<Invitation, Uninvited> {
    let mut invitation = Invitation {
        id: Invitation::new_id()?,
        cluster: plan.cluster.clone(),
        desk,
        host: String::new(),
        guests: None,
        roles: Vec::new(),
        dns: Vec::new(),
        ips: Vec::new(),
        made: jiff::Timestamp::now().as_second(),
        until,
    };
    for step in &plan.steps {
        let Step::Certificate { role, host, dns, ips, .. } = step else { continue };
        let role: Role = role.parse()?;
        invitation.roles.push(role);
        invitation.host.clone_from(host);
        // A master's own CA has no names.
        if role != Role::Issuer {
            invitation.dns.clone_from(dns);
            invitation.ips.clone_from(ips);
        }
    }
    if invitation.roles.is_empty() {
        return Err(Uninvited::Nothing(plan.host.clone()));
    }
    Ok(invitation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BinaryRef, Blueprint, resolve};
    use mesoform_inventory::{ExtraVars, Inventory};
    use mesoform_template::Templates;

    #[test]
    fn a_host_is_invited_to_what_its_plan_says() {
        let inventory = Inventory::load("h1,h2,h3", &ExtraVars::default()).unwrap();
        let (spec, templates) = (resolve(&inventory).unwrap(), Templates::embedded().unwrap());
        let blueprint = Blueprint {
            spec: &spec,
            templates: &templates,
            ca_pem: "-----CA-----\n",
            ca_fingerprint: "f1f2",
            credentials: None,
            etcd: None,
        };
        let binary = BinaryRef { sha256: "ab".repeat(32), size: 1 };
        let plan = blueprint.host(&spec.hosts[1], &binary).unwrap();
        let [one, other] = [1, 2].map(|until| invitation(&plan, Desk::Operator, until).unwrap());
        assert_eq!((one.host.as_str(), one.dns.join(" ")), ("h2", "h2 localhost".to_owned()));
        let roles =
            [Role::Quorum, Role::Master, Role::Scheduler, Role::Agent, Role::Issuer].to_vec();
        assert_eq!((one.roles, one.until), (roles, 1));
        assert_ne!(one.id, other.id);
        let nothing = invitation(&Plan::new("c", "h", Vec::new()), Desk::Operator, 1);
        assert!(matches!(nothing, Err(Uninvited::Nothing(_))));
    }
}
