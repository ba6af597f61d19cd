use crate::kit::{Cluster, Kind};
use mesoform_checks::{Dice, Stage};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// For the voters to be of use again between two faults.
const BREATH: Duration = Duration::from_secs(6);

/// Fewer calls prove little: where the machine is slow the rage lasts longer.
const ENOUGH: u64 = 300;

/// What can happen to voters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Kill,
    KillAll,
    Pause,
    /// One direction of one link.
    CutOneWay,
    /// All that one says, but not what it hears; or the other way round.
    Mute,
    Deaf,
    Split,
}

/// Does harm, one fault after the other.
pub struct Nemesis {
    dice: Dice,
    told: Vec<String>,
}

impl Nemesis {
    pub fn new(dice: Dice) -> Self {
        Self { dice, told: Vec::new() }
    }

    /// Rages for so long; says what it did.
    pub async fn rage(
        mut self,
        cluster: &mut Cluster,
        stage: &Stage,
        length: Duration,
    ) -> Vec<String> {
        let end = Instant::now() + length;
        while Instant::now() < end || (stage.done() < ENOUGH && Instant::now() < end + length * 2) {
            self.breathe(cluster, stage).await;
            let fault = self.choose(cluster.kind());
            self.strike(cluster, stage, fault).await;
        }
        self.told
    }

    /// Waits until requests are answered again: faults that hit nothing prove nothing.
    async fn breathe(&mut self, cluster: &mut Cluster, stage: &Stage) {
        let before = stage.done();
        let done = || stage.done() - before;
        let wanted = self.dice.between(20, 300);
        let start = Instant::now();
        let mut first = None;
        while done() < wanted && start.elapsed() < BREATH {
            sleep(Duration::from_millis(20)).await;
            cluster.expect_alive();
            if done() > 10 {
                first.get_or_insert(start.elapsed());
            }
        }
        if let Some(last) = self.told.last_mut() {
            let well = first.map_or_else(|| "never".to_owned(), |took| format!("{took:.1?}"));
            last.push_str(&format!(" (well after {well})"));
        }
    }

    fn choose(&mut self, kind: Kind) -> Fault {
        use Fault::{CutOneWay, Deaf, Kill, KillAll, Mute, Pause, Split};
        match kind {
            Kind::Ours => *self.dice.one_of(&[
                Kill, Kill, KillAll, Pause, Pause, Pause, CutOneWay, CutOneWay, Mute, Deaf, Split,
            ]),
            // The original's members share one way to each of them: only that can be cut.
            Kind::Etcd => *self.dice.one_of(&[Kill, Kill, KillAll, Pause, Pause]),
        }
    }

    async fn strike(&mut self, cluster: &mut Cluster, stage: &Stage, fault: Fault) {
        let count = cluster.len();
        let leader = cluster.leader().await;
        // The leader is hit more often than the others.
        let at = leader.filter(|_| self.dice.percent(60)).unwrap_or(self.dice.place(count));
        let other = (at + 1 + self.dice.place(count - 1)) % count;
        self.told.push(format!("{:.1}s {fault:?} {at}", stage.now().as_secs_f32()));
        match fault {
            Fault::Kill => {
                cluster.kill(at);
                self.last(100, 1500).await;
                cluster.start(at);
            }
            Fault::KillAll => {
                (0..count).for_each(|at| cluster.kill(at));
                (0..count).for_each(|at| cluster.start(at));
            }
            Fault::Pause => {
                cluster.pause(at);
                self.last(300, 2500).await;
                cluster.resume(at);
            }
            Fault::CutOneWay => cluster.cut(at, other),
            Fault::Mute => (0..count).filter(|to| *to != at).for_each(|to| cluster.cut(at, to)),
            Fault::Deaf => (0..count).filter(|to| *to != at).for_each(|to| cluster.cut(to, at)),
            Fault::Split => {
                let minority = (0..count / 2).map(|step| (at + step) % count).collect::<Vec<_>>();
                cluster.split(&minority);
            }
        }
        if matches!(fault, Fault::CutOneWay | Fault::Mute | Fault::Deaf | Fault::Split) {
            self.last(300, 2500).await;
            cluster.heal(self.dice.percent(50));
        }
    }

    async fn last(&mut self, low: u64, high: u64) {
        sleep(self.dice.millis(low, high)).await;
    }
}
