use crate::Packer;
use mesoform_plan::SecretText;
use mesoform_template::Templates;
use serde_json::Value;
use std::net::IpAddr;

/// A host's ticket into its cluster.
#[derive(Debug, Clone)]
pub struct Join {
    pub token: SecretText,
    /// Where it is good, to be asked one after the other (`https://host:port`).
    pub places: Vec<String>,
}

/// What a document needs beside the plan.
#[derive(Clone, Copy)]
pub struct Supply<'a> {
    pub templates: &'a Templates,
    /// The same for all hosts, so that what they share is packed once.
    pub packer: &'a Packer,
    /// Where the host finds the binary that its plan names; none: it comes with `up`.
    pub artifact_url: Option<&'a str>,
    /// With what the host gets what no document may hold; none: that comes with `up`.
    pub join: Option<&'a Join>,
    /// The host's address, where one is known: CoreOS' dialect has a word for it.
    pub address: Option<IpAddr>,
    /// What is merged into a `#cloud-config`, as the operator wrote it.
    pub extra_cloud_config: Option<&'a Value>,
}
