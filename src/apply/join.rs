//! A host that booted from a document gets what no document may hold: through the same gate as a plan, and so
//! that it looks as `up` would have left it.

#[cfg(test)]
mod tests;

use crate::carry::carry_out;
use crate::session::{Keeper, Pulse, chains};
use crate::state::{State, write_file};
use crate::{ApplyError, Host, Machine, Materials, Pair, Result};
use mesoform_identity::{JoinAnswer, JoinRequest, KeyRequest, Role, Secret, inspect};
use mesoform_plan::{
    Change, Interest, Joining, Look, Observed, Outcome, Ownership, Plan, SecretText,
    SigningRequest, Step, What, changes, fingerprint, interest, place,
};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::net::IpAddr;
use std::path::Path;

/// Who holds the host's lock.
const OWNER: &str = "the first boot";
/// A plan's part is some thousand bytes.
const MAX_FILE: u64 = 1 << 20;

/// A host that has not joined its cluster yet.
pub struct Newcomer {
    host: Host,
    state: State,
    joining: Joining,
    /// Where others reach it, where only it knows that.
    address: Option<IpAddr>,
    /// What is to be true in the end, the CA's certificate with it.
    plan: Plan,
    ca_pem: String,
}

impl Newcomer {
    /// This machine; none where it has nothing to join with, or needs nothing any more. `who` says its name and
    /// address, where those are not known yet, from whom it will ask.
    ///
    /// # Errors
    /// What it joins with is malformed, or is not about the CA that it knows.
    pub fn real(
        who: impl FnOnce(&[String]) -> io::Result<(String, IpAddr)>,
    ) -> Result<Option<Self>> {
        Self::of(Host::real()?, State::new(Path::new("/")), who)
    }

    fn of(
        host: Host,
        state: State,
        who: impl FnOnce(&[String]) -> io::Result<(String, IpAddr)>,
    ) -> Result<Option<Self>> {
        let Some(text) = host.tree.text(Path::new(place::JOIN), MAX_FILE)? else {
            return Ok(None);
        };
        let (mut joining, mut address) = (Joining::parse(&text)?, None);
        if joining.guest {
            let (name, at) =
                who(&joining.places).map_err(ApplyError::io("fill in", place::JOIN))?;
            (joining, address) = (joining.filled(&name, at), Some(at));
        }
        let (plan, ca_pem) = whole(&host, &joining.plan)?;
        Ok(Some(Self { host, state, joining, address, plan, ca_pem }))
    }

    /// Whom to ask, one after the other.
    pub fn places(&self) -> &[String] {
        &self.joining.places
    }

    pub fn cluster(&self) -> &str {
        &self.plan.cluster
    }

    /// The root's certificate, which is the one that is pinned.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// SHA-256 of that certificate's DER, hex, as the document says it.
    pub fn pin(&self) -> &str {
        certificates(&self.plan).next().map_or("", |certificate| certificate.pin)
    }

    /// What to ask for; none where nothing misses. The same keys are shown each time, until it has joined.
    ///
    /// # Errors
    /// The host cannot be looked at, or keys cannot be kept.
    pub fn request(&self) -> Result<Option<JoinRequest>> {
        let todo = self.todo()?;
        let secrets = self.secrets(&todo);
        if secrets.is_empty() && self.anew(&todo).next().is_none() {
            return Ok(None);
        }
        let keys = self.keys()?;
        let mut requests = BTreeMap::new();
        for (role, key) in &keys {
            requests.insert(*role, KeyRequest::renew(&Secret::new(key.clone()))?.csr_pem);
        }
        let host = certificates(&self.plan).next().map_or(&self.plan.host, |one| one.host);
        let token = self.joining.token.reveal().to_owned();
        Ok(Some(JoinRequest {
            token,
            host: host.clone(),
            address: self.address,
            requests,
            secrets,
        }))
    }

