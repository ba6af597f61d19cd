//! `mesoform render`, as a user calls it.

use crate::kit::Folder;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

const HOSTS: &str = "[masters]\nm1 ansible_host=10.0.0.1\n[agents]\nm1\na1 ansible_host=10.0.0.2 \
                     mesoform_arch=arm64\n[all:vars]\nmesoform_artifact_url=http://10.0.0.9/{arch}\n";

/// The list of what was rendered is hidden.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    names
}

#[test]
fn each_format_goes_to_standard_output_or_to_files() {
    let folder = Folder::with_binaries(HOSTS);
    for (format, begins, files) in [
        ("cloud-config", "#cloud-config\n# m1 of the cluster hosts", ["a1.yaml", "m1.yaml"]),
        ("coreos", "#cloud-config\n# m1 of the cluster hosts", ["a1.yaml", "m1.yaml"]),
        ("ignition", "{\n\"ignition\": {\n\"version\": \"3.3.0\"", ["a1.ign", "m1.ign"]),
        ("plan", "{\n  \"format\": 1,\n  \"cluster\": \"hosts\"", ["a1.json", "m1.json"]),
        ("units", "### m1: /etc/hostname (0644 root:root)\nm1\n", ["a1", "m1"]),
    ] {
        let render = |rest: &str| {
            folder.with_dist(&format!("render --{format} -i hosts.ini {rest}")).expect(0)
        };
        let one = render("--host m1").stdout;
        assert!(one.starts_with(begins), "{one}");
        render("-o documents");
        let made = folder.path().join("documents");
        assert_eq!(names(&made), files);
        if format != "units" {
            assert_eq!(fs::read_to_string(made.join(files[1])).unwrap(), one);
        }
        // The same again, in the place of what was rendered, and of nothing else.
        let stray = made.join("m1/etc/stray");
        if format == "units" {
            fs::write(&stray, "").unwrap();
        }
        render("-o documents");
        assert_eq!(stray.exists(), format == "units");
        fs::remove_dir_all(made).unwrap();
    }
}

#[test]
fn documents_of_several_hosts_are_told_apart() {
    let folder = Folder::with_binaries(HOSTS);
    let all = folder.with_dist("render --cloud-config -i hosts.ini").expect(0).stdout;
    let heads: Vec<&str> = all.lines().filter(|line| line.starts_with("---")).collect();
    assert_eq!(heads, ["--- # m1", "--- # a1"]);
    for format in ["ignition", "plan"] {
        let all = folder.with_dist(&format!("render --{format} -i hosts.ini")).expect(0).stdout;
        let all: serde_json::Value = serde_json::from_str(&all).unwrap();
        let keys: Vec<&String> = all.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["m1", "a1"], "{format}");
    }
}

/// The first call makes the CA, and says so; all say what no document has.
#[test]
fn what_is_not_in_a_document_is_told() {
    let folder = Folder::with_binaries(HOSTS);
    let first = folder.with_dist("render --cloud-config -i hosts.ini --host m1").expect(0);
    assert!(first.stderr.contains("made the CA and the password of hosts"), "{first:?}");
    let again = folder.with_dist("render --cloud-config -i hosts.ini --host m1").expect(0);
    assert_eq!(again.stdout, first.stdout);
    assert!(!again.stderr.contains("made the CA"), "{again:?}");
    let told = "not in there: 5 certificates with their keys, 3 secret files";
    assert!(again.stderr.contains(told), "{again:?}");
    assert!(again.stdout.contains("# Not in here: 5 certificates with their keys, 3 secret"));
    let plan = folder.with_dist("render --plan -i hosts.ini --host m1").expect(0);
    assert_eq!(plan.stderr, "");
    // Another architecture, another binary.
    let agent =
        folder.with_dist("render --cloud-config -i hosts.ini --host a1 --limit-bytes 99999");
    assert!(agent.stdout.contains("http://10.0.0.9/aarch64\""), "{agent:?}");
    let without =
        folder.with_dist("render --cloud-config -i hosts.ini -e mesoform_artifact_url= --host a1");
    assert!(without.stderr.contains("mesoform_artifact_url is \"\""), "{without:?}");
}

