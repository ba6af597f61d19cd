//! A real sshd in a folder of its own. Each connection is taken by the test and handed to an
//! `sshd -i`, so no port can be in use, and the test can cut a connection wherever it likes.

use std::fs;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mesoform_transport::{Auth, Connection, Target, TransportError};
use tempfile::TempDir;

pub struct Sshd {
    pub dir: TempDir,
    pub port: u16,
    taken: Arc<Mutex<Vec<(TcpStream, Child)>>>,
}

/// Ends a test where a tool it needs is not installed.
#[macro_export]
macro_rules! sshd_or_return {
    ($kinds:expr, $options:expr) => {
        match $crate::kit::Sshd::start($kinds, $options) {
            Some(sshd) => sshd,
            None => return,
        }
    };
    () => {
        $crate::sshd_or_return!(&["ed25519"], "")
    };
}

impl Sshd {
    /// With host keys of these kinds and these further lines of configuration.
    pub fn start(kinds: &[&str], options: &str) -> Option<Self> {
        let Some(binary) = find("sshd") else {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "sshd is not installed");
            eprintln!("skipped: sshd is not installed (Debian: openssh-server)");
            return None;
        };
        let dir = TempDir::new().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        if user() == "root" {
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let mut config = format!(
            "UsePAM no\nStrictModes no\nPidFile none\nLogLevel ERROR\nPermitRootLogin yes\n\
             PasswordAuthentication no\nAuthorizedKeysFile {0}/authorized_keys\n{options}\n",
            dir.path().display()
        );
        for kind in kinds {
            let key = generate(dir.path(), &format!("host_{kind}"), kind, "");
            config += &format!("HostKey {}\n", key.display());
        }
        fs::write(dir.path().join("sshd_config"), config).unwrap();
        let user_key = generate(dir.path(), "user", "ed25519", "");
        authorize(dir.path(), &user_key);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let taken = Arc::new(Mutex::new(Vec::new()));
        serve(listener, binary, dir.path().join("sshd_config"), taken.clone());
        let sshd = Self { dir, port, taken };
        let known: String = kinds.iter().map(|kind| sshd.known_line(kind)).collect();
        sshd.write_known(&known);
        Some(sshd)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The host's public key of a kind: "ssh-ed25519 AAAA…".
    pub fn host_key(&self, kind: &str) -> String {
        let text = fs::read_to_string(self.path(&format!("host_{kind}.pub"))).unwrap();
        text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    }

    pub fn lookup(&self) -> String {
        format!("[127.0.0.1]:{}", self.port)
    }

    pub fn known_line(&self, kind: &str) -> String {
        format!("{} {}\n", self.lookup(), self.host_key(kind))
    }

    pub fn write_known(&self, text: &str) {
        fs::write(self.path("known_hosts"), text).unwrap();
    }

    pub fn known(&self) -> String {
        fs::read_to_string(self.path("known_hosts")).unwrap_or_default()
    }

    /// A target that works: known host key, right user key.
    pub fn target(&self) -> Target {
        let mut target = Target::ssh("h1", "127.0.0.1", self.port, &user());
        target.keys = vec![self.path("user")];
        target.known_hosts = vec![self.path("known_hosts")];
        // On a machine that is busy.
        target.timeout = Duration::from_secs(60);
        target
    }

    pub async fn connect(&self) -> Connection {
        self.open(&self.target()).await.unwrap()
    }

    pub async fn open(&self, target: &Target) -> Result<Connection, TransportError> {
        Connection::open(target, &Auth::default()).await
    }

    /// Cuts all connections that are open now, as a pulled cable with a reset would.
    pub fn cut(&self) {
        for (stream, _) in self.taken.lock().unwrap().iter() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.cut();
        for (_, child) in self.taken.lock().unwrap().iter_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn serve(
    listener: TcpListener,
    binary: PathBuf,
    config: PathBuf,
    taken: Arc<Mutex<Vec<(TcpStream, Child)>>>,
) {
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let fd = |stream: &TcpStream| OwnedFd::from(stream.try_clone().unwrap());
            let mut log = fs::File::options();
            let log =
                log.create(true).append(true).open(config.with_file_name("sshd.log")).unwrap();
            let child = Command::new(&binary)
                .args(["-i", "-e", "-f"])
                .arg(&config)
                .stdin(Stdio::from(fd(&stream)))
                .stdout(Stdio::from(fd(&stream)))
                .stderr(log)
                .spawn();
            match child {
                Ok(child) => taken.lock().unwrap().push((stream, child)),
                Err(_) => return,
            }
        }
    });
}

pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    path.split(':').map(|dir| Path::new(dir).join(program)).find(|path| path.is_file())
}

pub fn user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Makes a key pair with ssh-keygen.
pub fn generate(dir: &Path, name: &str, kind: &str, passphrase: &str) -> PathBuf {
    let path = dir.join(name);
    run(Command::new("ssh-keygen")
        .args(["-q", "-N", passphrase, "-t", kind, "-C", name, "-f"])
        .arg(&path));
    path
}

/// Lets whoever has the key in.
pub fn authorize(dir: &Path, key: &Path) {
    let public = fs::read_to_string(key.with_extension("pub")).unwrap();
    let file = dir.join("authorized_keys");
    let before = fs::read_to_string(&file).unwrap_or_default();
    fs::write(file, before + &public).unwrap();
}

pub fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {stderr}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