    /// Puts in place what came, writes down what units are started with, and forgets the token. Without an
    /// answer nothing was asked for.
    ///
    /// # Errors
    /// The answer is not what was asked for; somebody works on the host; a file cannot be written.
    pub fn settle(&mut self, answer: JoinAnswer) -> Result<()> {
        let run_id = format!("join-{}", uuid::Uuid::new_v4());
        let keeper = Keeper::take(&self.state, OWNER, &run_id, &Pulse::real())?;
        let settled = self.settle_alone(answer);
        let released = keeper.release();
        settled.and(released)
    }

    fn settle_alone(&mut self, answer: JoinAnswer) -> Result<()> {
        let todo = self.todo()?;
        let materials = self.materials(&todo, answer)?;
        if let Outcome::Failed { failure, .. } =
            carry_out(&mut self.host, &self.plan, &todo, &materials, &mut drop)
        {
            return Err(ApplyError::Step { failure });
        }
        let seen = self.observe()?;
        self.note_inputs(&seen)?;
        for path in [place::JOIN_KEYS, place::JOIN] {
            self.host.tree.remove(Path::new(path), false)?;
        }
        Ok(())
    }

    fn observe(&self) -> Result<Observed> {
        let seen = self.host.observe(&interest(&self.plan))?;
        match &seen.identity {
            Some(found) if *found != self.plan.cluster => {
                let (found, wanted) = (found.clone(), self.plan.cluster.clone());
                Err(ApplyError::OtherCluster { found, wanted })
            }
            _ => Ok(seen),
        }
    }

    /// Units start by themselves.
    fn todo(&self) -> Result<Vec<Change>> {
        let mut todo = changes(&self.plan, &self.observe()?, jiff::Timestamp::now());
        todo.retain(|change| !change.what.is_start());
        Ok(todo)
    }

    /// The certificates that are made.
    fn anew<'s>(&'s self, todo: &'s [Change]) -> impl Iterator<Item = Certificate<'s>> {
        let anew = |step| {
            todo.iter().any(|change| {
                change.step == step && matches!(change.what, What::Create | What::Renew)
            })
        };
        certificates(&self.plan).filter(move |certificate| anew(certificate.step))
    }

    fn secrets(&self, todo: &[Change]) -> Vec<String> {
        let mut names: Vec<String> = todo
            .iter()
            .filter_map(|change| match self.plan.steps.get(change.step)? {
                Step::Credential { name, .. } => Some(name.clone()),
                _ => None,
            })
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// A key for each certificate of the plan, kept before anybody hears of it: a token is good again for the
    /// same keys alone.
    fn keys(&self) -> Result<BTreeMap<Role, String>> {
        let path = self.state.at_root(Path::new(place::JOIN_KEYS));
        let kept = self.host.tree.text(Path::new(place::JOIN_KEYS), MAX_FILE)?;
        let malformed = |error: serde_json::Error| ApplyError::io("read", &path)(error.into());
        let mut keys: BTreeMap<Role, String> = kept
            .as_deref()
            .map(serde_json::from_str)
            .transpose()
            .map_err(malformed)?
            .unwrap_or_default();
        let mut made = false;
        for certificate in certificates(&self.plan) {
            let role: Role = certificate.role.parse()?;
            if let Entry::Vacant(free) = keys.entry(role) {
                free.insert(KeyRequest::generate()?.key_pem.expose().to_owned());
                made = true;
            }
        }
        if made {
            self.state.prepare()?;
            let text = serde_json::to_string(&keys)
                .map_err(|error| ApplyError::io("write", &path)(error.into()))?;
            write_file(&path, &text, 0o600)?;
        }
        Ok(keys)
    }

    fn materials(&self, todo: &[Change], answer: JoinAnswer) -> Result<Materials> {
        let mut materials = Materials::default();
        let wanted: Vec<Certificate> = self.anew(todo).collect();
        let keys = if wanted.is_empty() { BTreeMap::new() } else { self.keys()? };
        for certificate in wanted {
            let (step, role) = (certificate.step, certificate.role.parse::<Role>()?);
            let (Some(chain), Some(key)) = (answer.chains.get(&role), keys.get(&role)) else {
                return Err(ApplyError::NoChain { step });
            };
            let pair = Pair { key_pem: SecretText::new(key.clone()), chain_pem: chain.clone() };
            chains::check(&self.state, &self.plan, &certificate.request(), &pair)?;
            certificate.bears_its_names(chain, &self.ca_pem)?;
            materials.pairs.insert(step, pair);
        }
        let secrets = answer.secrets.into_iter();
        materials.secrets = secrets.map(|(name, text)| (name, SecretText::new(text))).collect();
        Ok(materials)
    }

    /// `up` restarts what was not started with what it knows.
    fn note_inputs(&mut self, seen: &Observed) -> Result<()> {
        for step in &self.plan.steps {
            let Step::Unit { name, enabled: true, inputs } = step else { continue };
            let started = seen.units.get(name).and_then(|unit| unit.started_inputs.as_ref());
            if let (None, Some(inputs)) = (started, fingerprint(inputs, seen)) {
                self.host.note_inputs(name, Some(&inputs))?;
            }
        }
        Ok(())
    }
}

/// A certificate step.
#[derive(Clone, Copy)]
struct Certificate<'a> {
    step: usize,
    role: &'a str,
    host: &'a String,
    dns: &'a [String],
    ips: &'a [std::net::IpAddr],
    pin: &'a str,
}

