use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::run::run;

/// An HTTP request, sent with curl: what an operator would type.
#[derive(Debug, Clone)]
pub struct Request {
    method: String,
    url: String,
    body: Option<String>,
    credentials: Option<String>,
    ca: Option<PathBuf>,
    headers: Vec<String>,
    limit: Duration,
}

/// What came back; `status` is 0 where nothing did.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub body: String,
    /// curl's words where there is no answer.
    pub trouble: String,
}

impl Request {
    pub fn new(method: &str, url: &str) -> Self {
        Self {
            method: method.to_owned(),
            url: url.to_owned(),
            body: None,
            credentials: None,
            ca: None,
            headers: Vec::new(),
            limit: Duration::from_secs(30),
        }
    }

    pub fn get(url: &str) -> Self {
        Self::new("GET", url)
    }

    /// A JSON body.
    pub fn body(mut self, json: &str) -> Self {
        self.body = Some(json.to_owned());
        self
    }

    /// `user:password`.
    pub fn credentials(mut self, credentials: &str) -> Self {
        self.credentials = Some(credentials.trim().to_owned());
        self
    }

    /// The authority that the server's certificate must come from.
    pub fn ca(mut self, file: &Path) -> Self {
        self.ca = Some(file.to_path_buf());
        self
    }

    /// `Name: value`.
    pub fn header(mut self, line: &str) -> Self {
        self.headers.push(line.to_owned());
        self
    }

    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Sends it with a prepared curl.
    #[track_caller]
    pub(crate) fn send(&self, mut curl: Command) -> Answer {
        curl.args(["-sS", "--noproxy", "*", "-w", "\n%{http_code}", "-X", &self.method]);
        curl.args(["--max-time", &self.limit.as_secs_f32().to_string()]);
        if let Some(body) = &self.body {
            curl.args(["-H", "Content-Type: application/json", "--data-binary", body]);
        }
        if let Some(credentials) = &self.credentials {
            curl.args(["-u", credentials]);
        }
        if let Some(ca) = &self.ca {
            curl.arg("--cacert").arg(ca);
        }
        self.headers.iter().for_each(|header| {
            curl.args(["-H", header]);
        });
        let done = run(curl.arg(&self.url), self.limit + Duration::from_secs(10));
        let (body, status) = done.stdout.rsplit_once('\n').unwrap_or(("", "0"));
        Answer {
            status: status.trim().parse().unwrap_or(0),
            body: body.to_owned(),
            trouble: done.stderr.trim().to_owned(),
        }
    }
}

impl Answer {
    pub fn ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    #[track_caller]
    pub fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}
