//! `mesoform serve`: what a host that boots from a document asks for, it gets.

use crate::kit::Folder;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;

const HOSTS: &str = "[masters]\nm1 ansible_host=10.0.0.1\nm2 mesoform_arch=arm64\nm3\n";
const ELF: [u8; 7] = *b"\x7fELF\x02\x01\x01";

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn get(address: &str, path: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    (head.lines().next().unwrap().to_owned(), answer[end..].to_vec())
}

#[test]
fn the_binaries_of_the_inventorys_architectures_are_offered() {
    let folder = Folder::with_binaries(HOSTS);
    let mut command = folder.command("serve -i hosts.ini --listen 127.0.0.1:0");
    let mut server = Server(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(server.0.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    let address = first.strip_prefix("mesoform_artifact_url=http://").unwrap();
    let address = address.strip_suffix('/').unwrap();
    for machine in ["aarch64", "x86_64"] {
        let name = format!("mesoform-{}-{machine}-unknown-linux-musl", env!("CARGO_PKG_VERSION"));
        assert!(lines.next().unwrap().unwrap().ends_with(&name));
        for path in [format!("/{name}"), format!("/{machine}")] {
            let (status, body) = get(address, &path);
            assert_eq!(
                (status.as_str(), &body[..7], body.len()),
                ("HTTP/1.1 200 OK", &ELF[..], 64)
            );
        }
    }
    assert_eq!(get(address, "/admin.yml").0, "HTTP/1.1 404 Not Found");
    assert_eq!(get(address, "/../hosts.ini").0, "HTTP/1.1 404 Not Found");
}

#[test]
fn what_cannot_be_served_is_told() {
    let folder = Folder::with_binaries(HOSTS);
    for (line, code, told) in [
        ("serve", 5, "which hosts?"),
        ("serve -i hosts.ini --listen here", 5, "--listen"),
        ("serve -i hosts.ini --listen 192.0.2.1:1", 1, "192.0.2.1:1"),
    ] {
        let ended = folder.with_dist(line).expect(code);
        assert!(ended.stderr.contains(told), "{line}: {ended:?}");
    }
}
