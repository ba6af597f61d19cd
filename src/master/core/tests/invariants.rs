use super::World;
use crate::core::Core;
use crate::core::amounts::Amounts;
use mesoform_mesos::Resources;
use std::collections::BTreeSet;

impl World {
    /// What holds at any time.
    pub fn check(&self) {
        let core = &self.core;
        check_agents(core);
        check_hosts(core);
        check_frameworks(core);
        for (id, offer) in &core.offers {
            assert!(core.agents[&offer.agent_id].offers.contains(id));
            assert!(core.agents[&offer.agent_id].is_active(), "offers of agents that are away");
            assert!(core.frameworks[&offer.framework_id].offers.contains(id));
            assert!(core.frameworks[&offer.framework_id].link.is_some());
        }
    }
}

fn check_hosts(core: &Core) {
    let agents = core.agents.iter().map(|(id, agent)| (id, &agent.info.hostname));
    let recovering = core.recovering.iter().map(|(id, record)| (id, &record.hostname));
    let lost = core.unreachable.iter().map(|(id, lost)| (id, &lost.record.hostname));
    let mut known = 0;
    for (id, hostname) in agents.chain(recovering).chain(lost) {
        assert!(core.hosts[hostname].contains(id));
        known += 1;
    }
    assert_eq!(core.hosts.values().map(BTreeSet::len).sum::<usize>(), known);
    let links = core.agents.values().filter_map(|a| a.link);
    let links = links.chain(core.frameworks.values().filter_map(|f| f.link));
    links.for_each(|link| assert!(core.links.contains_key(&link)));
}

fn check_agents(core: &Core) {
    let mut total = Amounts::default();
    for (id, agent) in &core.agents {
        total.add(&agent.total);
        let mut sum = Resources::new();
        for (framework, task) in &agent.tasks {
            let task = &core.frameworks[framework].tasks[task];
            assert_eq!(task.agent_id, *id);
            if task.holds_resources() {
                assert!(!sum.overlaps(&task.resources), "a port used twice");
                sum.add(&task.resources);
            }
        }
        assert_eq!(sum, agent.used, "used on {id}");
        let mut offered = Resources::new();
        for offer in agent.offers.iter().map(|offer| &core.offers[offer]) {
            assert!(!offered.overlaps(&offer.resources), "a port offered twice");
            offered.add(&offer.resources);
        }
        assert_eq!(offered, agent.offered, "offered on {id}");
        sum.add(&offered);
        assert!(agent.total.contains(&sum), "more than there is on {id}");
        sum.add(&agent.free());
        assert_eq!(sum, agent.total, "used, offered and free are all on {id}");
    }
    for name in ["cpus", "mem"] {
        assert_eq!(total.milli(name), core.total.milli(name));
    }
}

fn check_frameworks(core: &Core) {
    for (id, framework) in &core.frameworks {
        let mut allocated = Amounts::default();
        for (task_id, task) in &framework.tasks {
            let key = (id.clone(), task_id.clone());
            match core.agents.get(&task.agent_id) {
                Some(agent) => assert!(agent.tasks.contains(&key) && !task.unreachable),
                None => assert!(core.unreachable[&task.agent_id].tasks.contains(&key)),
            }
            if task.holds_resources() {
                allocated.add(&task.resources);
            }
        }
        for offer in &framework.offers {
            allocated.add(&core.offers[offer].resources);
        }
        for name in ["cpus", "mem"] {
            assert_eq!(allocated.milli(name), framework.allocated.milli(name), "{id}: {name}");
        }
        assert!(!core.completed.contains(id));
    }
}
