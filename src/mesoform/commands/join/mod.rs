//! `mesoform join`: a unit calls it at the first boot of a host that has nothing but its document.

mod ask;
mod own;

use crate::exit::Exit;
use crate::{log, render};
use ask::Door;
use mesoform_apply::{ApplyError, Newcomer};
use mesoform_identity::JoinAnswer;
use std::time::Duration;

/// Pauses between attempts.
const FIRST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(60);

/// Asks again and again, since whoever signs may come later than this host; ends when nothing misses.
pub async fn run() -> anyhow::Result<Exit> {
    log::start();
    let mut pause = FIRST;
    let mut said = String::new();
    loop {
        match attempt().await {
            Ok(Attempt::Nothing) => {
                render::say("nothing misses here\n")?;
                return Ok(Exit::Fine);
            }
            Ok(Attempt::Joined) => {
                render::say("this host has joined its cluster\n")?;
                return Ok(Exit::Fine);
            }
            Err(error) => {
                let words = render::one_line(&format!("{error:#}"));
                // Once is enough, however long it lasts.
                if words != said {
                    tracing::warn!("not yet: {words}");
                    said = words;
                }
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST);
    }
}

enum Attempt {
    Nothing,
    Joined,
}

async fn attempt() -> anyhow::Result<Attempt> {
    let asked = tokio::task::spawn_blocking(|| {
        let Some(newcomer) = Newcomer::real(own::name_and_address).map_err(told)? else {
            return Ok(None);
        };
        let request = newcomer.request().map_err(told)?;
        anyhow::Ok(Some((newcomer, request)))
    });
    let Some((mut newcomer, request)) = asked.await?? else { return Ok(Attempt::Nothing) };
    let answer = match request {
        Some(request) => {
            let door = Door::new(newcomer.ca_pem(), newcomer.pin(), newcomer.cluster())?;
            door.ask(newcomer.places(), &request).await?
        }
        None => JoinAnswer::default(),
    };
    let settled = tokio::task::spawn_blocking(move || newcomer.settle(answer).map_err(told));
    settled.await??;
    Ok(Attempt::Joined)
}

fn told(error: ApplyError) -> anyhow::Error {
    anyhow::anyhow!("{}", error.failure())
}
