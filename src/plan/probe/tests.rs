use super::{parse_probe, probe_script};
use crate::{Interest, Kind, Look, PlanError, sha256_hex};
use proptest::prelude::*;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Every shell and tool set on this machine that a host might have.
fn shells() -> Vec<Command> {
    let mut all = vec![Command::new("sh")];
    if let Some(busybox) = busybox() {
        let tools = Box::leak(Box::new(tempfile::tempdir().unwrap()));
        for tool in
            "sh stat sha256sum base64 od head readlink uname date id df sed grep nproc ip ls sort"
                .split(' ')
        {
            symlink(&busybox, tools.path().join(tool)).unwrap();
        }
        let mut sh = Command::new(tools.path().join("sh"));
        sh.env("PATH", tools.path());
        all.push(sh);
    }
    all
}

fn busybox() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join("busybox")).find(|file| file.is_file())
}

/// As over SSH: the script comes in on standard input.
fn run(mut shell: Command, script: &str) -> String {
    let mut child = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

fn look(paths: &[(&Path, Look)]) -> Interest {
    let paths = paths.iter().map(|(p, l)| ((*p).to_owned(), l.clone())).collect();
    Interest { paths, ..Interest::default() }
}

#[test]
fn a_real_host_is_understood() {
    for shell in shells() {
        let mut interest = Interest::default();
        interest.users.extend(["root".to_owned(), "nobody-of-ours".to_owned()]);
        let (facts, observed) = parse_probe(&run(shell, &probe_script(&interest))).unwrap();
        assert_eq!(observed.users.into_iter().collect::<Vec<_>>(), ["root"]);
        assert!(["x86_64", "aarch64"].contains(&facts.arch.as_str()), "{facts:?}");
        let now = jiff::Timestamp::now().as_millisecond();
        assert!((facts.epoch_ms - now).abs() < 60_000, "{facts:?}");
        assert!(facts.cpus > 0 && facts.mem_total_mib > 100, "{facts:?}");
        assert_eq!(facts.disk_free_mib.len(), 2);
        assert!(!facts.os_id.is_empty() && !facts.kernel.is_empty());
    }
}

#[test]
fn a_listening_port_is_seen() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    for shell in shells() {
        let (facts, _) = parse_probe(&run(shell, &probe_script(&Interest::default()))).unwrap();
        assert!(facts.listening.contains(&port), "{port} in {:?}", facts.listening);
    }
}

#[test]
fn whose_a_port_is_is_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (facts, _) =
        parse_probe(&run(Command::new("sh"), &probe_script(&Interest::default()))).unwrap();
    if std::env::split_paths(&std::env::var_os("PATH").unwrap()).any(|p| p.join("ss").exists()) {
        let [holder] = &facts.holders[&port][..] else { panic!("{:?}", facts.holders) };
        assert_eq!(holder.pid, std::process::id());
        let comm = std::fs::read_to_string("/proc/self/comm").unwrap();
        assert_eq!(holder.name, comm.trim_end());
    }
    let answer = "@mesoform-probe 1\n@holder 80 7 web.service my httpd\n@holder 80 8 - sh\n@end\n";
    let (facts, _) = parse_probe(answer).unwrap();
    let told: Vec<String> = facts.holders[&80].iter().map(ToString::to_string).collect();
    assert_eq!(told, ["my httpd (pid 7, web.service)", "sh (pid 8)"]);
}

#[test]
fn names_that_do_not_resolve_are_told() {
    let names = ["localhost".to_owned(), "no-such-host.invalid".to_owned(), "odd'; $name".into()];
    let interest = Interest { names: names.into(), ..Interest::default() };
    let (facts, _) = parse_probe(&run(Command::new("sh"), &probe_script(&interest))).unwrap();
    let unresolved: Vec<_> = facts.unresolved.iter().map(String::as_str).collect();
    assert_eq!(unresolved, ["no-such-host.invalid", "odd'; $name"]);
}