#[test]
fn what_cannot_be_rendered_is_told() {
    let folder = Folder::with_binaries(HOSTS);
    for (line, code, told) in [
        ("render -i hosts.ini", 5, "--cloud-config"),
        ("render --plan --units -i hosts.ini", 5, "cannot be used with"),
        ("render --plan", 5, "which hosts? name an inventory with -i"),
        ("render --plan -i hosts.ini --host nobody", 1, "the cluster has no host \"nobody\""),
        (
            "render --ignition -i hosts.ini --limit-bytes 900",
            1,
            "more than the 900 that fit; the largest parts: /etc",
        ),
        ("render --plan -i hosts.ini -e mesoform_arch=sparc", 1, "x86_64 or aarch64"),
        (
            "render --plan -i hosts.ini -e mesoform_artifact_url=ftp://x",
            1,
            "set it to a URL (http:// or https://",
        ),
        ("render --plan -i hosts.ini -e mesoform_extra_cloud_config=x", 1, "is no dictionary"),
    ] {
        let ended = folder.with_dist(line).expect(code);
        assert_eq!(ended.stdout, "", "{line}");
        assert!(ended.stderr.contains(told), "{line}: {ended:?}");
    }
    let other = folder.path().join("out/m1");
    fs::create_dir_all(&other).unwrap();
    let ended = folder.with_dist("render --units -i hosts.ini -o out --host m1").expect(1);
    assert!(ended.stderr.contains("out/m1 is there and was not rendered"), "{ended:?}");
}

#[test]
fn modes_are_kept_in_a_tree() {
    let folder = Folder::with_binaries(HOSTS);
    folder.with_dist("render --units -i hosts.ini -o out").expect(0);
    let unit = folder.path().join("out/m1/etc/systemd/system/mesoform-master.service");
    assert_eq!(fs::metadata(unit).unwrap().permissions().mode() & 0o777, 0o644);
    let wants = folder.path().join("out/a1/etc/systemd/system/multi-user.target.wants");
    assert_eq!(names(&wants), ["mesoform-agent.service", "mesoform-artifact.service"]);
}

/// The operator's own modules, beside what the plan asks for.
#[test]
fn extra_cloud_config_is_merged() {
    let folder = Folder::with_binaries(HOSTS);
    fs::create_dir(folder.path().join("group_vars")).unwrap();
    folder.write(
        "group_vars/all.yml",
        b"mesoform_extra_cloud_config:\n  packages: [jq]\n  users: [default, {name: ann}]\n  runcmd: [[echo, done]]\n",
    );
    let text = folder.with_dist("render --cloud-config -i hosts.ini --host a1").expect(0).stdout;
    assert!(text.contains("\npackages:\n  - jq\n"), "{text}");
    assert!(text.contains("  - name: ann\n") && text.matches("- default\n").count() == 1, "{text}");
    assert!(text.contains("  - [echo, done]\n"), "{text}");
    let other = folder.with_dist("render --ignition -i hosts.ini --host a1").expect(0);
    assert!(other.stderr.contains("mesoform_extra_cloud_config has no place"), "{other:?}");
}

/// Units and the skeleton, from the command line and from the inventory.
#[test]
fn templates_of_the_operators_take_the_place_of_ours() {
    let folder = Folder::with_binaries(HOSTS);
    let own = folder.path().join("own");
    fs::create_dir_all(own.join("boot")).unwrap();
    let skeleton = own.join("boot/cloud-config.yml");
    fs::write(&skeleton, "timezone: UTC\nhostname: {{ hostname }}-{{ cluster }}\n").unwrap();
    for way in ["--templates own", "-e mesoform_templates=own"] {
        let line = format!("render --cloud-config -i hosts.ini --host a1 {way}");
        let text = folder.with_dist(&line).expect(0).stdout;
        assert!(text.contains("\ntimezone: UTC\nhostname: a1-hosts\n"), "{text}");
    }
    fs::write(&skeleton, "a: b\nhostname: {{ hostnam }}\n").unwrap();
    let line = "render --cloud-config -i hosts.ini --host a1 -e mesoform_templates=own";
    let ended = folder.with_dist(line).expect(1);
    let told = "own/boot/cloud-config.yml, line 2: undefined value: `hostnam` is undefined";
    assert!(ended.stderr.contains(told), "{ended:?}");
    fs::write(&skeleton, "- a\n").unwrap();
    let ended = folder.with_dist(line).expect(1);
    assert!(
        ended.stderr.contains("template boot/cloud-config.yml: it renders no mapping"),
        "{ended:?}"
    );
}
