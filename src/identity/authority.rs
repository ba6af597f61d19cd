use crate::grant::random_serial;
use crate::key_request::proven_key;
use crate::peer::check_cluster;
use crate::{
    Grant, IdentityError, Invitation, KeyRequest, Leaf, Result, Role, Secret, files, inspect,
    write_public, write_secret, x509,
};
use jiff::{SignedDuration, Timestamp};
use mesoform_settings::PkiPaths;
use nix::fcntl::{Flock, FlockArg};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use std::fs::{DirBuilder, File};
use std::net::IpAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Ten years.
const CA_LIFETIME: Duration = Duration::from_secs(3652 * 24 * 3600);
const CA_NAME_PREFIX: &str = "mesoform ";

/// The cluster's root CA, at the operator.
#[derive(Debug)]
pub struct Authority {
    cluster: String,
    pem: String,
    fingerprint: String,
    key_pem: Secret,
    end: SystemTime,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Makes a new root for `cluster`, in memory only.
    ///
    /// # Errors
    /// The name does not do, or the system gives no randomness.
    pub fn create(cluster: &str) -> Result<Self> {
        let key_pem = KeyRequest::generate()?.key_pem;
        let pem = self_signed(cluster, &key_pem)?;
        Self::from_pem(pem, key_pem, Path::new("ca.crt"))
    }

    /// The root in `dir` (`ca.crt`, `ca.key`), which is made where there is none. `dir` is created
    /// with mode 0700. Two who call this at once get the same root.
    ///
    /// # Errors
    /// The folder holds another cluster's root, or a root without its key; files cannot be used.
    pub fn load_or_create(dir: &Path, cluster: &str) -> Result<Self> {
        check_cluster(cluster)?;
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(write_error(dir))?;
        let _lock = lock_folder(dir)?;
        let paths = CaPaths::in_dir(dir);
        if !paths.cert.exists() {
            paths.create(cluster)?;
        }
        Self::load_of(dir, cluster)
    }

    /// As [`Authority::load`], but only where it is the root of `cluster`.
    ///
    /// # Errors
    /// It is another cluster's, and as [`Authority::load`].
    pub fn load_of(dir: &Path, cluster: &str) -> Result<Self> {
        let authority = Self::load(dir)?;
        if authority.cluster != cluster {
            let (found, wanted) = (authority.cluster, cluster.to_owned());
            return Err(IdentityError::OtherCluster {
                path: CaPaths::in_dir(dir).cert,
                found,
                wanted,
            });
        }
        Ok(authority)
    }

    /// The root in `dir`, which must be there.
    ///
    /// # Errors
    /// A file is missing, malformed, or its key is open to others.
    pub fn load(dir: &Path) -> Result<Self> {
        let CaPaths { cert, key } = CaPaths::in_dir(dir);
        let pem = files::read_text(&cert)?;
        if !key.exists() {
            return Err(IdentityError::KeyMissing { certificate: cert, key });
        }
        Self::from_pem(pem, files::read_secret(&key)?, &cert)
    }

    fn from_pem(pem: String, key_pem: Secret, path: &Path) -> Result<Self> {
        let what = path.display().to_string();
        let malformed = |cause: String| IdentityError::Malformed { what: what.clone(), cause };
        let der = x509::certificates(&pem, &what)?.remove(0);
        let cert = x509::parse(&der)?;
        let key = KeyPair::from_pem(key_pem.expose()).map_err(|e| malformed(e.to_string()))?;
        if cert.public_key().subject_public_key.data != key.public_key_raw() {
            return Err(malformed("the key beside it is another one's".into()));
        }
        let end = cert.validity().not_after.timestamp();
        Ok(Self {
            cluster: cluster_of(&cert).ok_or_else(|| malformed("it is no mesoform CA".into()))?,
            end: SystemTime::UNIX_EPOCH + Duration::from_secs(end.try_into().unwrap_or(0)),
            fingerprint: x509::fingerprint(&der),
            issuer: Issuer::from_ca_cert_der(&der, key).map_err(|e| malformed(e.to_string()))?,
            key_pem,
            pem,
        })
    }

    /// The root's certificate, PEM.
    pub fn certificate_pem(&self) -> &str {
        &self.pem
    }

    /// The root's key, PEM: for writing it to a place of its own.
    pub fn key_pem(&self) -> &Secret {
        &self.key_pem
    }

    pub fn cluster(&self) -> &str {
        &self.cluster
    }

