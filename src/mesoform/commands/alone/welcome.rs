use crate::render::{Style, seconds};
use mesoform_cluster::Alone;
use serde_json::{Value, json};
use std::fmt::Display;

/// Where the cluster answers, for machines.
pub fn object(alone: &Alone, millis: u64) -> Value {
    let ports = alone.spec.options.ports;
    json!({
        "event": "ready",
        "millis": millis,
        "scheduler": format!("http://127.0.0.1:{}", ports.scheduler),
        "master": format!("http://127.0.0.1:{}", ports.master),
        "agent": format!("http://127.0.0.1:{}", ports.agent),
        "quorum": format!("https://127.0.0.1:{}", ports.quorum_client),
        "data_dir": data(alone).to_string(),
    })
}

/// Where the cluster answers, and a first request to it.
pub fn text(alone: &Alone, millis: u64, style: Style) -> String {
    let ports = alone.spec.options.ports;
    let (up, took, data) = (style.good("The cluster is up"), seconds(millis), data(alone));
    let (scheduler, master, agent, quorum) =
        (ports.scheduler, ports.master, ports.agent, ports.quorum_client);
    format!(
        r#"{up} after {took}
  apps (Marathon)   http://127.0.0.1:{scheduler}
  master (Mesos)    http://127.0.0.1:{master}
  agent             http://127.0.0.1:{agent}
  quorum (etcd v3)  https://127.0.0.1:{quorum} (certificates in {data}/operator)
  data and logs     {data}

Start an app:

  curl -X POST http://127.0.0.1:{scheduler}/v2/apps -H 'Content-Type: application/json' -d '{{
    "id": "/hello", "instances": 1, "cpus": 0.1, "mem": 32,
    "cmd": "while true; do echo hello; sleep 5; done"}}'
  curl http://127.0.0.1:{scheduler}/v2/apps/hello/tasks

Ctrl-C ends it; the next `mesoform up` finds its data again.
"#
    )
}

fn data(alone: &Alone) -> impl Display {
    alone.places.var.parent().unwrap_or(&alone.places.var).display()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ColorChoice;
    use mesoform_inventory::ExtraVars;
    use std::path::Path;

    #[test]
    fn the_first_request_can_be_copied() {
        let extra = ExtraVars::parse(&["mesoform_scheduler_port=18080".to_owned()]).unwrap();
        let alone = Alone::new(Path::new("/data"), &extra).unwrap();
        insta::assert_snapshot!(text(&alone, 118, Style::of(ColorChoice::Never)));
    }
}
