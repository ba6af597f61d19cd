//! What fetches the binary at the first boot, as a shell runs it: it tries again, and takes nothing that has
//! another hash.

use crate::kit::not_run;
use mesoform_plan::{Plan, Step, sha256_hex};
use mesoform_render::{Boot, Packer, Supply};
use mesoform_template::Templates;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

const BINARY: &str = "a binary, or what passes for one\n";

/// Answers each request with the next of `answers`, and then always with the last.
fn serve(answers: &'static [(&'static str, &'static str)]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let last = answers.last().into_iter().cycle();
        for ((status, body), stream) in answers.iter().chain(last).zip(listener.incoming()) {
            let Ok(mut stream) = stream else { return };
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let asked: Vec<String> =
                lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            assert!(asked[0].starts_with("GET /a%20b "), "{asked:?}");
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
            );
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    format!("http://{address}/a%20b")
}

/// The command of the unit, as systemd hands it to the shell.
fn script(unit: &str) -> String {
    let begin = unit.split("ExecStart=/bin/sh -c '").nth(1).unwrap();
    let script = begin.split('\'').next().unwrap();
    let rest = script.replace("$$", "");
    assert!(!rest.contains('$'), "systemd would take it for a variable: {script}");
    script.replace("\\\n", " ").replace("%%", "%").replace("$$", "$")
}

fn unit(binary: &Path, url: &str) -> String {
    unit_before(binary, url, &[])
}

/// On a host that also has `units`.
fn unit_before(binary: &Path, url: &str, units: &[&str]) -> String {
    let mut steps =
        vec![Step::Binary { path: binary.into(), sha256: sha256_hex(BINARY), size: 77 }];
    let enabled =
        |name: &&str| Step::Unit { name: (*name).to_owned(), enabled: true, inputs: Vec::new() };
    steps.extend(units.iter().map(enabled));
    let templates = Templates::embedded().unwrap();
    let supply = Supply {
        templates: &templates,
        packer: &Packer::default(),
        artifact_url: Some(url),
        join: None,
        address: None,
        extra_cloud_config: None,
    };
    let boot = Boot::of(&Plan::new("demo", "h1", steps), &supply).unwrap();
    assert!(boot.missing.is_nothing());
    boot.files[0].content.clone()
}

#[test]
fn the_binary_comes_in_the_end_and_no_other_one() {
    if Command::new("curl").arg("--version").output().is_err() {
        return not_run("curl, which fetches the binary,");
    }
    let url = serve(&[
        ("503 Busy", "not yet"),
        ("404 Not Found", "not here"),
        ("200 OK", "another binary"),
        ("200 OK", "and another"),
        ("200 OK", "and one more"),
        ("200 OK", "and the last"),
        ("200 OK", BINARY),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let binary = folder.path().join("versions/abc/mesoform");
    // Nobody waits for the next try here.
    let programs = folder.path().join("programs");
    fs::create_dir(&programs).unwrap();
    let pauses = folder.path().join("pauses");
    let sleep = format!("#!/bin/sh\necho $1 >> {}\n", pauses.display());
    fs::write(programs.join("sleep"), sleep).unwrap();
    fs::set_permissions(programs.join("sleep"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("/bin/sh");
    let script = script(&unit(&binary, &url));
    shell.args(["-c", &script]).env("PATH", path).env("no_proxy", "*");
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(fs::read_to_string(&binary).unwrap(), BINARY);
    assert_eq!(fs::metadata(&binary).unwrap().permissions().mode() & 0o7777, 0o755);
    let pauses = fs::read_to_string(pauses).unwrap();
    let seconds: Vec<u32> = pauses.lines().map(|line| line.parse().unwrap()).collect();
    assert!(seconds.starts_with(&[5, 10, 20, 40]), "{seconds:?}");
    assert!(seconds.iter().all(|pause| *pause <= 60), "{seconds:?}");
    let left = fs::read_dir(binary.parent().unwrap()).unwrap().count();
    assert_eq!(left, 1, "nothing of what was refused stays");
}

/// The operator's mounts come before whatever this unit needs, and his VPN may lead to the URL.
#[test]
fn only_what_needs_the_binary_waits_for_it() {
    let units = ["data.mount", "mesoform-agent.service", "vpn.service"];
    let unit = unit_before(Path::new("/opt/v/a/mesoform"), "http://192.0.2.1/", &units);
    assert!(unit.contains("\nBefore=mesoform-agent.service shutdown.target\n"), "{unit}");
}

#[test]
fn what_is_fetched_has_its_limits() {
    let unit = unit(Path::new("/opt/v/a/mesoform"), "http://[2001:db8::1]/m");
    assert!(unit.contains("\nLimitFSIZE=77\n"), "{unit}");
    assert!(unit.contains("timeout 900 wget ") && unit.contains("curl -g"), "{unit}");
    assert!(unit.contains("\nConditionPathExists=!/opt/mesoform/bin/mesoform\n"), "{unit}");
}
