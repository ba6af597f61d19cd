use super::Extras;
use crate::Service;
use mesoform_inventory::Value;
use mesoform_settings::{Attribute, ResourceSettings};
use mesoform_transport::Wanted;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// One host of a cluster.
#[derive(Debug, Clone)]
pub struct HostSpec {
    /// Its name in the inventory.
    pub name: String,
    /// The name that Mesos and Marathon know it by: the inventory's, with its domain.
    pub hostname: String,
    /// Name or address under which the other hosts reach it.
    pub address: String,
    pub services: BTreeSet<Service>,
    /// The voter's place (`zoo_id`), where it is one.
    pub slot: Option<u8>,
    pub attributes: Vec<Attribute>,
    pub resources: ResourceSettings,
    /// As `uname -m` will say it, where it boots from a document (`mesoform_arch`). `up` asks the host.
    pub arch: String,
    /// What the operator adds to it.
    pub extras: Extras,
    /// What is merged into its `#cloud-config`.
    pub extra_cloud_config: Option<Value>,
    /// How the operator reaches it.
    pub reach: Wanted,
}

impl HostSpec {
    pub fn runs(&self, service: Service) -> bool {
        self.services.contains(&service)
    }

    /// `address:port`, with an IPv6 address in brackets.
    pub fn at(&self, port: u16) -> String {
        match self.address.parse::<IpAddr>() {
            Ok(IpAddr::V6(v6)) => format!("[{v6}]:{port}"),
            _ => format!("{}:{port}", self.address),
        }
    }

    /// The names that its certificates bear: DNS names and addresses.
    pub fn subject_names(&self) -> (Vec<String>, Vec<IpAddr>) {
        let mut dns = vec![self.hostname.clone(), "localhost".to_owned()];
        let mut ips = vec![IpAddr::from([127, 0, 0, 1])];
        for name in [&self.name, &self.address] {
            match name.parse::<IpAddr>() {
                Ok(ip) if !ips.contains(&ip) => ips.push(ip),
                Err(_) if !dns.contains(name) => dns.push(name.clone()),
                _ => {}
            }
        }
        (dns, ips)
    }
}
