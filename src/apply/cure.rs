//! The words of the errors: place, cause, cure.

use crate::ApplyError as E;
use mesoform_plan::{Failure, place};
use std::io;
use std::path::Path;

pub fn failure(error: &E) -> Failure {
    match error {
        E::Io { doing, path, source } => file(doing, path, source),
        E::Elsewhere { path, link } => Failure::new(
            path.display().to_string(),
            format!("{} is a link that is not root's alone", link.display()),
            "remove the link, or give it and its folder to root",
        ),
        E::NoUser { kind, name } => Failure::new(
            name,
            format!("there is no {kind} of this name on the host"),
            "a plan makes users before what belongs to them; see /etc/passwd and /etc/group",
        ),
        E::NoCommand { program } => Failure::new(
            program,
            "the command is not on this host",
            format!("install the package that has {program}"),
        ),
        E::Command { command, cause } => Failure::new(command, cause, "run it by hand to see more"),
        E::NotCarried { path, found } => not_carried(path, found.as_deref()),
        E::NoSecret { name } => Failure::new(
            name,
            "the plan needs this credential, but it did not come with it",
            "run the same command again",
        ),
        E::WrongSecret { name } => Failure::new(
            name,
            "the credential that came is not the one that the plan names",
            "run the same command again",
        ),
        E::NoChain { step } => Failure::new(
            format!("step {step}"),
            "no signed certificate came for it",
            "run the same command again",
        ),
        E::ForeignChain { step, cause } => Failure::new(
            format!("step {step}"),
            format!("the certificate that came is refused: {cause}"),
            "see that operator and plan are of the same cluster",
        ),
        other => run_failure(other),
    }
}

fn run_failure(error: &E) -> Failure {
    match error {
        E::OtherCluster { found, wanted } => Failure::new(
            place::CLUSTER,
            format!("this host belongs to the cluster {found:?}, not to {wanted:?}"),
            "take it out of the inventory, or take it out of that cluster with `mesoform down`",
        ),
        E::NotLocal { step, what } => Failure::new(
            format!("step {step}"),
            format!("{what} cannot be made without root"),
            "use an inventory",
        ),
        E::Plan(error) => Failure::new("plan", error.to_string(), ""),
        E::Identity(error) => Failure::new("certificate", error.to_string(), ""),
        E::Signing { role, cause } => {
            Failure::new(format!("certificate of {role}"), cause, "see the cluster's CA")
        }
        E::UnitFailed { unit, cause, lines } => {
            let failure = Failure::new(unit, cause, format!("see: journalctl -u {unit}"));
            Failure { lines: lines.clone(), ..failure }
        }
        E::UnitLate { unit, waited_ms, active, status, lines } => {
            let words = if status.is_empty() { String::new() } else { format!(": {status}") };
            let cause = format!("still {active} after {} s{words}", waited_ms / 1000);
            let cure = format!("see: systemctl status {unit}");
            Failure { lines: lines.clone(), ..Failure::new(unit, cause, cure) }
        }
        other => session_failure(other),
    }
}

fn session_failure(error: &E) -> Failure {
    match error {
        E::RunId { id } => Failure::new(
            id,
            "is not the id of a run",
            "use up to 64 letters, digits and '._-', not starting with a dot or dash",
        ),
        E::RunExists { id } => {
            Failure::new(id, "there is a run of this id already", "use a new id for each run")
        }
        E::NoRun { id } => {
            let cause = format!("this run is not (or no longer) in {}", place::RUNS);
            Failure::new(id, cause, "run the same command again: it does what is missing")
        }
        E::StillRuns { id } => Failure::new(
            id,
            "an earlier run still works on this host",
            "wait until it ends, and run the same command again",
        ),
        E::JobSilent { id, waited_ms } => Failure::new(
            id,
            format!("the run's job said nothing for {} s after it was started", waited_ms / 1000),
            format!("see: systemctl status mesoform-run-{id}"),
        ),
        E::NoLock => Failure::new(place::LOCK, "the host's lock was not taken", "take it first"),
        E::LockLost { by: Some(lock) } => Failure::new(
            place::LOCK,
            format!("the lock ran out, and {} took it", lock.owner),
            "wait until that run ends, and run the same command again",
        ),
        E::LockLost { by: None } => {
            Failure::new(place::LOCK, "the lock ran out", "run the same command again")
        }
        E::LockBusy { lock, now_ms } => Failure::new(
            place::LOCK,
            format!(
                "{} has worked on this host for {} s",
                lock.owner,
                (now_ms - lock.since_ms) / 1000
            ),
            "wait until that run ends; a run that is gone loses the lock after 30 s",
        ),
        E::Protocol { cause } => {
            Failure::new("session", cause, "use the same version of mesoform on both sides")
        }
        E::Step { failure } => failure.clone(),
        _ => Failure::new("session", "the other side is gone", ""),
    }
}

fn not_carried(path: &Path, found: Option<&str>) -> Failure {
    let cause = match found {
        None => "the binary was not carried to the host".to_owned(),
        Some(sha256) => format!("the binary on the host is another one (SHA-256 {sha256})"),
    };
    Failure::new(path.display().to_string(), cause, "run the same command again")
}

fn file(doing: &str, path: &Path, source: &io::Error) -> Failure {
    use nix::errno::Errno;
    let errno = source.raw_os_error().map(Errno::from_raw);
    let (cause, cure) = match errno {
        Some(Errno::ENOSPC) => ("the disk is full", "free some space (see: df -h, df -i)"),
        Some(Errno::EDQUOT) => ("the disk quota is used up", "free some space, or raise the quota"),
        Some(Errno::EROFS) => {
            ("the file system is read-only", "see dmesg for why, and mount it writable")
        }
        Some(Errno::EACCES) => ("permission denied", "connect as root, or set ansible_become"),
        Some(Errno::EPERM) => (
            "not permitted",
            "connect as root, or set ansible_become; an immutable file shows an i in lsattr",
        ),
        Some(Errno::ENOENT) => ("its folder is missing", "make the folder first"),
        Some(Errno::ENOTDIR) => {
            ("a file is where a folder should be", "move that file away by hand")
        }
        Some(Errno::EISDIR | Errno::EEXIST) => {
            ("something else is at this place", "move it away by hand")
        }
        Some(Errno::ENOTEMPTY) => ("the folder is not empty", "empty it by hand"),
        Some(Errno::EBUSY) => ("it is in use or a mount point", "unmount it (see: findmnt)"),
        _ => ("", "see dmesg for errors of the disk"),
    };
    let cause = if cause.is_empty() { source.to_string() } else { cause.to_owned() };
    Failure::new(path.display().to_string(), format!("cannot {doing}: {cause}"), cure)
}
