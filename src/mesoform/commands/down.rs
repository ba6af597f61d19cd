use super::consent::{Consent, asks};
use super::run::{AdminWish, Scope, Wish, conclude, until_interrupted};
use crate::cli::DownArgs;
use crate::exit::Exit;
use crate::render::{self, count, seconds};
use mesoform_cluster::{EtcdSpec, Removals, down};
use serde_json::json;

/// How long the services of one host may take to stop, in seconds.
const TIMEOUT: u64 = 120;

/// `mesoform down -i INV`.
pub async fn run(args: DownArgs) -> anyhow::Result<Exit> {
    let observer = render::observer(args.output);
    let scope = Scope::of(&args.hosts, &*observer)?;
    let cluster = scope.spec.name.clone();
    let left = scope.spec.etcd.as_ref().map(Left::of);
    let wish = Wish { check: false, diff: false, timeout: TIMEOUT, admin: AdminWish::MustExist };
    let mut run = scope.run(&args.hosts, observer.clone(), wish)?;
    let agree = async |wanted: Removals| args.yes || asks(consent(&cluster, &wanted)).await;
    let summary =
        until_interrupted(&mut run, async |run| down(run, args.keep_data, agree).await).await?;
    drop(run);
    drop(observer);
    let object = json!({
        "event": "summary", "cluster": cluster, "hosts": summary.hosts, "changed": summary.changed,
        "left_in_etcd": left.as_ref().map(|left| &left.keys),
        "unreachable": summary.unreachable, "millis": summary.millis(),
    });
    let text = format!(
        "the cluster {cluster:?} is down: {} on {} in {}; its CA and password stay here\n",
        count(summary.changed, "change"),
        count(summary.hosts.saturating_sub(summary.unreachable.len()), "host"),
        seconds(summary.millis())
    );
    let text = text + &left.map(|left| left.words()).unwrap_or_default();
    conclude(args.output, &summary, &object, &text)
}

/// What stays in an etcd that is not ours.
struct Left {
    keys: String,
    command: String,
}

impl Left {
    fn of(etcd: &EtcdSpec) -> Self {
        let keys = etcd.keys();
        Self { command: etcd.etcdctl(&format!("del --prefix {keys}")), keys }
    }

    fn words(&self) -> String {
        format!(
            "what the cluster has put into etcd stays there, below {}, and the next `up` goes on with it; \
             to take it away too:\n  {}\n",
            self.keys, self.command
        )
    }
}

fn consent(cluster: &str, wanted: &Removals) -> Consent {
    let changes = wanted.iter().flat_map(|(host, all)| all.iter().map(move |one| (host, one)));
    Consent {
        lines: changes.map(|(host, change)| format!("{host}: {change}")).collect(),
        question: format!(
            "This ends the cluster {cluster:?} and its tasks. Write its name (without the quotes) to go on"
        ),
        answer: cluster.to_owned(),
    }
}
