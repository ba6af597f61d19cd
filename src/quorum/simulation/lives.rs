use super::lie::Lie;
use super::story::live;
use mesoform_checks::Dice;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const SEED: &str = "MESOFORM_SEED";
const LIE: &str = "MESOFORM_SIMULATED_LIE";
const ONE: &str = "simulation::lives::one_life";

/// How long lives are told, on all cores.
fn budget() -> Duration {
    let long = std::env::var_os("MESOFORM_LONG").is_some_and(|long| long != "0");
    Duration::from_secs(if long { 300 } else { 25 })
}

/// The life that `MESOFORM_SEED` stands for; without it there is nothing to tell.
#[test]
fn one_life() {
    let Some(seed) = std::env::var(SEED).ok().and_then(|seed| seed.parse().ok()) else { return };
    let words = tracing_subscriber::EnvFilter::try_from_default_env();
    tracing_subscriber::fmt()
        .with_env_filter(words.unwrap_or_else(|_| "off".into()))
        .with_writer(std::io::stderr)
        .init();
    let lie = std::env::var(LIE).ok().and_then(|name| Lie::named(&name));
    match live(seed, lie.unwrap_or_default()) {
        Ok(told) => {
            let faults = told.faults.join(", ");
            eprintln!("seed {seed}: {}; {faults}\ntrace {:x}", told.witnesses, told.trace);
        }
        Err(failure) => panic!("{SEED}={seed}: {failure}"),
    }
}

/// A life in a process of its own, as [`one_life`] tells it: what it said, or how it failed. Only so is the
/// same seed the same life: tokio counts its runtimes, and takes its chances by the number.
fn elsewhere(seed: u64, lie: &str) -> Result<String, String> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([ONE, "--exact", "--nocapture"])
        .env(SEED, seed.to_string())
        .env(LIE, lie)
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(said) } else { Err(said) }
}

/// One life after the other, each of another seed.
#[test]
fn no_life_breaks_a_promise() {
    if std::env::var_os(SEED).is_some() {
        return;
    }
    let first = Dice::seed();
    let (next, end) = (AtomicU64::new(first), Instant::now() + budget());
    let failures = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while Instant::now() < end && failures.lock().unwrap().is_empty() {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if let Err(failure) = elsewhere(seed, "") {
                        let failure = format!("{SEED}={seed} tells it again: {failure}");
                        failures.lock().unwrap().push(failure);
                    }
                }
            });
        }
    });
    eprintln!("{} lives, from seed {first} on", next.into_inner() - first);
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_same_seed_is_the_same_life() {
    for seed in 1..=3 {
        assert_eq!(elsewhere(seed, "").unwrap(), elsewhere(seed, "").unwrap());
    }
}

/// Some life must show the lie, as one of these rules broken.
fn expect_caught(lie: &str, rules: &[&str]) {
    let mut told = Vec::new();
    for seed in 1..=40 {
        if let Err(failure) = elsewhere(seed, lie) {
            let caught = rules.iter().any(|rule| failure.contains(rule));
            assert!(caught, "{lie} were taken for something else: {failure}");
            eprintln!("{lie} were caught by seed {seed}");
            return;
        }
        told.push(seed);
    }
    panic!("no one found out about {lie}: {told:?}");
}

#[test]
fn disks_that_do_not_flush_are_caught() {
    // A log that lost its end is also found out by Raft itself, or by the voter that opens it.
    expect_caught(
        "flushes",
        &["Linearizable", "Durable", "Caused", "RealTime", "voter ", "histories"],
    );
}

#[test]
fn reads_that_ask_nobody_are_caught() {
    expect_caught("reads", &["Linearizable", "RealTime"]);
}

#[test]
fn a_level_that_is_raised_without_asking_is_caught() {
    expect_caught("levels", &["left behind"]);
}
