use super::chains;
use super::serve::Session;
use crate::local::requests;
use crate::runs::{self, RunFolder};
use crate::{ApplyError, Materials, Pair, Result};
use mesoform_plan::{
    Change, DocumentWish, Event, Observed, Outcome, Plan, Reply, SecretText, SignedChain,
    SigningRequest, Step, changes, interest, place,
};
use std::collections::BTreeMap;
use std::path::Path;

/// A plan whose certificates are being signed. The keys are only here.
pub struct Pending {
    run_id: String,
    plan: Plan,
    secrets: BTreeMap<String, SecretText>,
    requests: Vec<(SigningRequest, SecretText)>,
}

impl Session {
    pub(super) fn apply(
        &mut self,
        run_id: String,
        plan: Plan,
        secrets: BTreeMap<String, SecretText>,
    ) -> Result<Reply> {
        self.pending = None;
        plan.validate()?;
        RunFolder::of(&self.state, &run_id)?;
        self.held()?;
        if let Some(run) = runs::last(&self.state)?.filter(|run| run.outcome.is_none()) {
            return Err(ApplyError::StillRuns { id: run.id });
        }
        let todo = self.todo(&plan)?;
        if todo.is_empty() {
            return Ok(Reply::Applied { run_id, outcome: Outcome::Done { changed: 0 } });
        }
        let requests = requests(&plan, &todo)?;
        if requests.is_empty() {
            return self.begin(&run_id, &plan, &Materials { secrets, ..Materials::default() });
        }
        let asked = requests.iter().map(|(request, _)| request.clone()).collect();
        self.pending = Some(Pending { run_id: run_id.clone(), plan, secrets, requests });
        Ok(Reply::Requests { run_id, requests: asked })
    }

    pub(super) fn certificates(&mut self, run_id: &str, chains: Vec<SignedChain>) -> Result<Reply> {
        let Some(pending) = self.pending.take().filter(|pending| pending.run_id == run_id) else {
            return Err(ApplyError::Protocol {
                cause: "no certificates were asked for".to_owned(),
            });
        };
        self.held()?;
        let mut chains: BTreeMap<usize, String> =
            chains.into_iter().map(|chain| (chain.step, chain.chain_pem)).collect();
        let mut materials = Materials { secrets: pending.secrets, ..Materials::default() };
        for (request, key_pem) in pending.requests {
            let step = request.step;
            let chain_pem = chains.remove(&step).ok_or(ApplyError::NoChain { step })?;
            let pair = Pair { key_pem, chain_pem };
            chains::check(&self.state, &pending.plan, &request, &pair)?;
            materials.pairs.insert(step, pair);
        }
        self.begin(run_id, &pending.plan, &materials)
    }

    pub(super) fn document(&mut self, run_id: &str, wish: &DocumentWish) -> Result<Reply> {
        RunFolder::of(&self.state, run_id)?;
        if wish.check {
            let mut events: Vec<Event> = Vec::new();
            let outcome = self.launch.check(wish, &mut |event| events.push(event))?;
            for event in events {
                self.output.say(&Reply::Event { offset: 0, event })?;
            }
            return Ok(Reply::Applied { run_id: run_id.to_owned(), outcome });
        }
        self.held()?;
        if let Some(run) = runs::last(&self.state)?.filter(|run| run.outcome.is_none()) {
            return Err(ApplyError::StillRuns { id: run.id });
        }
        let run = RunFolder::create_for(&self.state, run_id, wish)?;
        self.launch_and_follow(&run)
    }

    fn begin(&mut self, run_id: &str, plan: &Plan, materials: &Materials) -> Result<Reply> {
        let run = RunFolder::create(&self.state, run_id, plan, materials)?;
        self.launch_and_follow(&run)
    }

    fn launch_and_follow(&mut self, run: &RunFolder) -> Result<Reply> {
        if let Err(error) = self.launch.launch(run) {
            let failure = error.failure();
            run.end(&Outcome::Failed { changed: 0, step: None, failure })?;
            return Err(error);
        }
        let followed = self.follow(run, 0);
        if matches!(followed, Ok(Reply::Applied { .. })) {
            self.launch.clear_up(run);
        }
        followed
    }

    fn todo(&self, plan: &Plan) -> Result<Vec<Change>> {
        let observed = self.machine.observe(&interest(plan))?;
        same_cluster(plan, &observed)?;
        let mut todo = changes(plan, &observed, jiff::Timestamp::now());
        todo.retain(|change| !change.what.is_start());
        Ok(todo)
    }
}

/// A host of another cluster is not touched, nor one of a cluster that only has the same name.
fn same_cluster(plan: &Plan, observed: &Observed) -> Result<()> {
    let Some(found) = &observed.identity else { return Ok(()) };
    let refuse = |found: &str, wanted: &str| {
        Err(ApplyError::OtherCluster { found: found.to_owned(), wanted: wanted.to_owned() })
    };
    if *found != plan.cluster {
        return refuse(found, &plan.cluster);
    }
    let wanted = plan.steps.iter().find_map(|step| match step {
        Step::File { path, content, .. } if path == Path::new(place::CLUSTER) => Some(content),
        _ => None,
    });
    let state = observed.paths.get(Path::new(place::CLUSTER));
    match (wanted, state.and_then(|state| state.text.as_ref())) {
        (Some(wanted), Some(text)) if wanted.trim() != text.trim() => {
            refuse(text.trim(), wanted.trim())
        }
        _ => Ok(()),
    }
}
