use mesoform_cluster::Service;
use std::collections::BTreeMap;
use tokio::process::Command;

/// systemd's word for each service and the service's own, from one call; empty without systemd.
pub async fn states(services: &[Service]) -> BTreeMap<Service, (String, String)> {
    if services.is_empty() {
        // Without a name it would tell of the manager itself.
        return BTreeMap::new();
    }
    let units = services.iter().map(|service| service.unit());
    let output = Command::new("systemctl")
        .args(["show", "--property=Id,ActiveState,StatusText"])
        .args(units)
        .kill_on_drop(true)
        .output();
    match tokio::time::timeout(super::PATIENCE, output).await {
        Ok(Ok(output)) => parse(&String::from_utf8_lossy(&output.stdout)),
        _ => BTreeMap::new(),
    }
}

/// `KEY=value` lines, an empty line between units.
fn parse(text: &str) -> BTreeMap<Service, (String, String)> {
    let block = |block: &str| {
        let value = |key: &str| {
            block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).unwrap_or("")
        };
        let service = Service::ALL.into_iter().find(|s| s.unit() == value("Id"))?;
        Some((service, (value("ActiveState").to_owned(), value("StatusText").to_owned())))
    };
    text.split("\n\n").filter_map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_told_apart() {
        let text = "Id=mesoform-quorum.service\nActiveState=activating\nStatusText=waiting for h2\n\n\
                    Id=mesoform-agent.service\nActiveState=active\nStatusText=\n";
        let states = parse(text);
        assert_eq!(states[&Service::Quorum], ("activating".into(), "waiting for h2".into()));
        assert_eq!(states[&Service::Agent], ("active".into(), String::new()));
    }
}
