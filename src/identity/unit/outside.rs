use super::peers::meet;
use super::*;
use mesoform_settings::{EtcdClient, EtcdTls};
use std::fs;

/// What an outsider shows, and whom it believes, of files that `install` made.
fn outside(paths: &PkiPaths) -> EtcdTls {
    let client = EtcdClient { cert: paths.cert.clone(), key: paths.key.clone() };
    EtcdTls { ca: paths.ca.clone(), client: Some(client) }
}

fn words(paths: &EtcdTls) -> String {
    Outside::load(paths).unwrap_err().to_string()
}

#[tokio::test]
async fn who_bears_the_name_and_the_signature_is_believed_whatever_its_role() {
    let (server_dir, client_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let authority = Authority::create("theirs").unwrap();
    let server = Identity::load(&install(&authority, server_dir.path(), Role::Agent)).unwrap();
    let server = server.server_config(Clients::Required, &[b"h2"]).unwrap();
    let paths = outside(&install(&authority, client_dir.path(), Role::Operator));
    let client = |paths: &EtcdTls| Outside::load(paths).unwrap().client_config(&[b"h2"]).unwrap();
    let (peer, protocol) = meet(server.clone(), client(&paths), "localhost").await.unwrap();
    assert_eq!(peer.unwrap().role, Role::Operator, "the certificate was shown");
    assert_eq!(protocol.unwrap(), b"h2");
    assert!(Outside::load(&paths).unwrap().not_after().is_some());

    assert!(meet(server.clone(), client(&paths), "elsewhere.example").await.is_err(), "its name");
    let stranger = EtcdTls { client: None, ..paths.clone() };
    assert!(Outside::load(&stranger).unwrap().not_after().is_none());
    assert!(meet(server.clone(), client(&stranger), "localhost").await.is_err(), "none was shown");
    let other = tempfile::tempdir().unwrap();
    let other = install(&Authority::create("theirs").unwrap(), other.path(), Role::Agent);
    let misled = EtcdTls { ca: other.ca, ..paths };
    assert!(meet(server, client(&misled), "localhost").await.is_err(), "another CA signed it");
}

#[test]
fn what_cannot_be_used_is_told_with_its_file() {
    let dirs = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let authority = Authority::create("theirs").unwrap();
    let good = outside(&install(&authority, dirs[0].path(), Role::Agent));
    let other = outside(&install(&authority, dirs[1].path(), Role::Agent));
    let with = |cert: &Path, key: &Path| EtcdTls {
        client: Some(EtcdClient { cert: cert.to_owned(), key: key.to_owned() }),
        ..good.clone()
    };
    let (own, others) = (good.client.clone().unwrap(), other.client.unwrap());
    let said = words(&with(&own.cert, &others.key));
    assert!(said.contains("do not belong together"), "{said}");
    let said = words(&with(&own.cert, Path::new("/none/key")));
    assert!(said.contains("/none/key: cannot be read"), "{said}");
    let said = words(&with(&own.key, &own.key));
    assert!(said.contains("agent.key") && said.contains("no PEM certificate"), "{said}");
    let said = words(&EtcdTls { ca: own.key.clone(), ..good.clone() });
    assert!(said.contains("agent.key") && said.contains("no PEM certificate"), "{said}");

    fs::set_permissions(&own.key, fs::Permissions::from_mode(0o640)).unwrap();
    let said = words(&good);
    assert!(said.contains("chmod 600"), "{said}");
    fs::set_permissions(&own.key, fs::Permissions::from_mode(0o600)).unwrap();
    let ended = Grant { lifetime: Duration::ZERO, ..grant(Role::Agent) };
    install_granted(&authority, dirs[0].path(), &ended);
    let said = words(&good);
    assert!(said.contains("agent.crt: this certificate ended"), "{said}");
    let shown =
        format!("{:?}", Outside::load(&outside(&install(&authority, dirs[0].path(), Role::Agent))));
    assert!(!shown.contains("PRIVATE"), "{shown}");
}
