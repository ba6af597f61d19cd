use super::chance;
use super::lie::Lie;
use super::network::Weather;
use super::voter::{Refused, Voter, client_way};
use super::world::World;
use crate::levels::{Levels, NEWEST};
use mesoform_checks::{Ask, Cast, Dice, Failure, Keys, Stage, Troupe, Way, Witnesses, ask};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, sleep, timeout, timeout_at};

const CAST: Cast = Cast { clients: 5, watchers: 2, lessees: 1, curious: true, pause: (20, 120) };
const FAULTS: [&str; 15] = [
    "crash",
    "crash",
    "crash in a flush",
    "crash in a flush",
    "crash of all",
    "mute",
    "deaf",
    "cut",
    "wipe",
    "crash in a snapshot",
    "defragmentation",
    "crash in a defragmentation",
    "weather",
    "weather",
    "another version",
];
/// Of the simulated time: longer than anything should ever take when all is well.
const PATIENCE: Duration = Duration::from_secs(120);

/// What came of one life of a cluster.
pub struct Told {
    pub witnesses: Witnesses,
    pub faults: Vec<String>,
    /// Of everything that the clients did and saw: the same seed should give the same.
    pub trace: u64,
}

/// Lives the life that this seed stands for.
///
/// # Errors
/// What a judge objects to, with the faults before.
pub fn live(seed: u64, lie: Lie) -> Result<Told, String> {
    within(seed, lie, async |story, dice| story.tell(dice).await)
}

/// Tells a story of voters that do not run yet, in a world and a thread of its own.
///
/// # Errors
/// It failed.
pub fn within<T: Send + 'static>(
    seed: u64,
    lie: Lie,
    tell: impl AsyncFnOnce(Story, Dice) -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let life = std::thread::Builder::new().name(format!("seed {seed}")).spawn(move || {
        let mut dice = Dice::new(seed);
        chance::load(dice.split());
        let home = tempfile::Builder::new().prefix("life").tempdir_in(memory()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        // Its clock is the made-up one only within the runtime.
        let told = runtime.block_on(async {
            let story = Story::new(&mut dice, home.path(), lie);
            tell(story, dice).await
        });
        drop(runtime);
        World::end();
        told
    });
    life.unwrap().join().unwrap_or_else(|_| Err("it panicked".to_owned()))
}

/// Few real files are written, and none of them needs a disk.
fn memory() -> &'static Path {
    let shared = Path::new("/dev/shm");
    if shared.is_dir() { shared } else { Path::new("/tmp") }
}

pub struct Story {
    pub world: Arc<World>,
    home: PathBuf,
    voters: Vec<Option<Voter>>,
    /// As which version each comes back.
    versions: Vec<Levels>,
    /// The newest level that each has ever known.
    known: Vec<u32>,
    /// Who met a level that he has never known.
    left_behind: Option<String>,
    pub ways: Vec<Way>,
    faults: Vec<String>,
    start: Instant,
}

impl Story {
    fn new(dice: &mut Dice, home: &Path, lie: Lie) -> Self {
        let world = World::make(dice.split(), lie);
        let count = if dice.percent(70) { 3 } else { 5 };
        let ways = (0..count).map(|at| client_way(&world, at)).collect();
        let voters = (0..count).map(|_| None).collect();
        let versions = vec![Levels::default(); count];
        let home = home.to_owned();
        let (faults, start) = (Vec::new(), Instant::now());
        let (known, left_behind) = (vec![0; count], None);
        Self { world, home, voters, versions, known, left_behind, ways, faults, start }
    }

    async fn tell(mut self, mut dice: Dice) -> Result<Told, String> {
        (0..self.versions.len()).for_each(|at| self.versions[at] = version(&mut dice));
        self.calm().await?;
        let stage = Stage::new();
        let mut troupe_dice = dice.split();
        let troupe = Troupe::start(&stage, CAST, &mut troupe_dice, &self.ways);
        let end = Instant::now() + dice.millis(4000, 12_000);
        while Instant::now() < end {
            sleep(dice.millis(50, 800)).await;
            self.strike(&mut dice).await?;
        }
        self.calm().await?;
        self.upgrade().await?;
        let trace = trace(&stage);
        match troupe.judge(&self.ways).await {
            Ok(witnesses) => Ok(Told { witnesses, faults: self.faults, trace }),
            Err(failure) => Err(self.failed(&failure)),
        }
    }

    fn failed(&self, failure: &Failure) -> String {
        format!("{failure}\nfaults: {}", self.faults.join(", "))
    }

