//! What is left undone where a run is interrupted.

use super::Run;

impl Run {
    /// What an interruption now leaves as it is, in words, with the cure.
    pub fn undone(&self) -> String {
        let working = self.hosts.iter().filter(|h| h.failure.is_none() && h.session.is_some());
        let names: Vec<&str> = working.map(|host| host.spec.name.as_str()).collect();
        let (phase, title) = self.now.unwrap_or(("", ""));
        let words = words(phase, &names.join(", "));
        let during = if title.is_empty() { String::new() } else { format!(" during '{title}'") };
        format!("interrupted{during}: {words}")
    }
}

fn words(phase: &str, hosts: &str) -> String {
    const AGAIN: &str = "run the same command again to do what is left";
    match phase {
        "carry" => format!("hosts may have got the binary, and nothing runs it yet; {AGAIN}"),
        "lock" => format!("nothing runs with anything new yet, and the hosts are let go; {AGAIN}"),
        "apply" => format!(
            "plans under way on {hosts} go on there to their end; no service was started or \
             restarted; {AGAIN}"
        ),
        "remove" => format!("removals under way on {hosts} go on there to their end; {AGAIN}"),
        "start" => format!(
            "services that were told to start go on; those of later waves are not started or \
             restarted; {AGAIN}"
        ),
        "restart" => format!(
            "a restart under way goes on there; the hosts after it were not restarted; {AGAIN}"
        ),
        "restore" => format!(
            "the voters on {hosts} may be stopped, or on their way into a new quorum, and nothing is \
             lost: what they had is in its place still, or was put aside; {AGAIN}, with --overwrite"
        ),
        "force" => format!(
            "the voters on {hosts} may be stopped, or on their way into a new quorum, and nothing is \
             lost: what they had is in its place still, or was put aside; {AGAIN}"
        ),
        "accept" => format!("agents may have been told, and may be restarting; {AGAIN}"),
        "copy" => "no backup was written, and what was there before is as it was".to_owned(),
        "verify" => "all changes are made; it was not awaited that the cluster is well, which \
                     `mesoform status` tells"
            .to_owned(),
        _ => "nothing was changed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_phase_says_what_is_left() {
        for phase in ["", "connect", "preflight", "plan", "ask", "open"] {
            assert_eq!(words(phase, ""), "nothing was changed", "{phase}");
        }
        let told = [
            "carry", "lock", "apply", "start", "verify", "restart", "remove", "restore", "force",
            "accept", "copy",
        ]
        .map(|phase| words(phase, "h1, h2"));
        insta::assert_snapshot!(told.join("\n"));
    }
}
