use mesoform_transport::TransportError;

use crate::kit::find;
use crate::sshd_or_return;

#[tokio::test]
async fn hosts_are_reached_through_others() {
    let first = sshd_or_return!();
    let second = sshd_or_return!();
    let third = sshd_or_return!();
    let mut target = third.target();
    target.via = vec![first.target(), second.target()];
    let connection = third.open(&target).await.unwrap();
    let connected =
        connection.exec("echo \"$SSH_CONNECTION\"; cat | wc -c", &vec![b'x'; 3_000_000]).await;
    let text = connected.unwrap().text();
    assert!(text.contains("127.0.0.1") && text.contains("3000000"), "{text}");
    connection.close().await;
}

#[tokio::test]
async fn a_jump_host_that_is_not_known_is_not_used() {
    let first = sshd_or_return!();
    let second = sshd_or_return!();
    let mut target = second.target();
    target.via = vec![first.target()];
    first.write_known("");
    let error = second.open(&target).await.unwrap_err();
    assert!(matches!(error, TransportError::HostKeyUnknown { .. }), "{error}");
}

#[tokio::test]
async fn a_proxy_command_is_the_connection() {
    let sshd = sshd_or_return!();
    let mut target = sshd.target();
    let binary = find("sshd").unwrap();
    let config = sshd.path("sshd_config");
    target.proxy_command = Some(format!("{} -i -f {}", binary.display(), config.display()));
    target.host_key_alias = Some("behind".to_owned());
    sshd.write_known(&format!("behind {}\n", sshd.host_key("ed25519")));
    let connection = sshd.open(&target).await.unwrap();
    assert_eq!(connection.exec("echo through", b"").await.unwrap().text(), "through");
}