fn certificates(plan: &Plan) -> impl Iterator<Item = Certificate<'_>> {
    plan.steps.iter().enumerate().filter_map(|(step, wanted)| match wanted {
        Step::Certificate { role, host, dns, ips, ca_fingerprint, .. } => {
            Some(Certificate { step, role, host, dns, ips, pin: ca_fingerprint })
        }
        _ => None,
    })
}

impl Certificate<'_> {
    fn request(&self) -> SigningRequest {
        SigningRequest {
            step: self.step,
            role: self.role.to_owned(),
            host: self.host.clone(),
            dns: self.dns.to_vec(),
            ips: self.ips.to_vec(),
            csr_pem: String::new(),
        }
    }

    fn bears_its_names(&self, chain_pem: &str, ca_pem: &str) -> Result<()> {
        let info = inspect(chain_pem, ca_pem)?;
        if (info.dns.as_slice(), info.ips.as_slice()) == (self.dns, self.ips) {
            return Ok(());
        }
        let cause = "it bears other names than this host has".to_owned();
        Err(ApplyError::ForeignChain { step: self.step, cause })
    }
}

/// The part of a plan that came with the token, and the CA's certificate that the document has brought, which
/// has to be the one that is pinned.
fn whole(host: &Host, part: &Plan) -> Result<(Plan, String)> {
    let mut plan = part.clone();
    let Some(Step::Certificate { dir, .. }) =
        part.steps.iter().find(|step| matches!(step, Step::Certificate { .. }))
    else {
        plan.validate()?;
        return Ok((plan, String::new()));
    };
    let path = dir.join("ca.crt");
    let mut look = Interest::default();
    look.look(&path, Look::Certificate);
    let seen = host.observe(&look)?;
    let content = seen.certificates.get(&path).cloned().unwrap_or_default();
    let found = chains::fingerprint(&content).unwrap_or_default();
    if let Some(foreign) = certificates(part).find(|certificate| certificate.pin != found) {
        let cause = format!("{} is not the CA that is pinned", path.display());
        return Err(ApplyError::ForeignChain { step: foreign.step, cause });
    }
    // As it lies there: it is only named here because certificates are judged by it.
    let ownership = seen.paths.get(&path).map_or(Ownership::root(0o644), |state| {
        Ownership::new(state.user.clone(), state.group.clone(), state.mode)
    });
    plan.steps.insert(0, Step::File { path, ownership, content: content.clone() });
    plan.validate()?;
    Ok((plan, content))
}
