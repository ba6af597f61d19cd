use super::files::ownership_differences;
use super::{Found, Picture};
use crate::{Kind, PathState, Step, Thing, What};
use jiff::{SignedDuration, Timestamp};
use mesoform_identity::{CertInfo, inspect};
use std::collections::BTreeSet;
use std::path::Path;

/// Permission bits of a key and of a certificate.
const KEY_MODE: u32 = 0o600;
const CERTIFICATE_MODE: u32 = 0o644;

impl Picture<'_> {
    pub(super) fn certificate(&mut self, step: &Step, dir: &Path, role: &str) -> Vec<Found> {
        let Step::Certificate { owner, .. } = step else { return Vec::new() };
        let [key, certificate, unfinished] = Step::certificate_paths(dir, role);
        let fresh = !self.host.paths.contains_key(&certificate);
        let found = |what| Found::new(what, Thing::Certificate, certificate.display());
        let anew = self.why_anew(step, [&key, &certificate, &unfinished]);
        let change = if !anew.is_empty() {
            let change = if fresh { found(What::Create) } else { found(What::Renew).because(anew) };
            self.host.paths.remove(&unfinished);
            // Not known before it is made: what reads it must restart.
            self.put_file(&certificate, owner, CERTIFICATE_MODE);
            change
        } else {
            let reasons = self.loose(&key, &certificate, owner);
            if reasons.is_empty() {
                return Vec::new();
            }
            found(What::Update).because(reasons)
        };
        self.put_file(&key, owner, KEY_MODE);
        vec![change]
    }

    fn put_file(&mut self, path: &Path, owner: &str, mode: u32) {
        let user = owner.to_owned();
        let state = PathState {
            kind: Kind::File,
            group: user.clone(),
            user,
            mode,
            sha256: None,
            target: None,
            text: None,
        };
        self.host.paths.insert(path.to_owned(), state);
    }

    /// Why there must be a new key and certificate; empty where those there will do.
    fn why_anew(&self, step: &Step, [key, certificate, unfinished]: [&Path; 3]) -> Vec<String> {
        let is_file = |path| self.host.paths.get(path).is_some_and(|s| s.kind == Kind::File);
        if !is_file(key) {
            return vec!["the key is missing".to_owned()];
        }
        if self.host.paths.contains_key(unfinished) {
            return vec!["an earlier renewal was interrupted".to_owned()];
        }
        let Some(pem) = self.host.certificates.get(certificate) else {
            return vec!["the certificate is missing".to_owned()];
        };
        let Some(ca) = self.ca(step) else { return vec!["its CA is not known".to_owned()] };
        match inspect(pem, ca) {
            Err(error) => vec![error.to_string()],
            Ok(info) => mismatches(step, &self.plan.cluster, &info, self.now),
        }
    }

    /// The CA certificate that the same plan puts beside it.
    fn ca(&self, wanted: &Step) -> Option<&str> {
        let Step::Certificate { dir, .. } = wanted else { return None };
        let place = dir.join("ca.crt");
        self.plan.steps.iter().find_map(|step| match step {
            Step::File { path, content, .. } if *path == place => Some(content.as_str()),
            _ => None,
        })
    }

    fn loose(&self, key: &Path, certificate: &Path, owner: &str) -> Vec<String> {
        let mut reasons = Vec::new();
        for (path, mode) in [(key, KEY_MODE), (certificate, CERTIFICATE_MODE)] {
            if let Some(state) = self.host.paths.get(path) {
                reasons.extend(ownership_differences(state, owner, "", mode));
            }
        }
        reasons
    }
}

/// What in a certificate is not as the step wants it.
fn mismatches(step: &Step, cluster: &str, info: &CertInfo, now: Timestamp) -> Vec<String> {
    let Step::Certificate { role, host, dns, ips, renew_before_s, .. } = step else {
        return Vec::new();
    };
    let mut reasons = Vec::new();
    let uri = (info.cluster.as_str(), info.role.as_str(), info.host.as_str());
    if uri != (cluster, role.as_str(), host.as_str()) {
        reasons.push(format!("it is for {}/{}/{}", uri.0, uri.1, uri.2));
    }
    let set = |names: &[String]| names.iter().cloned().collect::<BTreeSet<_>>();
    let addresses: BTreeSet<_> = ips.iter().collect();
    if set(&info.dns) != set(dns) || info.ips.iter().collect::<BTreeSet<_>>() != addresses {
        reasons.push("other names or addresses".to_owned());
    }
    let early = SignedDuration::from_secs(i64::try_from(*renew_before_s).unwrap_or(i64::MAX));
    if info.not_after.duration_since(now) <= early {
        reasons.push(format!("it ends {}", info.not_after.strftime("%Y-%m-%d")));
    }
    reasons
}
