use jiff::Timestamp;
use mesoform_cluster::Service;
use std::collections::BTreeMap;
use tokio::process::Command;

/// What systemd knows of a service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    /// systemd's word.
    pub active: String,
    /// The service's own words.
    pub status: String,
    /// When its process began; none where there is none.
    pub began: Option<Timestamp>,
}

/// How each service is, from one call; empty without systemd.
pub async fn states(services: &[Service]) -> BTreeMap<Service, State> {
    if services.is_empty() {
        // Without a name it would tell of the manager itself.
        return BTreeMap::new();
    }
    let units = services.iter().map(|service| service.unit());
    let output = Command::new("systemctl")
        .args(["show", "--property=Id,ActiveState,StatusText,ExecMainPID,ExecMainStartTimestamp"])
        .envs([("TZ", "UTC"), ("LC_ALL", "C")])
        .args(units)
        .kill_on_drop(true)
        .output();
    match tokio::time::timeout(super::PATIENCE, output).await {
        Ok(Ok(output)) => parse(&String::from_utf8_lossy(&output.stdout)),
        _ => BTreeMap::new(),
    }
}

/// `KEY=value` lines, an empty line between units.
fn parse(text: &str) -> BTreeMap<Service, State> {
    let block = |block: &str| {
        let value = |key: &str| {
            block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).unwrap_or("")
        };
        let service = Service::ALL.into_iter().find(|s| s.unit() == value("Id"))?;
        let (active, status) = (value("ActiveState").to_owned(), value("StatusText").to_owned());
        let began = began(value("ExecMainStartTimestamp"));
        let began = began.filter(|_| value("ExecMainPID") != "0");
        Some((service, State { active, status, began }))
    };
    text.split("\n\n").filter_map(block).collect()
}

/// `Fri 2026-11-20 15:04:05 UTC`; seconds are all that each version of systemd tells.
fn began(text: &str) -> Option<Timestamp> {
    let (_, time) = text.strip_suffix(" UTC")?.split_once(' ')?;
    format!("{}Z", time.replace(' ', "T")).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_told_apart() {
        let text = "Id=mesoform-quorum.service\nActiveState=activating\nStatusText=waiting for h2\n\
                    ExecMainPID=7\nExecMainStartTimestamp=Fri 2026-11-20 15:04:05 UTC\n\n\
                    Id=mesoform-agent.service\nActiveState=active\nStatusText=\nExecMainPID=0\n\
                    ExecMainStartTimestamp=Fri 2026-11-20 15:04:05 UTC\n";
        let states = parse(text);
        let quorum = &states[&Service::Quorum];
        assert_eq!((&*quorum.active, &*quorum.status), ("activating", "waiting for h2"));
        assert_eq!(quorum.began, Some("2026-11-20T15:04:05Z".parse().unwrap()));
        let active = State { active: "active".into(), ..State::default() };
        assert_eq!(states[&Service::Agent], active);
    }
}
