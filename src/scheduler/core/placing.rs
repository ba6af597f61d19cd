//! From offers to launches.

use super::constraints::Wishes;
use super::pool::Pool;
use super::{Core, Effect, Launch, Now, Offer, Turn};
use crate::model::{AppDefinition, AppId, Goal, Instance, InstanceId};
use mesoform_mesos::TaskState;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Refusal of what does not fit: the agent may have more to offer soon.
const SHORT: Duration = Duration::from_secs(5);
/// Refusal when nothing is wanted: reviving ends it.
const LONG: Duration = Duration::from_secs(120);

impl Core {
    /// Places what is wanted on `offers`, longest wanted first, and declines the rest.
    pub(super) fn place(&mut self, offers: Vec<Offer>, now: Now, turn: &mut Turn) {
        self.release(now);
        let mut pools: Vec<Pool> = offers.into_iter().map(Pool::new).collect();
        for app in self.launchable() {
            self.place_app(&app, &mut pools, now, turn);
        }
        self.link.offers_seen();
        let refuse = if self.wants_offers() { SHORT } else { LONG };
        let mut declined = Vec::new();
        for Pool { offer, launches } in pools {
            if launches.is_empty() {
                declined.push(offer.id);
            } else {
                turn.then(Effect::Accept { offer_id: offer.id, launches, refuse });
            }
        }
        if !declined.is_empty() {
            turn.then(Effect::Decline { offer_ids: declined, refuse });
        }
    }

    fn launchable(&self) -> Vec<AppId> {
        let wants = self.wants.iter().filter(|(_, want)| want.held_until.is_none());
        let mut apps: Vec<_> = wants.map(|(app, want)| (want.since, app)).collect();
        apps.sort();
        apps.into_iter().map(|(_, app)| app.clone()).collect()
    }

    fn place_app(&mut self, id: &AppId, pools: &mut [Pool], now: Now, turn: &mut Turn) {
        let Some(app) = self.state.apps.get(id).cloned() else { return };
        let missing = self.wants.get(id).map_or(0, |want| want.missing);
        let wishes = Wishes::of(&app);
        let current = |i: &&Arc<Instance>| i.is_active() && i.config == app.config();
        let mut placed: Vec<Arc<Instance>> = self.state.of(id).filter(current).cloned().collect();
        for _ in 0..missing {
            let Some(pool) = best(pools, &app, &wishes, &placed) else { break };
            let Some(launch) = self.launch_on(pool, &app, now, turn) else { break };
            placed.push(launch.instance.clone());
            pool.launches.push(launch);
            if let Some(want) = self.wants.get_mut(id) {
                want.missing -= 1;
            }
        }
        self.wants.retain(|_, want| want.missing > 0);
    }

    /// Records a new instance; its task goes out when the record is committed.
    fn launch_on(
        &mut self,
        pool: &mut Pool,
        app: &Arc<AppDefinition>,
        now: Now,
        turn: &mut Turn,
    ) -> Option<Launch> {
        let ports = pool.take(app, &mut self.dice)?;
        let instance = Arc::new(Instance {
            id: InstanceId::new(&app.id, self.dice.uuid()),
            app: app.id.clone(),
            version: app.version,
            config: app.config(),
            agent_id: pool.offer.agent_id.clone(),
            host: pool.offer.host.clone(),
            attributes: pool.offer.attributes.clone(),
            ports,
            goal: Goal::Running,
            state: TaskState::Staging,
            staged_at: now.wall,
            started_at: None,
        });
        turn.instance(&instance);
        self.state.put_instance(instance.clone());
        self.dirty.insert(app.id.clone());
        Some(Launch { instance, app: app.clone() })
    }
}

/// Where the next instance goes: where the app has the fewest, and then where most is free.
fn best<'a>(
    pools: &'a mut [Pool],
    app: &AppDefinition,
    wishes: &Wishes<'_>,
    placed: &[Arc<Instance>],
) -> Option<&'a mut Pool> {
    let mut per_host: BTreeMap<&str, usize> = BTreeMap::new();
    for instance in placed {
        *per_host.entry(&instance.host).or_default() += 1;
    }
    pools.iter_mut().filter(|pool| pool.fits(app) && wishes.allow(&pool.offer, placed)).min_by_key(
        |pool| {
            let here = per_host.get(pool.offer.host.as_str()).copied().unwrap_or(0);
            (here, Reverse(pool.offer.cpus), Reverse(pool.offer.mem))
        },
    )
}
