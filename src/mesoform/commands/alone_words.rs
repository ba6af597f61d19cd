//! What `mesoform up` on this machine alone tells.

use crate::cli::{OutputFormat, OutputOptions};
use crate::render::{self, Style, seconds};
use mesoform_cluster::Alone;
use mesoform_supervise::SupervisorEvent;
use serde_json::json;
use std::io::Write;
use std::time::Duration;
use tokio::sync::mpsc;

/// Where the cluster answers, and a first request to it.
pub fn welcome(alone: &Alone, output: OutputOptions, took: Duration) -> std::io::Result<()> {
    let ports = alone.spec.options.ports;
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let data = alone.places.var.parent().unwrap_or(&alone.places.var).display();
    if output.output == OutputFormat::Json {
        render::json_line(&json!({
            "event": "ready",
            "millis": millis,
            "scheduler": format!("http://127.0.0.1:{}", ports.scheduler),
            "master": format!("http://127.0.0.1:{}", ports.master),
            "agent": format!("http://127.0.0.1:{}", ports.agent),
            "quorum": format!("https://127.0.0.1:{}", ports.quorum_client),
            "data_dir": data.to_string(),
        }));
        return Ok(());
    }
    let style = Style::of(output.color);
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} after {}", style.good("The cluster is up"), seconds(millis))?;
    writeln!(out, "  apps (Marathon)   http://127.0.0.1:{}", ports.scheduler)?;
    writeln!(out, "  master (Mesos)    http://127.0.0.1:{}", ports.master)?;
    writeln!(out, "  agent             http://127.0.0.1:{}", ports.agent)?;
    writeln!(
        out,
        "  quorum (etcd v3)  https://127.0.0.1:{} (certificates in {data}/operator)",
        ports.quorum_client
    )?;
    writeln!(out, "  data and logs     {data}")?;
    writeln!(out, "\nStart an app:\n")?;
    writeln!(
        out,
        "  curl -X POST http://127.0.0.1:{}/v2/apps -H 'Content-Type: application/json' -d '{{",
        ports.scheduler
    )?;
    writeln!(out, "    \"id\": \"/hello\", \"instances\": 1, \"cpus\": 0.1, \"mem\": 32,")?;
    writeln!(out, "    \"cmd\": \"while true; do echo hello; sleep 5; done\"}}'")?;
    writeln!(out, "  curl http://127.0.0.1:{}/v2/apps/hello/tasks\n", ports.scheduler)?;
    writeln!(out, "Ctrl-C ends it; the next `mesoform up` finds its data again.")?;
    out.flush()
}

/// Tells what happens to the services, until the supervisor has ended.
pub async fn tell(mut events: mpsc::Receiver<SupervisorEvent>, output: OutputOptions) {
    let style = Style::of(output.color);
    while let Some(event) = events.recv().await {
        let Some((unit, text)) = words(&event) else { continue };
        match output.output {
            OutputFormat::Json => {
                render::json_line(&json!({"event": "service", "service": unit, "text": text}));
            }
            OutputFormat::Text => {
                let name = style.strong(&format!("{unit:<10}"));
                // A terminal that is gone does not stop the cluster.
                let _ = writeln!(std::io::stderr().lock(), "{name} {text}");
            }
        }
    }
}

fn words(event: &SupervisorEvent) -> Option<(&str, String)> {
    Some(match event {
        SupervisorEvent::Starting { .. } => return None,
        SupervisorEvent::Status { unit, text } => (unit, text.clone()),
        SupervisorEvent::Ready { unit, took } => {
            let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            (unit, format!("ready after {}", seconds(millis)))
        }
        SupervisorEvent::Ended { unit, ended, again_in } => {
            (unit, format!("{ended}; starting again in {} ms", again_in.as_millis()))
        }
        SupervisorEvent::Stopping { unit } => (unit, "stopping".into()),
        SupervisorEvent::Killing { unit } => (unit, "did not stop in time; killed".into()),
        SupervisorEvent::Stopped { unit, .. } => (unit, "stopped".into()),
    })
}
