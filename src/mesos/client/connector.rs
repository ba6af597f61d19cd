use super::{
    ANSWER_TIMEOUT, CONNECT_TIMEOUT, ClientError, ClientOptions, SCHEDULER_PATH, STREAM_ID,
};
use crate::scheduler::Call;
use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use reqwest::{Client, Response};
use std::time::Duration;
use url::Url;

/// More redirects than masters could ever need.
const MAX_REDIRECTS: usize = 5;
/// How much of a refusal's text is read, in bytes.
const MAX_REFUSAL: usize = 4096;

/// One HTTP client, and where the masters are.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    http: Client,
    options: ClientOptions,
    masters: Vec<Url>,
}

/// A good answer, and who gave it.
pub(super) struct Reply {
    pub master: Url,
    pub response: Response,
}

impl Connector {
    pub fn new(options: ClientOptions) -> Result<Self, ClientError> {
        let scheme = if options.tls.is_some() { "https" } else { "http" };
        let masters = options.masters.iter().map(|m| address(m, scheme));
        let masters: Vec<Url> = masters.collect::<Result<_, _>>()?;
        if masters.is_empty() {
            return Err(ClientError::NoMasters);
        }
        Ok(Self { http: http_client(&options)?, options, masters })
    }

    pub fn masters(&self) -> &[Url] {
        &self.masters
    }

    /// Posts a call, follows redirects to the leading master, and gives a 2xx answer.
    pub async fn post(
        &self,
        master: &Url,
        call: &Call,
        stream_id: Option<&str>,
    ) -> Result<Reply, ClientError> {
        let body =
            serde_json::to_vec(call).map_err(|e| ClientError::Encode { cause: e.to_string() })?;
        let mut master = master.clone();
        for _ in 0..=MAX_REDIRECTS {
            let response = self.send(&master, body.clone(), stream_id).await?;
            if response.status().is_success() {
                return Ok(Reply { master, response });
            }
            if !response.status().is_redirection() {
                return Err(refusal(master, response).await);
            }
            master = follow(&master, &response)?;
        }
        Err(ClientError::Redirect {
            location: master.to_string(),
            master: master.to_string(),
            cause: "too many redirects in a row",
        })
    }

    async fn send(
        &self,
        master: &Url,
        body: Vec<u8>,
        stream_id: Option<&str>,
    ) -> Result<Response, ClientError> {
        let mut request = self
            .http
            .post(master.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .body(body);
        if let Some(id) = stream_id {
            request = request.header(STREAM_ID, id);
        }
        if let Some(login) = &self.options.credentials {
            request = request.basic_auth(&login.user, Some(&login.password));
        }
        match tokio::time::timeout(ANSWER_TIMEOUT, request.send()).await {
            Ok(answer) => answer.map_err(|e| ClientError::Unreachable {
                master: master.to_string(),
                cause: chain(&e),
            }),
            Err(_) => {
                Err(ClientError::Silent { master: master.to_string(), after: ANSWER_TIMEOUT })
            }
        }
    }
}

fn http_client(options: &ClientOptions) -> Result<Client, ClientError> {
    let tls = match &options.tls {
        Some(tls) => rustls::ClientConfig::clone(tls),
        None => trusts_nobody()?,
    };
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_keepalive(Duration::from_secs(15))
        .tls_backend_preconfigured(tls)
        .build()
        .map_err(|e| ClientError::Setup { cause: chain(&e) })
}

/// The HTTP client wants a TLS configuration, even where none will be used.
fn trusts_nobody() -> Result<rustls::ClientConfig, ClientError> {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| ClientError::Setup { cause: e.to_string() })?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth())
}

fn address(text: &str, scheme: &str) -> Result<Url, ClientError> {
    let bad = |cause: String| ClientError::Address { text: text.to_owned(), cause };
    let whole = if text.contains("://") { text.to_owned() } else { format!("{scheme}://{text}") };
    let mut url = Url::parse(&whole).map_err(|e| bad(e.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(bad("only http and https are spoken".to_owned()));
    }
    if url.scheme() == "https" && scheme == "http" {
        return Err(bad("https needs a TLS configuration".to_owned()));
    }
    url.set_path(SCHEDULER_PATH);
    Ok(url)
}

fn follow(master: &Url, response: &Response) -> Result<Url, ClientError> {
    let location = response.headers().get(LOCATION).and_then(|l| l.to_str().ok()).unwrap_or("");
    let no = |cause| ClientError::Redirect {
        master: master.to_string(),
        location: location.to_owned(),
        cause,
    };
    let mut target = master.join(location).map_err(|_| no("it is no URL"))?;
    if target.scheme() != master.scheme() {
        return Err(no("it changes between HTTP and HTTPS"));
    }
    if location.is_empty() || target == *master {
        return Err(no("it leads nowhere else"));
    }
    target.set_path(SCHEDULER_PATH);
    target.set_query(None);
    Ok(target)
}

async fn refusal(master: Url, mut response: Response) -> ClientError {
    let status = response.status().as_u16();
    let mut text = Vec::new();
    let read = async {
        while let Ok(Some(bytes)) = response.chunk().await {
            text.extend_from_slice(&bytes);
            if text.len() > MAX_REFUSAL {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(ANSWER_TIMEOUT, read).await;
    text.truncate(MAX_REFUSAL);
    ClientError::Refused {
        master: master.to_string(),
        status,
        body: String::from_utf8_lossy(&text).trim().to_owned(),
    }
}

/// An error with its causes: the HTTP client's own text leaves out what happened.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
