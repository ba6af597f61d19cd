//! Whether certificates last.

use super::{Ailment, Health, Reports};
use crate::report::{CA, CertificateView, RenewalView};
use jiff::{SignedDuration, Timestamp};
use mesoform_identity::{LIFETIME, Role};
use std::time::Duration;

/// Nothing renews the root: so there is more time to prepare for its end.
const CA_MARGIN: Duration = Duration::from_secs(365 * 24 * 3600);

/// Hosts renew a certificate by themselves a month before it ends: what lasts no longer than this was not
/// renewed.
const MARGIN: Duration = Duration::from_secs(20 * 24 * 3600);

/// From then on what a master renews lasts no longer than the master's CA.
const ISSUER_MARGIN: Duration = LIFETIME;

const RENEWAL: &str =
    "see `journalctl -u mesoform-certificates` there; meanwhile `mesoform up` renews what ends";

const UP: &str = "`mesoform up` renews what ends, while everything runs";
const NEW_CA: &str = "no command renews a CA: plan a `mesoform down` and, without the cluster's folder at \
                      the operator, a new `mesoform up`";

/// How it stands with some certificates of one host.
enum Span {
    Ended(Timestamp),
    Ending(Timestamp),
}

impl Health {
    /// Judges certificates too: those of the hosts, and the operator's `own`.
    #[must_use]
    pub fn with_certificates(
        mut self,
        reports: &Reports,
        own: &[CertificateView],
        now: Timestamp,
    ) -> Self {
        let hosts = reports.iter().filter_map(|(host, report)| Some((host, report.as_ref().ok()?)));
        let mut root = own.iter().find(|view| view.role == CA);
        for (host, report) in hosts {
            self.certificates(Some(host), &report.certificates, now);
            self.renewal(host, report.renewal.as_ref());
            root = root.or_else(|| report.certificates.iter().find(|view| view.role == CA));
        }
        self.certificates(None, own, now);
        self.etcd_certificate(reports, now);
        if let Some(root) = root {
            self.root(root, now);
        }
        self
    }

    /// All of one host in as few words as possible; they were made at the same time.
    fn certificates(&mut self, host: Option<&String>, all: &[CertificateView], now: Timestamp) {
        let all = || all.iter().filter(|view| view.role != CA);
        for broken in all().filter(|view| view.not_after.is_none()) {
            let cause = broken.error.as_deref().unwrap_or("it cannot be read");
            let what = format!("the certificate of the {} is of no use: {cause}", broken.role);
            self.push(host, what, "`mesoform up` makes a new one", true);
        }
        let spans = || all().filter_map(|view| Some((view, span(view, margin(view), now)?)));
        let ended: Vec<_> = spans().filter(|(_, span)| matches!(span, Span::Ended(_))).collect();
        let ending: Vec<_> = spans().filter(|(_, span)| matches!(span, Span::Ending(_))).collect();
        if let Some(what) = sentence(&ended, now) {
            self.push(host, what, UP, true);
        }
        if let Some(what) = sentence(&ending, now) {
            self.push(host, what, UP, false);
        }
    }

    fn renewal(&mut self, host: &String, renewal: Option<&RenewalView>) {
        let Some(since) = renewal.and_then(|renewal| renewal.failing_since) else { return };
        let trouble = renewal.map(|renewal| renewal.trouble.join("; ")).unwrap_or_default();
        let since = since.strftime("%Y-%m-%d");
        let what = format!("its certificates are not renewed, since {since}: {trouble}");
        self.push(Some(host), what, RENEWAL, false);
    }

    fn root(&mut self, root: &CertificateView, now: Timestamp) {
        let ends = |end: Timestamp| end.strftime("%Y-%m-%d");
        match span(root, CA_MARGIN, now) {
            Some(Span::Ended(end)) => {
                let what = format!("the cluster's CA ended on {}", ends(end));
                self.push(None, what, NEW_CA, true);
            }
            Some(Span::Ending(end)) => {
                let what = format!("the cluster's CA ends on {}, and all with it", ends(end));
                self.push(None, what, NEW_CA, false);
            }
            None => {}
        }
    }

    fn push(&mut self, host: Option<&String>, what: String, cure: &str, wrong: bool) {
        let (host, cure) = (host.cloned(), cure.to_owned());
        let ailment = Ailment { host, service: None, what, cure, lasting: wrong, stopped: false };
        if wrong { self.ailments.push(ailment) } else { self.warnings.push(ailment) }
    }
}

fn margin(view: &CertificateView) -> Duration {
    if view.role == Role::Issuer.as_str() { ISSUER_MARGIN } else { MARGIN }
}

fn span(view: &CertificateView, margin: Duration, now: Timestamp) -> Option<Span> {
    let end = view.not_after?;
    let margin = SignedDuration::try_from(margin).unwrap_or(SignedDuration::MAX);
    if end <= now {
        return Some(Span::Ended(end));
    }
    (end.duration_since(now) <= margin).then_some(Span::Ending(end))
}

/// "the certificates of quorum and agent end on 2026-12-03 (in 13 days)", with the first of their ends.
fn sentence(found: &[(&CertificateView, Span)], now: Timestamp) -> Option<String> {
    let (first, ended) = found
        .iter()
        .map(|(_, span)| match span {
            Span::Ended(end) => (*end, true),
            Span::Ending(end) => (*end, false),
        })
        .min()?;
    let mut roles: Vec<&str> = found.iter().map(|(view, _)| view.role.as_str()).collect();
    let last = roles.pop()?;
    let (roles, one) = match roles.as_slice() {
        [] => (last.to_owned(), true),
        others => (format!("{} and {last}", others.join(", ")), false),
    };
    let day = first.strftime("%Y-%m-%d");
    let whose = if one { "certificate of the" } else { "certificates of" };
    if ended {
        return Some(format!("the {whose} {roles} ended on {day}"));
    }
    let ends = if one { "ends" } else { "end" };
    let days = match first.duration_since(now).as_hours() / 24 {
        1 => "one day".to_owned(),
        days => format!("{days} days"),
    };
    Some(format!("the {whose} {roles} {ends} on {day} (in {days})"))
}
