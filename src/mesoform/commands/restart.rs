use super::consent::{Consent, asks};
use super::run::{AdminWish, Scope, Wish, conclude, until_interrupted};
use crate::cli::RestartArgs;
use crate::exit::{Early, Exit};
use crate::render::{self, count, seconds};
use anyhow::bail;
use mesoform_cluster::{
    Acceptances, Forcing, Run, Service, accept_quorum, force_new_cluster, restart,
};
use serde_json::json;

/// `mesoform restart SERVICE -i INV`.
pub async fn run(args: RestartArgs) -> anyhow::Result<Exit> {
    if args.accept_quorum && args.service != Service::Agent {
        bail!(Early::Usage("--accept-quorum is about agents: mesoform restart agent".into()));
    }
    if args.force_new_cluster.is_some() && args.service != Service::Quorum {
        bail!(Early::Usage(
            "--force-new-cluster is about the quorum: mesoform restart quorum".into()
        ));
    }
    if args.yes && !args.accept_quorum && args.force_new_cluster.is_none() {
        bail!(Early::Usage("--yes: a restart asks nothing".into()));
    }
    let observer = render::observer(args.output);
    let scope = Scope::of(&args.hosts, &*observer)?;
    let wish =
        Wish { check: false, diff: false, timeout: args.timeout, admin: AdminWish::MustExist };
    let mut run = scope.run(&args.hosts, observer.clone(), wish)?;
    let summary = if args.accept_quorum {
        let agree = async |wanted: &Acceptances| args.yes || asks(consent(wanted)).await;
        until_interrupted(&mut run, async |run| accept_quorum(run, agree).await).await?
    } else if let Some(host) = &args.force_new_cluster {
        let agree = async |known: &Forcing| args.yes || asks(last_words(known)).await;
        let without = args.without.iter().cloned().collect();
        let force = async |run: &mut Run| force_new_cluster(run, host, &without, agree).await;
        until_interrupted(&mut run, force).await?
    } else {
        until_interrupted(&mut run, async |run| restart(run, args.service).await).await?
    };
    drop(run);
    drop(observer);
    let object = json!({
        "event": "summary", "service": args.service, "hosts": summary.hosts,
        "changed": summary.changed, "unreachable": summary.unreachable, "millis": summary.millis(),
    });
    let took = seconds(summary.millis());
    let text = if args.accept_quorum {
        format!("{} accepted the quorum, after {took}\n", count(summary.changed, "agent"))
    } else {
        let hosts = count(summary.hosts.saturating_sub(summary.unreachable.len()), "host");
        format!("the {} runs on {hosts} again, after {took}\n", args.service)
    };
    conclude(args.output, &summary, &object, &text)
}

fn last_words(known: &Forcing) -> Consent {
    let Forcing { host, has, others, silent } = known;
    let mut lines = vec![format!("{host}: {}; a new quorum begins with this", has.in_full())];
    for (other, holding) in others {
        let has = holding.in_full();
        lines.push(format!("{other}: {has}; put aside, it joins the new quorum"));
    }
    for silent in silent {
        lines.push(format!(
            "{silent}: does not answer; `mesoform up` has it join when it is back; until then it may be \
             part of the old quorum"
        ));
    }
    for (other, _) in known.ahead() {
        lines.push(format!("warning: {other} has more than {host}, which is lost"));
    }
    for (other, _) in known.perhaps_ahead() {
        lines.push(format!("warning: {other} may have more than {host}"));
    }
    lines.push("agents will obey the masters of the new quorum, and no others".into());
    lines.push(format!("what was acknowledged and had not reached {host} is lost"));
    Consent {
        lines,
        question: format!("Write {host} to begin a new quorum with what it has"),
        answer: host.clone(),
    }
}

fn consent(wanted: &Acceptances) -> Consent {
    let Acceptances { quorum, leadership, master, agents } = wanted;
    let mut lines: Vec<String> = agents
        .iter()
        .map(|(host, seen)| {
            let old = seen.seen_quorum.as_deref().unwrap_or("unknown");
            format!("{host}: has obeyed quorum {old} up to revision {}", seen.seen_leadership)
        })
        .collect();
    lines.push(format!("{master} leads for quorum {quorum}, since revision {leadership}"));
    Consent {
        lines,
        question:
            "From now on these agents refuse the masters of the quorum that they have obeyed, \
                   should it come back. What runs there goes on. Write the new quorum's id to go on"
                .into(),
        answer: quorum.clone(),
    }
}
