use super::serve::Session;
use crate::wave::{Action, Seen, Wave};
use crate::{ApplyError, Result, UnitView, Verb};
use mesoform_plan::{Event, Interest, Look, Reply, StartUnit};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How often systemd is asked: readiness is its word, not a time of ours.
const LOOK: Duration = Duration::from_millis(60);
/// What is shown of a unit that does not come up.
const LAST_WORDS: u32 = 30;

impl Session {
    pub(super) fn start(
        &mut self,
        units: &[StartUnit],
        restart: bool,
        limit: Duration,
    ) -> Result<Reply> {
        self.held()?;
        let names: Vec<String> = units.iter().map(|unit| unit.name.clone()).collect();
        let views = self.machine.units(&names)?;
        let mut wave = self.plan_wave(units, &views, restart)?;
        self.begin_wave(&wave, &views)?;
        let since = Instant::now();
        loop {
            let views = self.machine.units(&names)?;
            for seen in wave.look(&views) {
                self.tell_seen(seen)?;
            }
            if wave.is_up() {
                return Ok(Reply::Started { units: wave.started() });
            }
            if since.elapsed() >= limit {
                return Err(self.late(&wave, since.elapsed()));
            }
            self.pause()?;
        }
    }

    pub(super) fn stop(&mut self, units: Vec<String>, limit: Duration) -> Result<Reply> {
        self.held()?;
        let runs =
            |view: &UnitView| !matches!(view.state.active.as_str(), "inactive" | "failed" | "");
        // A unit that waits to be started again is stopped as well.
        let known: Vec<String> = loaded(&self.machine.units(&units)?);
        if !known.is_empty() {
            self.machine.tell(Verb::Stop, &known)?;
        }
        let since = Instant::now();
        loop {
            let views = self.machine.units(&known)?;
            let Some((unit, view)) = views.iter().find(|(_, view)| runs(view)) else {
                return Ok(Reply::Stopped { units });
            };
            if since.elapsed() >= limit {
                return Err(self.unit_late(unit, view, since.elapsed()));
            }
            self.pause()?;
        }
    }

    fn plan_wave(
        &self,
        units: &[StartUnit],
        views: &BTreeMap<String, UnitView>,
        restart: bool,
    ) -> Result<Wave> {
        let mut interest = Interest::default();
        for unit in units {
            interest.units.insert(unit.name.clone());
            unit.inputs.iter().for_each(|path| interest.look(path, Look::Hash));
        }
        let observed = self.machine.observe(&interest)?;
        Ok(Wave::new(units, &observed, views, restart))
    }

    fn begin_wave(&mut self, wave: &Wave, views: &BTreeMap<String, UnitView>) -> Result<()> {
        if views.values().any(|view| view.state.needs_reload) {
            self.machine.tell(Verb::Reload, &[])?;
        }
        let (start, restart) = (wave.that(Action::Start), wave.that(Action::Restart));
        let failed = |unit: &&String| views.get(*unit).is_some_and(|v| v.state.active == "failed");
        let failed: Vec<String> = start.iter().filter(failed).cloned().collect();
        for (verb, units) in
            [(Verb::ResetFailed, failed), (Verb::Start, start), (Verb::Restart, restart)]
        {
            if !units.is_empty() {
                self.machine.tell(verb, &units)?;
            }
        }
        // At once, and not when they are up: a lost connection must not make them start again.
        for unit in wave.units.iter().filter(|unit| unit.action != Action::Await) {
            self.machine.note_inputs(&unit.unit, unit.inputs.as_deref())?;
        }
        Ok(())
    }

    fn tell_seen(&mut self, seen: Seen) -> Result<()> {
        match seen {
            Seen::Unit { unit, active, status } => {
                self.output.event(Event::Unit { unit, active, status })
            }
            Seen::Failed { unit, cause } => {
                // So that the next run starts it anew, whatever state it is in by then.
                self.machine.note_inputs(&unit, None)?;
                let lines = self.last_words(&unit);
                Err(ApplyError::UnitFailed { unit, cause, lines })
            }
        }
    }

    fn late(&self, wave: &Wave, waited: Duration) -> ApplyError {
        match wave.first_waiting() {
            Some(unit) => self.unit_late(&unit.unit, &unit.last, waited),
            None => ApplyError::Closed,
        }
    }

    fn unit_late(&self, unit: &str, view: &UnitView, waited: Duration) -> ApplyError {
        ApplyError::UnitLate {
            unit: unit.to_owned(),
            waited_ms: u64::try_from(waited.as_millis()).unwrap_or(u64::MAX),
            active: view.state.active.clone(),
            status: view.status.clone(),
            lines: self.last_words(unit),
        }
    }

    /// Without a journal there is still the cause.
    fn last_words(&self, unit: &str) -> Vec<String> {
        self.machine.journal(unit, LAST_WORDS).unwrap_or_default()
    }

    fn pause(&self) -> Result<()> {
        if self.input.is_closed() {
            return Err(ApplyError::Closed);
        }
        std::thread::sleep(LOOK);
        Ok(())
    }
}

fn loaded(views: &BTreeMap<String, UnitView>) -> Vec<String> {
    views.iter().filter(|(_, view)| view.state.loaded).map(|(unit, _)| unit.clone()).collect()
}
