use crate::cluster::{addresses, until_ok};
use crate::member::Member;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use zookeeper_client::{Client, Error};

const MEMBERS: usize = 3;
/// Where Debian has it; its manifest names what else it needs.
const JAR: &str = "/usr/share/java/zookeeper.jar";
/// Longer than any stall of a loaded machine.
const SESSION: Duration = Duration::from_secs(30);

/// Three members of Debian's ZooKeeper on this machine, ended with this value. They speak plain TCP, as
/// they mostly do.
pub struct Ensemble {
    pub members: Vec<Member>,
    /// From the first process to the first synced read at every member.
    pub start: Duration,
}

impl Ensemble {
    /// None: it is not installed.
    pub async fn start(dir: &Path) -> Option<Self> {
        std::fs::create_dir_all(dir).unwrap();
        if !Path::new(JAR).exists() {
            return None;
        }
        let peers: Vec<_> = addresses(MEMBERS * 2).chunks(2).map(peer).collect();
        let clients = addresses(MEMBERS);
        let begin = Instant::now();
        let members = clients.into_iter().enumerate().map(|(place, address)| {
            let home = dir.join(format!("h{place}"));
            let command = member(&home, place, &address, &peers);
            Member::start(address, home.join("data"), command)
        });
        let members = members.collect::<Option<Vec<_>>>()?;
        let mut ensemble = Self { members, start: Duration::ZERO };
        ensemble.ready().await;
        ensemble.start = begin.elapsed();
        Some(ensemble)
    }

    /// Waits until every member makes synced reads.
    pub async fn ready(&self) {
        for member in &self.members {
            until_ok(|| async {
                let Ok(client) = connect(&member.address).await else { return false };
                read(&client, "/", false).await.is_ok()
            })
            .await;
        }
    }

    /// So many sessions, spread over all members; a single one is the leader's.
    pub async fn sessions(&self, count: usize) -> Vec<Client> {
        let leader = self.leader().await;
        let member = |n: usize| &self.members[(leader + n) % self.members.len()].address;
        let connecting = (0..count).map(|n| connect(member(n)));
        futures::future::try_join_all(connecting).await.unwrap()
    }

    /// The place of the leading member.
    pub async fn leader(&self) -> usize {
        for (place, member) in self.members.iter().enumerate() {
            if mode(&member.address).await.is_ok_and(|mode| mode.contains("Mode: leader")) {
                return place;
            }
        }
        panic!("nobody leads");
    }
}

/// A session with one of `addresses`.
pub async fn connect(addresses: &str) -> Result<Client, Error> {
    Client::connector().with_session_timeout(SESSION).connect(addresses).await
}

/// Serializable: what the session's member has. Else all that the leader has committed is waited for.
pub async fn read(client: &Client, path: &str, serializable: bool) -> Result<(), Error> {
    if serializable {
        return client.get_data(path).await.map(|_| ());
    }
    let (synced, read) = tokio::join!(client.sync(path), client.get_data(path));
    synced.and(read.map(|_| ()))
}

async fn mode(address: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"srvr").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// A host with its port for entries and its port for elections.
fn peer(ports: &[String]) -> String {
    let (_, election) = ports[1].rsplit_once(':').unwrap();
    format!("{}:{election}", ports[0])
}

/// As it is packaged; it may be asked who leads, and have as many sessions as there are clients.
fn member(home: &Path, place: usize, address: &str, peers: &[String]) -> Command {
    let data = home.join("data");
    std::fs::create_dir_all(&data).unwrap();
    std::fs::write(data.join("myid"), format!("{}\n", place + 1)).unwrap();
    let (ip, port) = address.rsplit_once(':').unwrap();
    let mut settings = format!(
        "tickTime=2000\ninitLimit=10\nsyncLimit=5\nmaxClientCnxns=0\nadmin.enableServer=false\n\
         4lw.commands.whitelist=srvr\ndataDir={}\nclientPort={port}\nclientPortAddress={ip}\n",
        data.display()
    );
    for (place, peer) in peers.iter().enumerate() {
        writeln!(settings, "server.{}={peer}", place + 1).unwrap();
    }
    let file = home.join("zoo.cfg");
    std::fs::write(&file, settings).unwrap();
    let mut command = Command::new("java");
    command.args(["-cp", JAR, "org.apache.zookeeper.server.quorum.QuorumPeerMain"]).arg(file);
    command
}
