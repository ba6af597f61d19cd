use mesoform_mesos::agent_protocol::Fence;
use mesoform_mesos::{Address, MasterInfo};

/// One leadership of one master.
#[derive(Debug, Clone)]
pub struct Term {
    /// The fencing token.
    pub leadership: Fence,
    /// Unique to this leadership; ids that it gives start with it.
    pub master_id: String,
    pub cluster: String,
    pub hostname: String,
    /// `host:port` of the HTTP APIs.
    pub address: String,
    /// Seconds since the Unix epoch.
    pub started: f64,
    pub elected: f64,
}

impl Term {
    /// What frameworks are told of this master.
    pub fn master_info(&self) -> MasterInfo {
        let (host, port) = self.address.rsplit_once(':').unwrap_or((&self.address, "0"));
        let port = port.parse().unwrap_or(0);
        let ip = host.parse::<std::net::Ipv4Addr>().ok();
        MasterInfo {
            id: self.master_id.clone(),
            ip: ip.map_or(0, |ip| u32::from_ne_bytes(ip.octets())),
            port,
            pid: Some(format!("master@{}", self.address)),
            hostname: Some(self.hostname.clone()),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            address: Some(Address {
                hostname: Some(host.to_owned()),
                ip: ip.map(|ip| ip.to_string()),
                port,
            }),
            ..MasterInfo::default()
        }
    }
}
