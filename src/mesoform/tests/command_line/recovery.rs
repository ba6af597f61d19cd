//! What is told of files that nothing can be restored from, before any host is touched.

use crate::kit::{Ended, Folder};

const HOSTS: &str = "[masters]\na ansible_host=127.0.0.1 ansible_port=1\n";
const HEAD: &str = "mesoform quorum backup
{\"format\":1,\"cluster\":\"prod\",\"cluster_id\":\"abc\",\"revision\":7,\"applied\":9,\"made\":1700000000,\"version\":\"0.1.0\"}
";
/// Of the head and zeros up to 512 bytes.
const DIGEST: &str = "ccee47f65aeb312d1fe88eb430262040caa0449f423c5334784e489e42f7810f";

/// A backup of the cluster `prod`, in which nothing is.
fn prod() -> Vec<u8> {
    let mut bytes = HEAD.as_bytes().to_vec();
    bytes.resize(512, 0);
    let digit = |at: usize| u8::from_str_radix(&DIGEST[at..at + 2], 16).unwrap();
    bytes.extend((0..DIGEST.len()).step_by(2).map(digit));
    bytes
}

fn restore(content: &[u8], options: &str) -> Ended {
    let folder = Folder::with(HOSTS);
    folder.write("quorum.backup", content);
    folder.call(&format!("restore quorum.backup -i hosts.ini {options}"))
}

#[test]
fn a_file_that_is_no_whole_backup_is_refused_with_its_name_and_the_cure() {
    let whole = prod();
    let mut flipped = whole.clone();
    flipped[300] ^= 1;
    for (content, cause, cure) in [
        (&b""[..], "no backup of a quorum", "`mesoform backup`"),
        (&b"PK etcd"[..], "no backup of a quorum", "`mesoform backup`"),
        (&whole[..100], "first lines are damaged", "an older backup"),
        (&whole[..500], "not all of it is here", "an older backup"),
        (&flipped, "its checksum is wrong", "an older backup"),
    ] {
        let ended = restore(content, "--yes").expect(1);
        let line = ended.stderr.trim_end();
        assert!(line.starts_with("mesoform: quorum.backup: "), "{ended:?}");
        assert!(line.contains(cause) && line.contains(cure) && !line.contains('\n'), "{ended:?}");
    }
    let folder = Folder::with(HOSTS);
    for (line, words) in [
        ("restore none -i hosts.ini", "none cannot be read: No such file"),
        ("restore . -i hosts.ini", ". is a directory; name the file"),
        ("restore /dev/null -i hosts.ini", "/dev/null is no regular file"),
        ("backup -o . -i hosts.ini", "name the file that the backup goes to"),
        ("backup -o /tmp -i hosts.ini", "/tmp is a directory; name a file in it"),
        ("backup -o none/b -i hosts.ini", "none/b cannot be written: No such file"),
    ] {
        let ended = folder.call(line).expect(1);
        assert!(ended.stderr.contains(words), "{line}: {ended:?}");
    }
    assert_eq!(folder.names(), ["hosts.ini"], "nothing was made");
}

#[test]
fn a_backup_of_another_cluster_is_restored_where_that_is_asked_for_by_name_alone() {
    let words = "quorum.backup is a backup of the cluster `prod`, and the inventory describes `hosts`; \
                 where that is meant, say --from-cluster prod";
    for options in ["", "--yes", "--yes --overwrite", "--yes --from-cluster hosts"] {
        let ended = restore(&prod(), options).expect(1);
        let named = "is a backup of the cluster `prod`, not of `hosts`, as --from-cluster says";
        let words = if options.contains("from") { named } else { words };
        assert!(ended.stderr.contains(words), "{options}: {ended:?}");
    }
    // Then it is the hosts that count.
    let ended = restore(&prod(), "--yes --from-cluster prod").expect(4);
    assert!(!ended.stderr.contains("--from-cluster"), "{ended:?}");
    let ended = restore(&prod(), "--yes -e mesoform_cluster_name=prod").expect(4);
    assert!(!ended.stderr.contains("--from-cluster"), "{ended:?}");
}

#[test]
fn voters_that_a_limit_leaves_out_would_run_on_beside_the_new_quorum() {
    let host = |n: u8| {
        format!("h{n} ansible_host=127.0.0.1 ansible_port=1 mesoform_address=192.0.2.{n}\n")
    };
    let masters: String = (1..=3).map(host).collect();
    let folder = Folder::with(&format!("[masters]\n{masters}[agents]\n{}", host(4)));
    folder.write("quorum.backup", &prod());
    let restore = "restore quorum.backup -i hosts.ini --yes --overwrite --from-cluster prod";
    let ended = folder.call(&format!("{restore} --limit h1,h4")).expect(1);
    assert!(ended.stderr.contains("--limit leaves out the voters h2, h3: "), "{ended:?}");
    // Other hosts may be left out: then it is the voters that cannot be reached.
    folder.call(&format!("{restore} --limit masters")).expect(4);
}

#[test]
fn a_backup_that_does_not_come_leaves_the_last_one_alone() {
    let folder = Folder::with(HOSTS);
    folder.write("quorum.backup", b"the last one");
    let ended = folder.call("backup -o quorum.backup -i hosts.ini").expect(4);
    let told = "quorum.backup: no voter with data runs on a host that can be reached";
    assert!(ended.stderr.contains(told), "{ended:?}");
    let mut names = folder.names();
    names.sort();
    assert_eq!(names, ["hosts.ini", "quorum.backup"]);
    assert_eq!(folder.read("quorum.backup"), "the last one");
}