    async fn strike(&mut self, dice: &mut Dice) -> Result<(), String> {
        let count = self.voters.len();
        let (at, other) = (dice.place(count), dice.place(count));
        let kind = FAULTS[dice.place(FAULTS.len())];
        self.faults.push(format!("{:.2}s {kind} {at}", self.start.elapsed().as_secs_f32()));
        match kind {
            "crash" => self.crash(at),
            "crash in a flush" => {
                self.fail_after(at, dice.between(0, 6));
            }
            "crash of all" => (0..count).for_each(|at| self.crash(at)),
            "mute" => (0..count).for_each(|to| self.world.network.cut(at, to)),
            "deaf" => (0..count).for_each(|to| self.world.network.cut(to, at)),
            "cut" => self.world.network.cut(at, other),
            "wipe" => self.wipe(at).await?,
            "crash in a snapshot" => self.fall_behind(at, dice).await?,
            "defragmentation" => self.defragment(at),
            "crash in a defragmentation" => {
                self.defragment(at);
                self.fail_after(at, dice.between(0, 70));
            }
            "another version" => {
                self.crash(at);
                self.versions[at] = version(dice);
                self.rise(at).await;
            }
            _weather => {
                let weather = Weather {
                    lost: dice.between(0, 30),
                    twice: dice.between(0, 30),
                    late: dice.between(0, 50),
                };
                self.world.network.set_weather(weather);
            }
        }
        sleep(dice.millis(20, 1800)).await;
        self.mend(dice).await
    }

    /// A voter's disks are gone; it comes back under a new id. Only where all others are well: nobody promises
    /// that nothing is lost with the disks of a majority.
    async fn wipe(&mut self, at: usize) -> Result<(), String> {
        self.calm().await?;
        self.settle().await?;
        self.wipe_now(at).await;
        Ok(())
    }

    /// As [`Self::wipe`], whatever the others are doing.
    pub async fn wipe_now(&mut self, at: usize) {
        self.crash(at);
        // What is left of its life lets go.
        sleep(Duration::from_millis(50)).await;
        Voter::wipe(&self.world, &self.home, at);
        self.rise(at).await;
    }

    /// A voter is away until it must be sent a snapshot, and loses its power around the time that it takes it
    /// in: in any of the flushes by which it gets from there to the newest entries.
    async fn fall_behind(&mut self, at: usize, dice: &mut Dice) -> Result<(), String> {
        self.crash(at);
        sleep(dice.millis(1500, 4000)).await;
        self.look()?;
        self.rise(at).await;
        self.fail_after(at, dice.between(0, 12));
        Ok(())
    }

    /// All become of the newest version, one after the other, and so does the cluster.
    pub async fn upgrade(&mut self) -> Result<(), String> {
        for at in 0..self.voters.len() {
            if self.versions[at] != Levels::default() {
                self.crash(at);
                self.versions[at] = Levels::default();
                self.calm().await?;
            }
        }
        let risen = async {
            let is_there = |voter: &Voter| voter.level() == NEWEST;
            while !self.voters.iter().flatten().all(is_there) {
                sleep(Duration::from_millis(50)).await;
            }
        };
        let risen = timeout(PATIENCE, risen).await;
        risen.map_err(|_| format!("the level does not rise\nfaults: {}", self.faults.join(", ")))
    }

    /// Waits until all vote, and nobody else counts.
    pub async fn settle(&self) -> Result<(), String> {
        let count = self.voters.len();
        let settled = async {
            while !self.voters.iter().flatten().all(|voter| voter.is_one_of(count)) {
                sleep(Duration::from_millis(50)).await;
            }
        };
        let settled = timeout(PATIENCE, settled).await;
        settled.map_err(|_| format!("not all vote again\nfaults: {}", self.faults.join(", ")))
    }

    /// Most of what is broken is repaired.
    async fn mend(&mut self, dice: &mut Dice) -> Result<(), String> {
        self.look()?;
        if dice.percent(80) {
            self.world.network.heal();
        }
        if dice.percent(50) {
            self.world.network.set_weather(Weather::default());
        }
        for at in 0..self.voters.len() {
            if self.voters[at].is_none() && dice.percent(80) {
                if dice.percent(40) {
                    self.versions[at] = version(dice);
                }
                self.rise(at).await;
            }
        }
        Ok(())
    }

    /// Whoever lost his power lies down; whoever is ill though he has power is a bug.
    fn look(&mut self) -> Result<(), String> {
        if let Some(left_behind) = &self.left_behind {
            return Err(format!("{left_behind}\nfaults: {}", self.faults.join(", ")));
        }
        for at in 0..self.voters.len() {
            let Some(voter) = &self.voters[at] else { continue };
            if let Some(level) = voter.outgrown() {
                // It has ended; its operator knows what to do.
                self.faults.push(format!("{at} is outgrown"));
                self.crash(at);
                self.go_on(at, level);
                continue;
            }
            if let Some(illness) = voter.illness() {
                return Err(format!("{illness}\nfaults: {}", self.faults.join(", ")));
            }
            if voter.power().is_off() {
                self.crash(at);
            }
        }
        Ok(())
    }

