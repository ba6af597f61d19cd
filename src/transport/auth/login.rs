use std::sync::Arc;

use russh::client::{AuthResult, Handle, KeyboardInteractiveAuthResponse};
use russh::keys::agent::AgentIdentity;
use russh::keys::{Certificate, HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKey};

use super::Auth;
use super::agent::Agent;
use super::keys::{Key, Keys};
use crate::ssh::Client;
use crate::target::Target;
use crate::{Result, TransportError};

/// Logs in. The keys that were asked for come first, then the agent's, then the default ones, then
/// the password: the order in which a host's patience (`MaxAuthTries`) is best spent.
pub(crate) async fn log_in(
    handle: &mut Handle<Client>,
    target: &Target,
    auth: &Auth,
    keys: &Keys,
) -> Result<()> {
    let agent = super::agent::connect(target, auth).await;
    let mut login = Login { handle, target, agent, tried: Vec::new(), accepted: String::new() };
    let answer = login.all(&keys.asked, &keys.default).await;
    let answer = answer.map_err(|error| login.tried.push(format!("(then: {error})")));
    if answer == Ok(true) {
        return Ok(());
    }
    Err(login.failure(&keys.asked))
}

struct Login<'a> {
    handle: &'a mut Handle<Client>,
    target: &'a Target,
    agent: Option<Agent>,
    tried: Vec<String>,
    accepted: String,
}

type Answer = Result<bool, russh::Error>;

impl Login<'_> {
    async fn all(&mut self, asked: &[Key], default: &[Key]) -> Answer {
        for key in asked {
            if self.with_key(key).await? {
                return Ok(true);
            }
        }
        if self.with_agent(asked, default).await? {
            return Ok(true);
        }
        for key in default {
            if self.with_key(key).await? {
                return Ok(true);
            }
        }
        self.with_password().await
    }

    async fn with_key(&mut self, key: &Key) -> Answer {
        match key {
            Key::Locked { .. } => Ok(false),
            Key::Open { path, key, certificate } => {
                if let Some(certificate) = certificate {
                    self.tried.push(format!("certificate {}-cert.pub", path.display()));
                    if self.certificate(key.clone(), (**certificate).clone()).await? {
                        return Ok(true);
                    }
                }
                self.tried.push(format!("key {}", path.display()));
                let hash = self.rsa_hash(key.public_key()).await?;
                let key = PrivateKeyWithHashAlg::new(key.clone(), hash);
                let answer = self.handle.authenticate_publickey(&self.target.user, key).await?;
                Ok(self.note(answer))
            }
        }
    }

    async fn certificate(&mut self, key: Arc<PrivateKey>, certificate: Certificate) -> Answer {
        let user = self.target.user.clone();
        let answer = self.handle.authenticate_openssh_cert(user, key, certificate).await?;
        Ok(self.note(answer))
    }

    /// The agent's keys; with `IdentitiesOnly` only those that belong to key files of ours.
    async fn with_agent(&mut self, asked: &[Key], default: &[Key]) -> Answer {
        let Some(mut agent) = self.agent.take() else { return Ok(false) };
        let ours: Vec<&PublicKey> = asked.iter().chain(default).filter_map(public).collect();
        for identity in std::mem::take(&mut agent.identities) {
            let key = identity.public_key().into_owned();
            let known = ours.iter().any(|ours| ours.key_data() == key.key_data());
            if self.target.identities_only && !known {
                continue;
            }
            self.tried.push(format!("agent's key {}", identity.comment()));
            if self.with_identity(&mut agent, identity, key).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// An agent that refuses to sign with a key (a card that was pulled out) may have others.
    async fn with_identity(
        &mut self,
        agent: &mut Agent,
        identity: AgentIdentity,
        key: PublicKey,
    ) -> Answer {
        let hash = self.rsa_hash(&key).await?;
        let user = self.target.user.clone();
        let client = &mut agent.client;
        let answer = match identity {
            AgentIdentity::PublicKey { key, .. } => {
                self.handle.authenticate_publickey_with(user, key, hash, client).await
            }
            AgentIdentity::Certificate { certificate, .. } => {
                self.handle.authenticate_certificate_with(user, certificate, hash, client).await
            }
        };
        match answer {
            Ok(answer) => Ok(self.note(answer)),
            Err(error) => {
                self.tried.push(format!("(the agent: {error})"));
                Ok(false)
            }
        }
    }

    async fn with_password(&mut self) -> Answer {
        let Some(password) = self.target.password.clone() else { return Ok(false) };
        let user = self.target.user.clone();
        self.tried.push("the password".to_owned());
        let answer = self.handle.authenticate_password(&user, password.reveal()).await?;
        if self.note(answer) {
            return Ok(true);
        }
        if !self.accepted.contains("keyboard-interactive") {
            return Ok(false);
        }
        self.ask_and_answer(&user, password.reveal()).await
    }

    /// Hosts with PAM often take the password only as the answer to a prompt.
    async fn ask_and_answer(&mut self, user: &str, password: &str) -> Answer {
        self.tried.push("the password at the prompt".to_owned());
        let start = self.handle.authenticate_keyboard_interactive_start(user, None::<String>);
        let mut response = start.await?;
        // A host may show its words in several rounds; only the first prompt is the password's.
        for _ in 0..4 {
            let prompts = match response {
                KeyboardInteractiveAuthResponse::Success => return Ok(true),
                KeyboardInteractiveAuthResponse::Failure { .. } => return Ok(false),
                KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => prompts.len(),
            };
            let answers = vec![password.to_owned(); prompts.min(1)];
            response = self.handle.authenticate_keyboard_interactive_respond(answers).await?;
        }
        Ok(false)
    }

    /// SHA-1 signatures are never made, even where a host says nothing about what it takes.
    async fn rsa_hash(&self, key: &PublicKey) -> Result<Option<HashAlg>, russh::Error> {
        if !key.algorithm().is_rsa() {
            return Ok(None);
        }
        let best = self.handle.best_supported_rsa_hash().await?;
        Ok(Some(best.flatten().unwrap_or(HashAlg::Sha512)))
    }

    fn note(&mut self, answer: AuthResult) -> bool {
        match answer {
            AuthResult::Success => true,
            AuthResult::Failure { remaining_methods, partial_success } => {
                let methods: Vec<&str> = remaining_methods.iter().map(Into::into).collect();
                if !methods.is_empty() {
                    self.accepted = methods.join(", ");
                }
                if partial_success {
                    self.tried.push("(accepted, but the host asks for more)".to_owned());
                }
                false
            }
        }
    }

    /// A key that was asked for and is locked is the likeliest cause.
    fn failure(&self, asked: &[Key]) -> TransportError {
        let host = self.target.name.clone();
        if let Some(Key::Locked { path, .. }) =
            asked.iter().find(|key| matches!(key, Key::Locked { .. }))
        {
            return TransportError::KeyEncrypted { host, path: path.clone() };
        }
        let or = |text: String, none: &str| if text.is_empty() { none.to_owned() } else { text };
        TransportError::Authentication {
            host,
            user: self.target.user.clone(),
            tried: or(self.tried.join(", "), "nothing (no key, no agent, no password)"),
            accepted: or(self.accepted.clone(), "(it did not say)"),
        }
    }
}

fn public(key: &Key) -> Option<&PublicKey> {
    match key {
        Key::Open { key, .. } => Some(key.public_key()),
        Key::Locked { public, .. } => public.as_ref(),
    }
}