    /// SHA-256 of the root certificate's DER, hex.
    pub fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }

    /// Signs what `grant` says for the key of `csr_pem`, after verifying that the request's maker
    /// holds the private key. Nothing but the public key is taken from the request.
    ///
    /// Returns the certificate chain, PEM.
    ///
    /// # Errors
    /// The request is malformed, not signed by its own key or not P-256; a name does not do.
    pub fn sign(&self, csr_pem: &str, grant: &Grant) -> Result<String> {
        let key = proven_key(csr_pem)?;
        let params = grant.params(&self.cluster, self.end)?;
        params.signed_by(&key, &self.issuer).map(|cert| cert.pem()).map_err(IdentityError::make)
    }

    /// Signs what was judged before.
    ///
    /// # Errors
    /// A name in the grant does not do.
    pub fn sign_leaf(&self, leaf: &Leaf) -> Result<String> {
        let params = leaf.grant.params(&self.cluster, self.end)?;
        let signed = params.signed_by(&leaf.key, &self.issuer);
        signed.map(|cert| cert.pem()).map_err(IdentityError::make)
    }

    /// The token for what `invitation` says. Whoever has it may have that.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn invite(&self, invitation: &Invitation) -> Result<Secret> {
        invitation.signed(&self.key_pem)
    }

    /// What `mesoform serve` shows to hosts that join, in `dir`: `ca.crt`, `enroller.crt` and `enroller.key`, made
    /// new each time. Hosts reach it under `dns` and `ips`.
    ///
    /// # Errors
    /// A name does not do, or a file cannot be written.
    pub fn issue_enroller(
        &self,
        dir: &Path,
        dns: Vec<String>,
        ips: Vec<IpAddr>,
    ) -> Result<PkiPaths> {
        let paths = PkiPaths::in_dir(dir, Role::Enroller.as_str());
        let request = KeyRequest::generate()?;
        let grant = Grant { dns, ips, ..Grant::new(Role::Enroller, "operator") };
        let chain = self.sign(&request.csr_pem, &grant)?;
        write_public(&paths.ca, self.pem.as_bytes())?;
        write_secret(&paths.key, request.key_pem.expose().as_bytes())?;
        write_public(&paths.cert, chain.as_bytes())?;
        Ok(paths)
    }

    /// The operator's own certificate in `dir`: `ca.crt`, `operator.crt` and `operator.key`. It is
    /// made new where it is missing, was signed by another root or has less than half its life left.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn issue_operator(&self, dir: &Path) -> Result<PkiPaths> {
        let paths = PkiPaths::in_dir(dir, Role::Operator.as_str());
        if self.operator_holds(&paths) {
            return Ok(paths);
        }
        let request = KeyRequest::generate()?;
        let chain = self.sign(&request.csr_pem, &Grant::new(Role::Operator, "operator"))?;
        if !paths.ca.exists() {
            write_public(&paths.ca, self.pem.as_bytes())?;
        }
        write_secret(&paths.key, request.key_pem.expose().as_bytes())?;
        write_public(&paths.cert, chain.as_bytes())?;
        Ok(paths)
    }

    /// Whether the operator's files are there, belong together and last for a while.
    fn operator_holds(&self, paths: &PkiPaths) -> bool {
        let half = SignedDuration::try_from(crate::LIFETIME / 2).unwrap_or_default();
        let lasting = files::read_text(&paths.cert)
            .and_then(|pem| inspect(&pem, &self.pem))
            .is_ok_and(|info| info.not_after > Timestamp::now() + half);
        lasting && crate::Identity::load(paths).is_ok_and(|id| id.role() == Role::Operator)
    }
}

struct CaPaths {
    cert: PathBuf,
    key: PathBuf,
}

impl CaPaths {
    fn in_dir(dir: &Path) -> Self {
        Self { cert: dir.join("ca.crt"), key: dir.join("ca.key") }
    }

    /// Writes the key, then the certificate: whoever sees the certificate finds the key. A key
    /// without a certificate is what an interrupted run has left, and is used.
    fn create(&self, cluster: &str) -> Result<()> {
        if !self.key.exists() {
            let key = KeyRequest::generate()?.key_pem;
            write_secret(&self.key, key.expose().as_bytes())?;
        }
        let pem = self_signed(cluster, &files::read_secret(&self.key)?)?;
        write_public(&self.cert, pem.as_bytes())
    }
}

fn self_signed(cluster: &str, key_pem: &Secret) -> Result<String> {
    check_cluster(cluster)?;
    let key = KeyPair::from_pem(key_pem.expose()).map_err(IdentityError::make)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = Default::default();
    params.distinguished_name.push(DnType::CommonName, format!("{CA_NAME_PREFIX}{cluster}"));
    // One intermediate may stand below: the one with which masters will enrol hosts.
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.serial_number = Some(random_serial()?);
    let now = SystemTime::now();
    params.not_before = (now - crate::BACKDATE).into();
    params.not_after = (now + CA_LIFETIME).into();
    params.self_signed(&key).map(|cert| cert.pem()).map_err(IdentityError::make)
}

/// The cluster that a root is of, by its name.
pub(crate) fn cluster_of(cert: &x509_parser::certificate::X509Certificate<'_>) -> Option<String> {
    let name = cert.subject().iter_common_name().next()?.as_str().ok()?;
    let cluster = name.strip_prefix(CA_NAME_PREFIX)?;
    check_cluster(cluster).ok().map(|()| cluster.to_owned())
}

/// Holds off others who would make a root in the same folder; released when dropped.
/// Keeps other processes that lock the same folder waiting, as long as it lives.
#[derive(Debug)]
pub struct FolderLock(#[expect(dead_code, reason = "held, not read")] Flock<File>);

/// Waits until nobody else has `dir` locked, and locks it.
///
/// # Errors
/// The folder is not there, or cannot be locked.
pub fn lock_folder(dir: &Path) -> Result<FolderLock> {
    let folder = File::open(dir).map_err(write_error(dir))?;
    let lock = Flock::lock(folder, FlockArg::LockExclusive);
    lock.map(FolderLock).map_err(|(_, e)| write_error(dir)(e.into()))
}

fn write_error(path: &Path) -> impl FnOnce(std::io::Error) -> IdentityError {
    let path = path.to_owned();
    move |source| IdentityError::Write { path, source }
}