    /// A voter loses its power in the flush after so many.
    pub fn fail_after(&self, at: usize, flushes: u64) {
        if let Some(voter) = &self.voters[at] {
            voter.power().fail_after(i64::try_from(flushes).unwrap());
        }
    }

    /// A voter begins to make its data file smaller.
    pub fn defragment(&self, at: usize) {
        if let Some(voter) = &self.voters[at] {
            voter.defragment();
        }
    }

    /// As which version a voter is to come back.
    pub fn set_version(&mut self, at: usize, version: Levels) {
        self.versions[at] = version;
    }

    /// As which version a voter runs, or is to come back: one that was refused becomes of the newest.
    pub fn look_after(&mut self, at: usize) -> Result<Levels, String> {
        self.look()?;
        Ok(self.versions[at])
    }

    /// The highest level that any voter says that the cluster is at.
    pub fn level(&self) -> u32 {
        self.voters.iter().flatten().map(Voter::level).max().unwrap_or_default()
    }

    /// Whether a voter has power.
    pub fn is_up(&self, at: usize) -> bool {
        self.voters[at].as_ref().is_some_and(|voter| !voter.power().is_off())
    }

    /// No state takes anything in, and no snapshot is made, until this is dropped.
    pub async fn hold_states(&self) -> Vec<OwnedMutexGuard<()>> {
        let mut held = Vec::new();
        for voter in self.voters.iter().flatten() {
            held.push(voter.state.turn.clone().lock_owned().await);
        }
        held
    }

    /// Bytes of the heaviest log.
    pub fn weight(&self) -> u64 {
        self.voters.iter().flatten().map(Voter::weight).max().unwrap_or_default()
    }

    pub fn crash(&mut self, at: usize) {
        if let Some(voter) = self.voters[at].take() {
            voter.cut_power();
        }
    }

    pub async fn rise(&mut self, at: usize) {
        let started = self.start(at).await;
        self.voters[at] = match started {
            Ok(voter) => voter,
            // Its data are at a level that it does not know: it does not come up as that version.
            Err(Refused) => {
                self.faults.push(format!("{at} is refused"));
                self.go_on(at, NEWEST);
                self.start(at).await.unwrap_or_else(|Refused| panic!("voter {at} is refused"))
            }
        };
    }

    /// A voter is too old for this level: it was newer before, and comes back as that.
    fn go_on(&mut self, at: usize, level: u32) {
        if self.known[at] < level {
            self.left_behind =
                Some(format!("voter {at} is left behind: it never knew level {level}"));
        }
        self.versions[at] = Levels::default();
    }

    async fn start(&mut self, at: usize) -> Result<Option<Voter>, Refused> {
        self.known[at] = self.known[at].max(self.versions[at].newest());
        Voter::start(&self.world, &self.home, at, self.voters.len(), self.versions[at]).await
    }

    async fn rise_all(&mut self) {
        for at in 0..self.voters.len() {
            if self.voters[at].is_none() {
                self.rise(at).await;
            }
        }
    }

    async fn answers(&self, at: usize, end: Instant) -> bool {
        let keys = Keys::One("ready?".to_owned());
        let read = Ask::Read { keys, serializable: false, revision: 0 };
        timeout_at(end, ask(&self.ways[at], &read)).await.is_ok_and(|answer| answer.is_ok())
    }

    /// Everything works, and everybody answers.
    pub async fn calm(&mut self) -> Result<(), String> {
        self.world.network.heal();
        self.world.network.set_weather(Weather::default());
        self.voters.iter().flatten().for_each(|voter| voter.power().fail_after(-1));
        self.look()?;
        self.rise_all().await;
        for at in 0..self.ways.len() {
            let end = Instant::now() + PATIENCE;
            while !self.answers(at, end).await {
                if Instant::now() >= end {
                    let faults = self.faults.join(", ");
                    let all: Vec<_> = self.voters.iter().flatten().map(Voter::outlook).collect();
                    let all = all.join("\n");
                    return Err(format!("voter {at} never answers again\n{all}\nfaults: {faults}"));
                }
                sleep(Duration::from_millis(50)).await;
                // Who is outgrown meanwhile comes back as what it has to be.
                self.look()?;
                self.rise_all().await;
            }
        }
        self.look()
    }
}

/// A version of today, or the one before it.
fn version(dice: &mut Dice) -> Levels {
    Levels::up_to(if dice.percent(70) { NEWEST } else { NEWEST - 1 })
}

fn trace(stage: &Stage) -> u64 {
    let mut hasher = DefaultHasher::new();
    for call in stage.calls.lock().unwrap().iter() {
        format!("{call:?}").hash(&mut hasher);
    }
    hasher.finish()
}
