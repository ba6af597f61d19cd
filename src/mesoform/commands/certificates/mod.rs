//! `mesoform certificates renew`: a timer on each host calls it some times a day.

mod ask;

use crate::cli::{CertificatesAction, CertificatesArgs};
use crate::exit::Exit;
use crate::{log, render};
use ask::Masters;
use jiff::Timestamp;
use mesoform_apply::{ApplyError, Certificates, Renewed, Round, write_outcome};
use mesoform_cluster::report::RenewalView;
use mesoform_identity::Role;
use mesoform_settings::{CertificatesSettings, load};

pub async fn run(args: CertificatesArgs) -> anyhow::Result<Exit> {
    let CertificatesAction::Renew { config } = args.action;
    log::start();
    let settings: CertificatesSettings = load(&config)?;
    let masters = Masters::new(settings.masters.clone(), tokio::runtime::Handle::current());
    let now = Timestamp::now();
    let work = settings.clone();
    let renewed = tokio::task::spawn_blocking(move || {
        let mut certificates = Certificates::real(&work.cluster, &work.pki)?;
        Ok::<_, ApplyError>(
            certificates.renew(now, |request, paths| masters.ask(&request.csr_pem, paths)),
        )
    });
    let Round { renewed, next } = renewed.await??;
    let trouble = tell(&renewed)?;
    if renewed.is_empty() {
        render::say(&format!("{}\n", nothing_is_due(next)))?;
    }
    let before = RenewalView::read(&settings.outcome);
    let fine = trouble.is_empty();
    let outcome = RenewalView::after(before, now, trouble);
    write_outcome(&settings.outcome, &format!("{}\n", serde_json::to_string(&outcome)?))?;
    Ok(if fine { Exit::Fine } else { Exit::HostFailed })
}

fn nothing_is_due(next: Option<(Timestamp, Role)>) -> String {
    match next {
        Some((due, role)) => {
            let day = due.strftime("%Y-%m-%d");
            format!("nothing is due: the next is the certificate of the {role}, from {day} on")
        }
        None => "nothing is due: there is no certificate here that masters renew".to_owned(),
    }
}

/// Says what became of each certificate; returns what went wrong.
fn tell(renewed: &[Renewed]) -> std::io::Result<Vec<String>> {
    let mut trouble = Vec::new();
    for Renewed { role, result } in renewed {
        match result {
            Ok(end) => {
                let day = end.strftime("%Y-%m-%d");
                render::say(&format!("the certificate of the {role} was renewed until {day}\n"))?;
            }
            // The next look is soon enough, and he may renew it himself.
            Err(error @ ApplyError::LockBusy { .. }) => {
                render::say(&format!("{role}: not now: {}\n", error.failure()))?;
            }
            Err(error) => {
                let words = render::one_line(&format!("{role}: {}", error.failure()));
                render::say(&format!("{words}\n"))?;
                trouble.push(words);
            }
        }
    }
    Ok(trouble)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_nothing_to_do_says_when_he_will() {
        let due = "2027-01-20T12:00:00Z".parse().unwrap();
        insta::assert_snapshot!(nothing_is_due(Some((due, Role::Agent))), @"nothing is due: the next is the certificate of the agent, from 2027-01-20 on");
        assert!(nothing_is_due(None).contains("no certificate here"));
    }
}
