use super::Module;
use crate::fields::{Fields, wrong};
use crate::host::Look;
use crate::yaml::Value;
use crate::{Action, Command, Result};
use mesoform_plan::{Thing, What};
use std::path::Path;

/// What ends the host when all else is done.
struct PowerState {
    /// `poweroff`, `reboot` or `halt`.
    mode: &'static str,
    /// `now`, or `+5`.
    delay: String,
    message: Option<String>,
    /// Seconds that whoever applies the document has to tell of it.
    timeout: u32,
    /// A shell's, that must succeed.
    condition: Option<String>,
}

const MODES: [(&str, &str); 3] = [("poweroff", "-P"), ("reboot", "-r"), ("halt", "-H")];

pub fn read(fields: &mut Fields<'_>) -> Option<Box<dyn Module>> {
    let node = fields.node("power_state")?;
    let mut own = Fields::of(node, "power_state", fields.notes)?;
    let wanted = own.required("mode");
    let mode =
        MODES.iter().find(|(mode, _)| Some(*mode) == wanted.as_deref()).map(|(mode, _)| *mode);
    if let (Some(wanted), None) = (&wanted, mode) {
        let cause = format!("power_state: mode {wanted:?} is not known");
        own.notes.add(own.line, cause, "use poweroff, reboot or halt");
    }
    let delay = delay(&mut own);
    let message = own.text("message");
    let timeout = own.node("timeout").map_or(Some(30), |node| match &node.value {
        Value::Int(seconds, _) => u32::try_from(*seconds).ok(),
        Value::Float(seconds) if (0.0..86_400.0).contains(seconds) => Some(seconds.ceil() as u32),
        _ => node.word().and_then(|word| word.trim().parse().ok()),
    });
    if timeout.is_none() {
        own.notes.add(own.line, "power_state: timeout is no number of seconds", "correct it");
    }
    let (met, condition) = condition(&mut own);
    own.finish();
    let state = PowerState { mode: mode?, delay: delay?, message, timeout: timeout?, condition };
    met.then(|| Box::new(state) as Box<dyn Module>)
}

fn delay(fields: &mut Fields<'_>) -> Option<String> {
    let Some(node) = fields.node("delay") else { return Some("now".to_owned()) };
    let word = node.word().unwrap_or_default();
    let minutes = word.trim().trim_start_matches('+').parse::<u32>();
    match (word.as_str(), minutes) {
        ("now", _) => Some(word),
        (_, Ok(minutes)) => Some(format!("+{minutes}")),
        _ => {
            wrong(fields.notes, node, "power_state: delay", "now, or a number of minutes");
            None
        }
    }
}

/// Whether it can be met at all, and the command that says whether it is.
fn condition(fields: &mut Fields<'_>) -> (bool, Option<String>) {
    let Some(node) = fields.node("condition") else { return (true, None) };
    match &node.value {
        Value::Bool(met) => (*met, None),
        Value::Text(command) => (true, Some(command.clone())),
        Value::List(words) => {
            let quoted = words.iter().filter_map(|word| word.word());
            let quoted = quoted.map(|word| format!("'{}'", word.replace('\'', r"'\''")));
            (true, Some(quoted.collect::<Vec<_>>().join(" ")))
        }
        _ => {
            wrong(fields.notes, node, "power_state: condition", "true, false or a command");
            (true, None)
        }
    }
}

/// Waits until whoever has started it is gone, and then ends the host.
const SCRIPT: &str = r#"left=$(($1 * 5)); while [ "$left" -gt 0 ] && kill -0 "$2" 2>/dev/null; do
sleep 0.2; left=$((left - 1)); done
if [ -n "$3" ]; then sh -c "$3" || exit 0; fi
shift 3
exec shutdown "$@""#;

impl Module for PowerState {
    fn name(&self) -> &'static str {
        "power_state_change"
    }

    fn actions(&self, look: &dyn Look) -> Result<Vec<Action>> {
        let option = MODES.iter().find(|(mode, _)| *mode == self.mode).map_or("-P", |(_, o)| *o);
        let (timeout, pid) = (self.timeout.to_string(), std::process::id().to_string());
        let condition = self.condition.clone().unwrap_or_default();
        let mut words =
            vec!["-c", SCRIPT, "mesoform", &timeout, &pid, &condition, option, &self.delay];
        words.extend(self.message.as_deref());
        // What starts it ends at once: as a unit's child it would be ended with it.
        let by_systemd = ["--no-block", "--collect", "--quiet", "--", "/bin/sh"];
        let mut command = Command::new(What::Run, Thing::Command, self.mode);
        command = command.because(if self.delay == "now" { "now" } else { &self.delay });
        let command = match look.exists(Path::new("/run/systemd/system")) {
            true => {
                // systemd puts its own in the place of `${…}`.
                let words = words.iter().map(|word| word.replace('$', "$$"));
                let all: Vec<String> =
                    by_systemd.map(str::to_owned).into_iter().chain(words).collect();
                command.call("systemd-run", &all)
            }
            false => {
                let alone: Vec<&str> = ["-c", "setsid /bin/sh \"$@\" &", "mesoform"].into();
                command.call("/bin/sh", &[alone, words].concat())
            }
        };
        Ok(vec![Action::Run(command)])
    }

    fn ends_all(&self) -> bool {
        true
    }
}