#[test]
fn paths_are_seen_as_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at("same"), "same").unwrap();
    std::fs::write(at("other"), "other\n\u{fc}").unwrap();
    std::fs::set_permissions(at("other"), PermissionsExt::from_mode(0o4750)).unwrap();
    std::fs::write(at("secret"), "secret").unwrap();
    std::fs::write(at("long"), vec![b'x'; 65 * 1024]).unwrap();
    std::fs::write(at("bytes"), [0xff, 0xfe]).unwrap();
    std::fs::write(at("x.crt"), "-----BEGIN CERTIFICATE-----\n").unwrap();
    symlink("nowhere\nelse", at("link")).unwrap();
    let text = |t: &str| Look::Text { wanted: sha256_hex(t) };
    let (same, other, secret) = (at("same"), at("other"), at("secret"));
    let interest = look(&[
        (&same, text("same")),
        (&other, text("wanted")),
        (&secret, Look::Hash),
        (&at("long"), text("wanted")),
        (&at("bytes"), text("wanted")),
        (&at("x.crt"), Look::Certificate),
        (&at("link"), text("wanted")),
        (&at("missing"), text("wanted")),
        (dir.path(), Look::Stat),
    ]);
    for shell in shells() {
        let (_, seen) = parse_probe(&run(shell, &probe_script(&interest))).unwrap();
        let state = |name: &str| seen.paths.get(&at(name)).cloned();
        assert_eq!(state("same").unwrap().text, None);
        let other = state("other").unwrap();
        assert_eq!((other.mode, other.text.as_deref()), (0o4750, Some("other\n\u{fc}")));
        let secret = state("secret").unwrap();
        assert_eq!((secret.sha256, secret.text), (Some(sha256_hex("secret")), None));
        assert_eq!(state("long").unwrap().text, None);
        assert_eq!(state("bytes").unwrap().text, None);
        assert_eq!(state("bytes").unwrap().sha256, Some(sha256_hex([0xff, 0xfe])));
        assert_eq!(state("link").unwrap().target, Some("nowhere\nelse".into()));
        assert_eq!(state("missing"), None);
        assert_eq!(seen.paths[dir.path()].kind, Kind::Directory);
        assert_eq!(seen.certificates[&at("x.crt")], "-----BEGIN CERTIFICATE-----\n");
    }
}

#[test]
fn a_cut_answer_and_noise_before_it() {
    let whole = run(Command::new("sh"), &probe_script(&Interest::default()));
    parse_probe(&format!("You have mail.\n@home\n{whole}")).unwrap();
    let cut = whole.strip_suffix("@end\n").unwrap();
    assert!(matches!(parse_probe(cut), Err(PlanError::ProbeCut { .. })));
    let said = parse_probe("sh: not found\n").unwrap_err().to_string();
    assert!(said.contains("sh: not found"), "{said}");
}

#[test]
fn a_script_that_arrives_cut_does_nothing() {
    let script = probe_script(&Interest::default());
    let cut = &script[..script.len() - 60];
    let output = Command::new("sh").arg("-c").arg(cut).output().unwrap();
    assert!(output.stdout.is_empty());
}

#[test]
fn versions_are_seen_with_who_uses_them() {
    let dir = tempfile::tempdir().unwrap();
    let at = |path: &str| dir.path().join(path);
    for version in ["versions/a1", "versions/b2", "versions/odd name", "bin"] {
        std::fs::create_dir_all(at(version)).unwrap();
    }
    std::fs::copy("/bin/sleep", at("versions/b2/mesoform")).unwrap();
    symlink(at("versions/a1/mesoform"), at("bin/mesoform-quorum")).unwrap();
    let mut child = Command::new(at("versions/b2/mesoform")).arg("1000").spawn().unwrap();
    let versions = crate::VersionsAt { dir: at("versions"), links: at("bin") };
    let interest = Interest { versions: Some(versions), ..Interest::default() };
    let looked = shells().into_iter().map(|shell| run(shell, &probe_script(&interest)));
    let answers: Vec<String> = looked.collect();
    child.kill().unwrap();
    child.wait().unwrap();
    for answer in answers {
        let seen = parse_probe(&answer).unwrap().1.versions;
        assert_eq!(seen.there.keys().collect::<Vec<_>>(), ["a1", "b2"], "{answer}");
        assert!(seen.there.values().all(|brought| *brought > 1_700_000_000));
        assert_eq!(seen.links[&at("bin/mesoform-quorum")], at("versions/a1/mesoform"));
        assert_eq!(seen.running.into_iter().collect::<Vec<_>>(), ["b2"], "{answer}");
    }
}

