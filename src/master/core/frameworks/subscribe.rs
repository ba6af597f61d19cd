use crate::core::framework::{Framework, Suppressed, failover_timeout};
use crate::core::{Core, Effect, LinkId, Now, Owner, Refusal, Timer};
use mesoform_mesos::scheduler::{Event, Subscribe, Subscribed};
use mesoform_mesos::{FrameworkId, FrameworkInfo};

impl Core {
    /// A framework subscribes, for the first time or again; its events will go to `link`. What is wrong
    /// with the framework itself it hears as an ERROR event.
    ///
    /// # Errors
    /// The call names two ids.
    pub fn framework_subscribes(
        &mut self,
        link: LinkId,
        id: Option<FrameworkId>,
        subscribe: Subscribe,
        now: Now,
    ) -> Result<Vec<Effect>, Refusal> {
        self.now = now;
        let mut info = subscribe.framework_info;
        info.id = info.id.filter(|id| !id.value.is_empty());
        if id.filter(|id| !id.value.is_empty()) != info.id {
            return Err(Refusal::FrameworkIdDiffers);
        }
        match self.check(&info) {
            Ok(()) => self.subscribe(link, info, subscribe.suppressed_roles),
            Err(words) => {
                self.effects.push(Effect::Event { link, event: Box::new(Event::error(words)) });
                self.effects.push(Effect::Close { link });
            }
        }
        Ok(self.take_effects())
    }

    pub(in crate::core) fn check(&self, info: &FrameworkInfo) -> Result<(), String> {
        if info.id.as_ref().is_some_and(|id| self.completed.contains(id)) {
            return Err("Framework has been removed".to_owned());
        }
        if failover_timeout(info).is_none() {
            let asked = info.failover_timeout.unwrap_or_default();
            return Err(format!("The framework failover_timeout ({asked}) is invalid"));
        }
        info.effective_roles().iter().try_for_each(|role| check_role(role))
    }

    fn subscribe(&mut self, link: LinkId, mut info: FrameworkInfo, suppressed: Vec<String>) {
        let id = info.id.clone().unwrap_or_else(|| self.new_framework_id());
        info.id = Some(id.clone());
        self.supersede(&id);
        let now = self.now;
        let again = self.frameworks.contains_key(&id);
        let framework =
            self.frameworks.entry(id.clone()).or_insert_with(|| Framework::new(info.clone(), now));
        framework.reregistered = again.then_some(now.unix);
        framework.info = info;
        framework.link = Some(link);
        framework.recovered = false;
        framework.refusals.clear();
        framework.suppressed = Suppressed(suppressed.into_iter().collect());
        self.links.insert(link, Owner::Framework(id.clone()));
        self.timers.cancel(&Timer::Failover(id.clone()));
        tracing::info!(framework = %id, "framework subscribed");
        self.greet(&id);
        self.send_pending(&id);
        self.allocate_soon();
    }

    /// An earlier subscription of the same framework is over.
    fn supersede(&mut self, id: &FrameworkId) {
        self.drop_offers(id);
        self.tell(id, Event::error("Framework failed over"));
        let link = self.frameworks.get(id).and_then(|f| f.link);
        self.effects.extend(link.map(|link| Effect::Close { link }));
    }

    fn greet(&mut self, id: &FrameworkId) {
        let subscribed = Subscribed {
            framework_id: id.clone(),
            heartbeat_interval_seconds: Some(self.limits.heartbeat.as_secs_f64()),
            master_info: Some(self.term.master_info()),
        };
        self.tell(id, Event::Subscribed(Box::new(subscribed)));
        self.heartbeat(id);
    }

    /// Updates that the framework has not acknowledged: their agents would only send them again later.
    fn send_pending(&mut self, id: &FrameworkId) {
        let Some(framework) = self.frameworks.get(id) else { return };
        let pending = framework.tasks.values().filter(|t| !t.unreachable);
        let pending: Vec<_> =
            pending.filter_map(|t| t.pending.as_ref()).map(|u| u.status.clone()).collect();
        for status in pending {
            self.tell(id, Event::update(status));
        }
    }

    pub(in crate::core) fn heartbeat(&mut self, id: &FrameworkId) {
        if self.frameworks.get(id).is_some_and(|f| f.link.is_some()) {
            self.tell(id, Event::Heartbeat);
            self.timers.set(Timer::Heartbeat(id.clone()), self.now + self.limits.heartbeat);
        }
    }

    fn new_framework_id(&mut self) -> FrameworkId {
        let id = format!("{}-{:04}", self.term.master_id, self.next_id.framework);
        self.next_id.framework += 1;
        FrameworkId::new(id)
    }
}

/// Upstream's rules for the names of roles.
fn check_role(role: &str) -> Result<(), String> {
    let bad_part =
        |part: &str| part.is_empty() || part == "." || part == ".." || part.starts_with('-');
    let bad_char =
        |c: char| c.is_ascii_whitespace() || c == '\u{b}' || c == '\u{8}' || c == '\u{7f}';
    let star = role != "*" && role.split('/').any(|part| part == "*");
    if role.split('/').any(bad_part) || role.contains(bad_char) || star {
        return Err(format!("Role '{role}' is invalid"));
    }
    Ok(())
}
