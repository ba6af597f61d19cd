use std::fmt;
use std::sync::Arc;

/// How to reach the masters.
#[derive(Clone, Default)]
pub struct ClientOptions {
    /// `host:port` of each master, or a whole `http://` or `https://` URL.
    pub masters: Vec<String>,
    /// For HTTPS; also says that `host:port` means HTTPS. Without it only plain HTTP is spoken.
    pub tls: Option<Arc<rustls::ClientConfig>>,
    /// Where the masters ask for Basic credentials rather than a client certificate.
    pub credentials: Option<BasicCredentials>,
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientOptions")
            .field("masters", &self.masters)
            .field("tls", &self.tls.is_some())
            .field("credentials", &self.credentials)
            .finish()
    }
}

/// A user and a password, which is never shown.
#[derive(Clone)]
pub struct BasicCredentials {
    pub user: String,
    pub password: String,
}

impl fmt::Debug for BasicCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicCredentials").field("user", &self.user).finish_non_exhaustive()
    }
}
