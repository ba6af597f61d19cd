use anyhow::{Context as _, bail};
use mesoform_identity::{Identity, RENEW_PATH, RenewAnswer, RenewRequest, Role};
use mesoform_settings::PkiPaths;
use std::time::Duration;
use tokio::runtime::Handle;

/// For one master.
const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(30);
/// Two certificates are about 2 KiB.
const MAX_ANSWER: usize = 64 << 10;

/// The masters, each of which can renew a certificate.
pub struct Masters {
    /// `host:port`, whom to ask first first.
    addresses: Vec<String>,
    runtime: Handle,
}

impl Masters {
    pub fn new(mut addresses: Vec<String>, runtime: Handle) -> Self {
        // Not everybody asks the same one.
        let first = usize::try_from(std::process::id()).unwrap_or(0) % addresses.len().max(1);
        addresses.rotate_left(first);
        Self { addresses, runtime }
    }

    /// The chain for a request, of the first master that gives one to whom the files of `paths` prove.
    /// Blocks.
    pub fn ask(&self, csr_pem: &str, paths: &PkiPaths) -> anyhow::Result<String> {
        let tls = Identity::load(paths)?.client_config_to(&[Role::Master], &[b"http/1.1"])?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured((*tls).clone())
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .no_proxy()
            .build()
            .context("the HTTP client cannot be made")?;
        let request = RenewRequest { csr_pem: csr_pem.to_owned() };
        let body = serde_json::to_string(&request)?;
        let mut causes = Vec::new();
        for address in &self.addresses {
            match self.runtime.block_on(ask_one(&client, address, body.clone())) {
                Ok(chain) => return Ok(chain),
                Err(error) => causes.push(format!("{address}: {error:#}")),
            }
        }
        if causes.is_empty() {
            bail!("there is no master");
        }
        bail!("{}", causes.join("; "))
    }
}

async fn ask_one(client: &reqwest::Client, address: &str, body: String) -> anyhow::Result<String> {
    let url = format!("https://{address}{RENEW_PATH}");
    let request = client.post(url).header("content-type", "application/json").body(body);
    // The error names the whole address once more.
    let mut answer = request.send().await.map_err(reqwest::Error::without_url)?;
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if bytes.len() + chunk.len() > MAX_ANSWER {
            bail!("its answer is too long");
        }
        bytes.extend_from_slice(&chunk);
    }
    if !answer.status().is_success() {
        let words = String::from_utf8_lossy(&bytes);
        bail!("{}: {}", answer.status(), words.chars().take(300).collect::<String>());
    }
    let answer: RenewAnswer =
        serde_json::from_slice(&bytes).context("its answer is not understood")?;
    Ok(answer.chain_pem)
}
