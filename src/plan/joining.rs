use crate::{Plan, PlanError, SecretText, Step};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// What stands for the name and the address of a host that are not known when its document is written.
pub const UNKNOWN_NAME: &str = "mesoform-unknown-name";
pub const UNKNOWN_ADDRESS: &str = "mesoform-unknown-address";

/// What a host that boots from a document joins with; it lies in [`crate::place::JOIN`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Joining {
    /// As a plan's.
    pub format: u32,
    /// Good for this host alone, once, and for some time.
    pub token: SecretText,
    /// Where it may be good (`https://host:port`), to be asked one after the other.
    pub places: Vec<String>,
    /// The host fills in its own name and address.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub guest: bool,
    /// What no document may hold of the host's plan, and the units whose inputs are to be written down.
    pub plan: Plan,
}

impl Joining {
    /// Of `plan` what a host joins for. The CA's certificate is on the host already, and not repeated.
    pub fn new(plan: &Plan, token: SecretText, places: Vec<String>) -> Self {
        let mut plan = plan.clone();
        let guest = plan.host == UNKNOWN_NAME;
        plan.steps.retain(|step| match step {
            Step::Certificate { .. } | Step::Credential { .. } | Step::Unit { .. } => true,
            Step::File { content, .. } => is_unknown(content),
            _ => false,
        });
        Self { format: plan.format, token, places, guest, plan }
    }

    /// The same for a host that knows now who it is.
    pub fn filled(mut self, host: &str, address: IpAddr) -> Self {
        let fill = |text: &mut String| *text = filled(text, host, address);
        fill(&mut self.plan.host);
        for step in &mut self.plan.steps {
            match step {
                Step::File { content, .. } => fill(content),
                Step::Certificate { host, dns, ips, .. } => {
                    fill(host);
                    dns.iter_mut().for_each(fill);
                    // Its address was no address before.
                    let is_address = |name: &String| name.parse::<IpAddr>().ok();
                    ips.extend(dns.iter().filter_map(is_address));
                    dns.retain(|name| is_address(name).is_none());
                }
                _ => {}
            }
        }
        self
    }

    /// Reads what was written; the plan is validated with what the host adds to it.
    ///
    /// # Errors
    /// No JSON of this shape, or a newer format.
    pub fn parse(json: &str) -> Result<Self, PlanError> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let shape = |e: serde_json::Error| PlanError::Shape { cause: e.to_string() };
        let head: Head = serde_json::from_str(json).map_err(shape)?;
        if head.format > crate::FORMAT {
            return Err(PlanError::Format { found: head.format, known: crate::FORMAT });
        }
        serde_json::from_str(json).map_err(shape)
    }

    /// One line of JSON.
    ///
    /// # Errors
    /// A path is not UTF-8.
    pub fn to_json(&self) -> Result<String, PlanError> {
        let json = serde_json::to_string(self);
        json.map(|json| json + "\n").map_err(|e| PlanError::Shape { cause: e.to_string() })
    }
}

/// Whether a text waits for a name or an address.
pub fn is_unknown(text: &str) -> bool {
    text.contains(UNKNOWN_NAME) || text.contains(UNKNOWN_ADDRESS)
}

fn filled(text: &str, host: &str, address: IpAddr) -> String {
    let with_port = match address {
        IpAddr::V4(v4) => format!("{v4}:"),
        IpAddr::V6(v6) => format!("[{v6}]:"),
    };
    text.replace(&format!("{UNKNOWN_ADDRESS}:"), &with_port)
        .replace(UNKNOWN_ADDRESS, &address.to_string())
        .replace(UNKNOWN_NAME, host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ownership;

    #[test]
    fn what_a_document_says_by_itself_is_not_in_there() {
        let root = Ownership::root(0o600);
        let unit = Step::Unit { name: "a.service".into(), enabled: true, inputs: Vec::new() };
        let credential = Step::Credential {
            path: "/etc/c".into(),
            ownership: root.clone(),
            name: "credentials".into(),
            sha256: "00".repeat(32),
        };
        let file = Step::File { path: "/etc/f".into(), ownership: root, content: "x".into() };
        let plan = Plan::new("c", "h", vec![file, credential.clone(), unit.clone()]);
        let written = Joining::new(&plan, SecretText::new("t"), vec!["https://h".into()]);
        assert_eq!(written.plan.steps, [credential, unit]);
        let json = written.to_json().unwrap();
        assert_eq!(Joining::parse(&json).unwrap(), written);
        assert!(!format!("{written:?}").contains("\"t\""));
        let newer = json.replacen("\"format\":1", "\"format\":2", 1);
        assert!(matches!(Joining::parse(&newer), Err(PlanError::Format { found: 2, .. })));
    }

    #[test]
    fn a_host_fills_in_who_it_is() {
        let certificate = Step::Certificate {
            dir: "/etc/p".into(),
            role: "agent".into(),
            owner: "root".into(),
            host: UNKNOWN_NAME.into(),
            dns: vec![UNKNOWN_NAME.into(), "localhost".into(), UNKNOWN_ADDRESS.into()],
            ips: vec!["127.0.0.1".parse().unwrap()],
            ca_fingerprint: "f1".into(),
            renew_before_s: 1,
        };
        let content = format!("h: {UNKNOWN_NAME}\na: {UNKNOWN_ADDRESS}\nat: {UNKNOWN_ADDRESS}:1\n");
        let ownership = Ownership::root(0o644);
        let file = |path: &str, content: String| Step::File {
            path: path.into(),
            ownership: ownership.clone(),
            content,
        };
        let steps = vec![file("/etc/a", content), file("/etc/b", "same".into()), certificate];
        let written =
            Joining::new(&Plan::new("c", UNKNOWN_NAME, steps), SecretText::new("t"), Vec::new());
        assert!(written.guest && written.plan.steps.len() == 2);
        let filled = written.filled("a7", "2001:db8::7".parse().unwrap()).plan;
        assert_eq!(filled.host, "a7");
        let Step::File { content, .. } = &filled.steps[0] else { panic!() };
        assert_eq!(content, "h: a7\na: 2001:db8::7\nat: [2001:db8::7]:1\n");
        let Step::Certificate { host, dns, ips, .. } = &filled.steps[1] else { panic!() };
        assert_eq!((host.as_str(), dns.join(" ")), ("a7", "a7 localhost".to_owned()));
        assert_eq!(ips[1..], ["2001:db8::7".parse::<IpAddr>().unwrap()]);
    }
}
