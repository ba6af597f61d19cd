//! Where hosts join that nobody reaches.

use mesoform_inventory::Var;
use std::net::IpAddr;

/// `https://host:port`, where `mesoform serve` listens.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct JoinUrl {
    host: String,
    port: u16,
}

impl JoinUrl {
    /// What a URL must be to be one.
    pub(super) const WANTED: &str = "https://HOST:PORT, where hosts reach `mesoform serve`";

    pub(super) fn of(var: &Var) -> Option<Self> {
        let text = var.text()?;
        let rest = text.strip_prefix("https://")?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = rest.rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| *port > 0)?;
        let (host, is_v6) = match host.strip_prefix('[') {
            Some(inner) => (inner.strip_suffix(']')?, true),
            None => (host, false),
        };
        let address = host.parse::<IpAddr>();
        let plain = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
        let named = !host.is_empty() && host.len() <= 253 && host.chars().all(plain);
        let fits = match address {
            Ok(address) => address.is_ipv6() == is_v6,
            Err(_) => named && !is_v6,
        };
        fits.then(|| Self { host: host.to_owned(), port })
    }

    /// What its server's certificate has to say.
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl std::fmt::Display for JoinUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "https://[{}]:{}", self.host, self.port),
            false => write!(f, "https://{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesoform_inventory::Origin;

    fn of(text: &str) -> Option<JoinUrl> {
        JoinUrl::of(&Var { value: text.into(), origin: Origin::option("-e") })
    }

    #[test]
    fn a_host_and_a_port_are_a_place() {
        for (text, host, shown) in [
            ("https://10.0.0.1:8000/", "10.0.0.1", "https://10.0.0.1:8000"),
            ("https://ops.example.org:443", "ops.example.org", "https://ops.example.org:443"),
            ("https://[2001:db8::1]:8000", "2001:db8::1", "https://[2001:db8::1]:8000"),
        ] {
            let url = of(text).unwrap();
            assert_eq!((url.host(), url.to_string().as_str()), (host, shown));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "http://10.0.0.1:8000",
            "https://10.0.0.1",
            "https://:8000",
            "https://h:0",
            "https://u:p@h:1",
            "https://h:1/path",
            "https://2001:db8::1:8000",
            "https://[h]:1",
            "https://a b:1",
            "",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
