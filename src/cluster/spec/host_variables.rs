//! Variables of ours that differ from host to host.

use super::{HostSpec, Mistakes, extras};
use crate::Service;
use mesoform_inventory::{Host, Inventory, Value, Var};
use mesoform_settings::{Attribute, ResourceSettings};
use std::collections::BTreeSet;

pub(super) fn spec(
    inventory: &Inventory,
    host: &Host,
    services: BTreeSet<Service>,
    slot: Option<u8>,
    mistakes: &mut Mistakes,
) -> HostSpec {
    let reach = super::reach::wanted(inventory, host, mistakes);
    HostSpec {
        name: host.name().to_owned(),
        hostname: host.name().to_owned(),
        address: address(host, mistakes),
        slot,
        attributes: attributes(host, mistakes),
        resources: resources(host, mistakes),
        arch: arch(host, mistakes),
        extras: extras::read(host, &services, &super::resolve::folder(inventory), mistakes),
        extra_cloud_config: extra_cloud_config(host, mistakes),
        services,
        reach,
    }
}

fn address(host: &Host, mistakes: &mut Mistakes) -> String {
    let names = ["mesoform_address", "ansible_ssh_host", "ansible_host"];
    let set = |name: &&'static str| Some((*name, host.var(name).filter(|v| !v.value.is_null())?));
    let Some((name, var)) = names.iter().find_map(set) else { return host.name().to_owned() };
    let text = var.text().unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '_');
    if text.is_empty() || !text.chars().all(plain) {
        let cause = format!("{name} is {}", var.value);
        mistakes.add(&var.origin, cause, "set it to an IP address or a DNS name");
    }
    text
}

/// A dictionary, or Mesos's own `rack:a;zone:b`.
fn attributes(host: &Host, mistakes: &mut Mistakes) -> Vec<Attribute> {
    let Some(var) = host.var("mesoform_attributes") else { return Vec::new() };
    let pairs: Option<Vec<(String, String)>> = match &var.value {
        Value::Object(map) => {
            map.iter().map(|(name, value)| Some((name.clone(), scalar(value)?))).collect()
        }
        Value::String(text) => text.split(';').filter(|p| !p.trim().is_empty()).map(pair).collect(),
        _ => None,
    };
    let Some(pairs) = pairs else {
        let cause = "mesoform_attributes cannot be understood";
        mistakes.add(&var.origin, cause, "write it as Mesos does: 'rack:a;zone:b'");
        return Vec::new();
    };
    pairs.into_iter().map(|(name, value)| Attribute { name, value }).collect()
}

fn pair(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once(':')?;
    let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
    (!name.is_empty() && !value.is_empty()).then_some((name, value))
}

/// The architectures that there are binaries for.
fn arch(host: &Host, mistakes: &mut Mistakes) -> String {
    const KNOWN: [(&str, &str); 4] =
        [("x86_64", "x86_64"), ("amd64", "x86_64"), ("aarch64", "aarch64"), ("arm64", "aarch64")];
    let Some(var) = host.var("mesoform_arch") else { return KNOWN[0].1.to_owned() };
    let text = var.text().unwrap_or_default();
    match KNOWN.iter().find(|(name, _)| *name == text) {
        Some((_, arch)) => (*arch).to_owned(),
        None => {
            wrong("mesoform_arch", var, "x86_64 or aarch64", mistakes);
            text
        }
    }
}

fn extra_cloud_config(host: &Host, mistakes: &mut Mistakes) -> Option<Value> {
    let var = host.var("mesoform_extra_cloud_config").filter(|var| !var.value.is_null())?;
    if !var.value.is_object() {
        let cause = "mesoform_extra_cloud_config is no dictionary";
        let cure = "write the modules of cloud-init below it, in group_vars or host_vars";
        mistakes.add(&var.origin, cause, cure);
    }
    // Of two values that are no lists the operator's would count, and the host would have none of ours.
    for key in ["users", "write_files", "runcmd"] {
        if var.value.get(key).is_some_and(|value| !value.is_array()) {
            let cause = format!("{key} in mesoform_extra_cloud_config is no list");
            mistakes.add(&var.origin, cause, "write a list, which is appended to mesoform's");
        }
    }
    Some(var.value.clone())
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn resources(host: &Host, mistakes: &mut Mistakes) -> ResourceSettings {
    ResourceSettings {
        cpus: amount(host, "mesoform_cpus", mistakes),
        mem: amount(host, "mesoform_mem", mistakes),
        disk: amount(host, "mesoform_disk", mistakes),
        ports: ports(host, mistakes),
    }
}

fn amount(host: &Host, name: &str, mistakes: &mut Mistakes) -> Option<f64> {
    let var = host.var(name)?;
    let number = var.text().and_then(|text| text.trim().parse::<f64>().ok());
    let number = number.filter(|n| n.is_finite() && *n >= 0.0);
    if number.is_none() {
        wrong(name, var, "a number that is not negative (disk and mem in MiB)", mistakes);
    }
    number
}

/// `31000-32000,8000-8100`.
fn ports(host: &Host, mistakes: &mut Mistakes) -> Option<Vec<(u16, u16)>> {
    let var = host.var("mesoform_ports")?;
    let range = |part: &str| {
        let (begin, end) = part.trim().split_once('-')?;
        let (begin, end) = (begin.trim().parse().ok()?, end.trim().parse().ok()?);
        (0 < begin && begin <= end).then_some((begin, end))
    };
    let ranges = var.text().and_then(|text| text.split(',').map(range).collect::<Option<Vec<_>>>());
    if ranges.is_none() {
        wrong("mesoform_ports", var, "ranges such as 31000-32000", mistakes);
    }
    ranges
}

/// Without the host's name: what a group says is wrong once, however many hosts it has.
fn wrong(name: &str, var: &Var, wanted: &str, mistakes: &mut Mistakes) {
    let cause = format!("{name} is {}", var.value);
    mistakes.add(&var.origin, cause, format!("set it to {wanted}"));
}
