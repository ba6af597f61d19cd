//! A host's certificates, renewed before they end: by the host itself, through the same gate as a plan.

#[cfg(test)]
mod tests;

use crate::carry::carry_out;
use crate::local::requests;
use crate::perform::certificate;
use crate::session::{Keeper, Pulse, chains};
use crate::state::{State, write_file};
use crate::{ApplyError, Host, Machine, Materials, Pair, Result};
use jiff::Timestamp;
use mesoform_identity::{CertInfo, Identity, Role, inspect, is_renewal_due, renewal_due};
use mesoform_plan::{
    Change, FORMAT, Interest, Look, Observed, Outcome, Ownership, Plan, SigningRequest, Step, What,
    changes, interest,
};
use mesoform_settings::PkiPaths;
use std::path::{Path, PathBuf};

/// Beyond the life of any certificate: the step that is made for one that is due is always to be done.
const ALWAYS_S: u64 = 100 * 365 * 24 * 3600;

/// Who holds the host's lock.
const OWNER: &str = "the renewal of certificates";

/// What became of one certificate.
#[derive(Debug)]
pub struct Renewed {
    pub role: Role,
    pub result: Result<Timestamp>,
}

/// What a look at all certificates came to.
#[derive(Debug, Default)]
pub struct Round {
    /// Those that were due.
    pub renewed: Vec<Renewed>,
    /// Of those that were not, which is next, and when.
    pub next: Option<(Timestamp, Role)>,
}

/// How it stands with one certificate.
enum Stand {
    Missing,
    DueAt(Timestamp),
    /// Until when the new one lasts.
    Renewed(Timestamp),
}

/// The certificates of a host, in one folder.
pub struct Certificates<'a> {
    host: Host,
    state: State,
    cluster: &'a str,
    pki: &'a Path,
}

impl<'a> Certificates<'a> {
    /// Those of this machine.
    ///
    /// # Errors
    /// `/` cannot be opened.
    pub fn real(cluster: &'a str, pki: &'a Path) -> Result<Self> {
        Ok(Self { host: Host::real()?, state: State::new(Path::new("/")), cluster, pki })
    }

    #[cfg(test)]
    fn of(host: Host, state: State, cluster: &'a str, pki: &'a Path) -> Self {
        Self { host, state, cluster, pki }
    }

    /// Renews those that are due at `now`, each for itself. `sign` gets a request, and the files that
    /// prove who asks; it returns the chain (PEM).
    pub fn renew<E: std::fmt::Display>(
        &mut self,
        now: Timestamp,
        mut sign: impl FnMut(&SigningRequest, &PkiPaths) -> std::result::Result<String, E>,
    ) -> Round {
        let mut round = Round::default();
        for role in Role::RENEWED {
            match self.renew_one(role, now, &mut sign) {
                Ok(Stand::Missing) => {}
                Ok(Stand::DueAt(due)) => {
                    let next = (due, role);
                    round.next = Some(round.next.map_or(next, |first| first.min(next)));
                }
                Ok(Stand::Renewed(end)) => round.renewed.push(Renewed { role, result: Ok(end) }),
                Err(error) => round.renewed.push(Renewed { role, result: Err(error) }),
            }
        }
        round
    }

    fn renew_one<E: std::fmt::Display>(
        &mut self,
        role: Role,
        now: Timestamp,
        sign: &mut impl FnMut(&SigningRequest, &PkiPaths) -> std::result::Result<String, E>,
    ) -> Result<Stand> {
        let seen = self.host.observe(&self.interest(role))?;
        let Some(lying) = self.lying(role, &seen)? else { return Ok(Stand::Missing) };
        if let Some(by_new) = lying.interrupted {
            let (pki, name) = (self.pki, role.as_str());
            self.change(role, &seen, |host| certificate::settle(host, pki, name, by_new))?;
            return self.renew_one(role, now, sign);
        }
        if !is_renewal_due(&lying.info, now) {
            return Ok(Stand::DueAt(renewal_due(&lying.info)));
        }
        let plan = lying.plan(self.cluster, self.pki);
        plan.validate()?;
        let todo = self.todo(&plan, now)?;
        let Some((request, key_pem)) = requests(&plan, &todo)?.pop() else {
            return Ok(Stand::Missing);
        };
        let refused = |cause: String| ApplyError::Signing { role: role.to_string(), cause };
        let chain_pem = sign(&request, &lying.paths).map_err(|e| refused(e.to_string()))?;
        let pair = Pair { key_pem, chain_pem };
        chains::check(&self.state, &plan, &request, &pair)?;
        let end = lying.judge(&pair.chain_pem).map_err(refused)?;
        let pairs = todo.iter().map(|change| (change.step, pair.clone())).collect();
        let materials = Materials { pairs, ..Materials::default() };
        self.change(role, &seen, |host| {
            match carry_out(host, &plan, &todo, &materials, &mut drop) {
                Outcome::Failed { failure, .. } => Err(ApplyError::Step { failure }),
                _ => Ok(()),
            }
        })?;
        Ok(Stand::Renewed(end))
    }