#[test]
fn where_no_version_is_there_is_nothing_to_see() {
    let versions = crate::VersionsAt { dir: "/none/such".into(), links: "/none/bin".into() };
    let interest = Interest { versions: Some(versions), ..Interest::default() };
    for shell in shells() {
        let (_, seen) = parse_probe(&run(shell, &probe_script(&interest))).unwrap();
        assert_eq!(seen.versions, crate::Versions::default());
    }
}

const ANSWER: &str = r#"@mesoform-probe 1
@enc hex
@uname node1 6.1.0-13-amd64 x86_64
@time 1700000000 
@uid 1000
@sudo asks
@systemd 252.39-1
@os PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
@os ID=debian
@os VERSION_ID="12"
@mem 2048000
@cpus 4
@df Filesystem     1024-blocks    Used Available Capacity Mounted on
@df /dev/my disk       10485760 1048576   9437184      10% /opt
@df overlay            10485760 1048576   1048576      90% /var/lib
@tcp    0: 0100007F:1389 00000000:0000 0A 00000000:00000000 00:00000000
@ip 2: host0    inet 10.0.0.5/24 brd 10.0.0.255 scope global host0
@cluster prod abc123
@lock {"owner":"ann@desk","run_id":"r1","since_ms":1,"expires_ms":2}
@last r1
@outcome {"outcome":"done","changed":3}
@unit UnitFileState=enabled
@unit Id=a.service
@unit ActiveState=active
@unit LoadState=loaded
@unit NeedDaemonReload=no
@unit 
@unit Id=b.service
@unit ActiveState=inactive
@unit LoadState=not-found
@inputs a.service 00ff
@version 1700000000 0123456789abcdef
@version 1700000000 odd name
@leads /opt/mesoform/bin/mesoform /opt/mesoform/versions/0123456789abcdef/mesoform
@runs 0123456789abcdef
@path 2f61
@there 0
@stat 81a4 12345 0 UNKNOWN root
@hashed 0
@sha \ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb  /a
@text 0
 61
 0a
@end
"#;

#[test]
fn an_answer_of_a_small_host() {
    let (facts, observed) = parse_probe(ANSWER).unwrap();
    insta::assert_json_snapshot!("facts", facts);
    insta::assert_json_snapshot!("observed", observed);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Through a real shell, so that quoting is what it is.
    #[test]
    fn odd_names_survive(names in prop::collection::btree_set("[^/\0]{1,12}", 1..6)) {
        let dir = tempfile::tempdir().unwrap();
        let mut interest = Interest::default();
        for name in names.iter().filter(|name| !matches!(name.as_str(), "." | "..")) {
            let path = dir.path().join(name);
            std::fs::write(&path, name).unwrap();
            interest.look(&path, Look::Text { wanted: String::new() });
        }
        let answer = run(Command::new("sh"), &probe_script(&interest));
        let (_, seen) = parse_probe(&answer).unwrap();
        prop_assert_eq!(seen.paths.len(), interest.paths.len());
        for (path, state) in &seen.paths {
            let name = path.file_name().unwrap().to_str().unwrap();
            prop_assert_eq!(state.text.as_deref(), Some(name));
            prop_assert_eq!(state.sha256.clone(), Some(sha256_hex(name)));
        }
    }

    #[test]
    fn no_answer_makes_it_panic(lines in prop::collection::vec("@?(version|leads|runs|there|stat|hashed|sha|text|link|unit|df|tcp|ip|time|path)? ?[ -~\u{e9}]{0,20}", 0..20)) {
        let text = format!("@mesoform-probe 1\n{}\n@end\n", lines.join("\n"));
        let _ = parse_probe(&text);
    }
}
