use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use mesoform_transport::{Artifact, Carry, Connection, Target, TransportError};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::kit::{run, user};
use crate::sshd_or_return;

/// A stand-in for the binary: says how it was called and gives back its input. Padded with what does
/// not compress, so that it goes over in many pieces.
async fn binary(dir: &Path) -> Artifact {
    let noise: String =
        (0..60_000_u32).map(|i| format!("#{:x}\n", i.wrapping_mul(2_654_435_761))).collect();
    let path = dir.join("fake");
    std::fs::write(&path, format!("#!/bin/sh\necho \"called $*\"\nexec cat\n{noise}")).unwrap();
    Artifact::load(&path).await.unwrap()
}

/// Opens a session, talks, and returns what came back.
async fn talk(
    connection: &Connection,
    versions: &Path,
    artifact: &Artifact,
    carry: Carry,
) -> Result<(String, u64), TransportError> {
    let sent = Mutex::new(0);
    let progress = |bytes: u64, total: u64| {
        assert!(bytes <= total);
        *sent.lock().unwrap() = bytes;
    };
    let versions = versions.to_str().unwrap();
    let session = connection.session_in(versions, "apply --session", artifact, carry, &progress);
    let mut channel = tokio::time::timeout(Duration::from_secs(120), session).await.unwrap()?;
    channel.write_all(b"the session's\0input").await.unwrap();
    channel.shutdown().await.unwrap();
    let mut text = String::new();
    channel.read_to_string(&mut text).await.unwrap();
    assert!(channel.end.wait().await.unwrap().success());
    let sent = *sent.lock().unwrap();
    Ok((text, sent))
}

const ANSWER: &str = "called apply --session\nthe session's\0input";

#[tokio::test]
async fn a_binary_is_carried_once_and_never_out_of_step() {
    let sshd = sshd_or_return!();
    for connection in [
        sshd.connect().await,
        Connection::open(&Target::local("here"), &Default::default()).await.unwrap(),
    ] {
        let dir = TempDir::new().unwrap();
        let (artifact, versions) = (binary(dir.path()).await, dir.path().join("it's versions"));
        let missing = talk(&connection, &versions, &artifact, Carry::Never).await.unwrap_err();
        assert!(matches!(missing, TransportError::BinaryMissing { .. }), "{missing}");
        let (text, sent) = talk(&connection, &versions, &artifact, Carry::IfMissing).await.unwrap();
        assert_eq!(text, ANSWER);
        assert!(sent > 100_000, "{sent}");
        // There already: nothing goes over, whether asked or not needed.
        for carry in [Carry::IfMissing, Carry::Never] {
            assert_eq!(
                talk(&connection, &versions, &artifact, carry).await.unwrap(),
                (ANSWER.to_owned(), 0)
            );
        }
        // There already, and sent all the same: the session's input starts in the right place.
        assert_eq!(
            talk(&connection, &versions, &artifact, Carry::Now).await.unwrap(),
            (ANSWER.to_owned(), sent)
        );
        let place = versions.join(artifact.version()).join("mesoform");
        assert_eq!(std::fs::read(&place).unwrap(), std::fs::read(artifact.path()).unwrap());
        // Damaged on the host: seen, and carried again.
        std::fs::write(&place, "#!/bin/sh\necho wrong\n").unwrap();
        assert_eq!(talk(&connection, &versions, &artifact, Carry::Now).await.unwrap().0, ANSWER);
        assert_eq!(std::fs::read_dir(place.parent().unwrap()).unwrap().count(), 1);
    }
}

#[tokio::test]
async fn the_compressed_form_is_kept_and_belongs_to_one_build() {
    let dir = TempDir::new().unwrap();
    let names = || {
        let mut names: Vec<String> = std::fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".gz"))
            .collect();
        names.sort();
        names
    };
    let here = Connection::open(&Target::local("here"), &Default::default()).await.unwrap();
    let artifact = binary(dir.path()).await;
    talk(&here, &dir.path().join("v"), &artifact, Carry::Now).await.unwrap();
    assert_eq!(names(), [format!("fake.{}.gz", artifact.version())]);
    std::fs::write(dir.path().join("fake"), "#!/bin/sh\necho \"called $*\"\nexec cat\n").unwrap();
    let newer = Artifact::load(&dir.path().join("fake")).await.unwrap();
    talk(&here, &dir.path().join("v"), &newer, Carry::Now).await.unwrap();
    assert_eq!(names(), [format!("fake.{}.gz", newer.version())]);
}

#[tokio::test]
async fn a_full_disk_is_told_with_its_place() {
    if user() != "root" {
        eprintln!("skipped: needs root for a small file system");
        return;
    }
    let dir = TempDir::new().unwrap();
    let small = dir.path().join("small");
    std::fs::create_dir(&small).unwrap();
    run(std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=64k", "small"])
        .arg(&small));
    let here = Connection::open(&Target::local("here"), &Default::default()).await.unwrap();
    let artifact = binary(dir.path()).await;
    let full = talk(&here, &small.join("versions"), &artifact, Carry::Now).await;
    let left =
        std::fs::read_dir(small.join("versions").join(artifact.version())).map(Iterator::count);
    run(std::process::Command::new("umount").arg(&small));
    let full = full.unwrap_err();
    assert!(matches!(full, TransportError::DiskFull { .. }), "{full}");
    assert!(full.to_string().contains("small/versions"), "{full}");
    assert_eq!(left.unwrap(), 0, "the half of a binary was left behind");
}

#[tokio::test]
async fn a_binary_that_changed_meanwhile_is_not_carried() {
    let dir = TempDir::new().unwrap();
    let artifact = binary(dir.path()).await;
    std::fs::write(artifact.path(), "another").unwrap();
    let here = Connection::open(&Target::local("here"), &Default::default()).await.unwrap();
    let changed = talk(&here, &dir.path().join("v"), &artifact, Carry::Now).await.unwrap_err();
    assert!(changed.to_string().contains("changed while"), "{changed}");
}