    /// Changes what was seen under the host's lock, unless somebody else has changed it by then.
    fn change(
        &mut self,
        role: Role,
        seen: &Observed,
        change: impl FnOnce(&mut Host) -> Result<()>,
    ) -> Result<()> {
        let run_id = format!("renew-{}", uuid::Uuid::new_v4());
        let keeper = Keeper::take(&self.state, OWNER, &run_id, &Pulse::real())?;
        let changed = self.host.observe(&self.interest(role)).and_then(|found| {
            if found != *seen {
                let cause = "somebody else has just changed it".to_owned();
                return Err(ApplyError::Signing { role: role.to_string(), cause });
            }
            change(&mut self.host)
        });
        let released = keeper.release();
        changed.and(released)
    }

    fn todo(&self, plan: &Plan, now: Timestamp) -> Result<Vec<Change>> {
        let mut todo = changes(plan, &self.host.observe(&interest(plan))?, now);
        // What else is not as `up` left it is for `up` to mend.
        todo.retain(|change| change.what == What::Renew);
        Ok(todo)
    }

    fn interest(&self, role: Role) -> Interest {
        let [key, certificate, unfinished] = Step::certificate_paths(self.pki, role.as_str());
        let mut interest = Interest::default();
        interest.look(&key, Look::Hash);
        for path in [certificate, unfinished, self.pki.join("ca.crt")] {
            interest.look(&path, Look::Certificate);
        }
        interest
    }

    /// The certificate that proves who this host is: the one in place, or one that a renewal was about
    /// to put there when the host lost its power.
    fn lying(&self, role: Role, seen: &Observed) -> Result<Option<Lying>> {
        let [key, certificate, unfinished] = Step::certificate_paths(self.pki, role.as_str());
        let Some(owner) = seen.paths.get(&key).map(|state| state.user.clone()) else {
            return Ok(None);
        };
        let ca = self.pki.join("ca.crt");
        let (Some(ca_pem), Some(ca_state)) = (seen.certificates.get(&ca), seen.paths.get(&ca))
        else {
            return Ok(None);
        };
        let ca_ownership =
            Ownership::new(ca_state.user.clone(), ca_state.group.clone(), ca_state.mode);
        let interrupted = seen.paths.contains_key(&unfinished);
        let mut cause = None;
        for (cert, by_new) in [(certificate, false), (unfinished, true)] {
            let Some(pem) = seen.certificates.get(&cert) else { continue };
            let paths = self.paths(&ca, cert, &key);
            match Identity::load(&paths) {
                Ok(_) => {
                    let (info, ca_pem) = (inspect(pem, ca_pem)?, ca_pem.clone());
                    let interrupted = interrupted.then_some(by_new);
                    let lying = Lying { info, paths, owner, ca_pem, ca_ownership, interrupted };
                    return Ok(Some(lying));
                }
                Err(error) => cause = cause.or(Some(error)),
            }
        }
        cause.map_or(Ok(None), |error| Err(error.into()))
    }

    /// As this process reaches them.
    fn paths(&self, ca: &Path, cert: PathBuf, key: &Path) -> PkiPaths {
        let at = |path: &Path| self.state.at_root(path);
        PkiPaths { ca: at(ca), cert: at(&cert), key: at(key) }
    }
}

/// One certificate that is of use.
struct Lying {
    info: CertInfo,
    /// The files that prove it.
    paths: PkiPaths,
    /// Whose the key is.
    owner: String,
    ca_pem: String,
    ca_ownership: Ownership,
    /// An earlier renewal was interrupted: whether this is the new one.
    interrupted: Option<bool>,
}

impl Lying {
    /// The same certificate anew.
    fn plan(&self, cluster: &str, pki: &Path) -> Plan {
        let info = &self.info;
        let ca = Step::File {
            path: pki.join("ca.crt"),
            ownership: self.ca_ownership.clone(),
            content: self.ca_pem.clone(),
        };
        let certificate = Step::Certificate {
            dir: pki.to_owned(),
            role: info.role.to_string(),
            owner: self.owner.clone(),
            host: info.host.clone(),
            dns: info.dns.clone(),
            ips: info.ips.clone(),
            ca_fingerprint: chains::fingerprint(&self.ca_pem).unwrap_or_default(),
            renew_before_s: ALWAYS_S,
        };
        let steps = vec![ca, certificate];
        Plan { format: FORMAT, cluster: cluster.to_owned(), host: info.host.clone(), steps }
    }
}

impl Lying {
    /// When the new certificate ends, which has to be the old one for longer.
    fn judge(&self, chain_pem: &str) -> std::result::Result<Timestamp, String> {
        let new = inspect(chain_pem, &self.ca_pem).map_err(|e| e.to_string())?;
        if (&new.dns, &new.ips) != (&self.info.dns, &self.info.ips) {
            return Err("the new certificate has other names".to_owned());
        }
        if new.not_after <= self.info.not_after {
            return Err("the new certificate lasts no longer".to_owned());
        }
        Ok(new.not_after)
    }
}

/// Writes down, for `mesoform report`, how it went.
///
/// # Errors
/// It cannot be written.
pub fn write_outcome(path: &Path, text: &str) -> Result<()> {
    write_file(path, text, 0o644)
}
