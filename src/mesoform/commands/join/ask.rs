use anyhow::{Context as _, bail};
use mesoform_identity::{JOIN_PATH, JoinAnswer, JoinRequest, Role, pinned_client_config};
use std::time::Duration;

/// For one place.
const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(60);
/// Five certificates and their CA are about 8 KiB.
const MAX_ANSWER: usize = 256 << 10;
/// Of a refusal.
const MAX_WORDS: usize = 400;

/// A way to those who enrol hosts of one cluster: the root's key must have signed what they show.
pub struct Door(reqwest::Client);

impl Door {
    pub fn new(ca_pem: &str, pin: &str, cluster: &str) -> anyhow::Result<Self> {
        let roles = [Role::Enroller, Role::Master];
        let tls = pinned_client_config(ca_pem, pin, cluster, &roles, &[b"http/1.1"])?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured((*tls).clone())
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .no_proxy()
            .build()
            .context("the HTTP client cannot be made")?;
        Ok(Self(client))
    }

    /// The answer of the first of `places` that gives one.
    pub async fn ask(
        &self,
        places: &[String],
        request: &JoinRequest,
    ) -> anyhow::Result<JoinAnswer> {
        let body = serde_json::to_string(request)?;
        let mut causes = Vec::new();
        for place in places {
            match self.ask_one(place, body.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => causes.push(format!("{place}: {error:#}")),
            }
        }
        if causes.is_empty() {
            bail!("nobody is named who could be asked");
        }
        bail!("{}", causes.join("; "))
    }

    async fn ask_one(&self, place: &str, body: String) -> anyhow::Result<JoinAnswer> {
        let url = format!("{}{JOIN_PATH}", place.trim_end_matches('/'));
        let request = self.0.post(url).header("content-type", "application/json").body(body);
        // The error names the whole address once more.
        let mut answer = request.send().await.map_err(reqwest::Error::without_url)?;
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
            if bytes.len() + chunk.len() > MAX_ANSWER {
                bail!("its answer is too long");
            }
            bytes.extend_from_slice(&chunk);
        }
        if !answer.status().is_success() {
            let words = String::from_utf8_lossy(&bytes);
            bail!("{}: {}", answer.status(), words.chars().take(MAX_WORDS).collect::<String>());
        }
        serde_json::from_slice(&bytes).context("its answer is not understood")
    }
}
