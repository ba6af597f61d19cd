use crate::core::Core;
use crate::core::framework::Suppressed;
use mesoform_mesos::FrameworkId;
use mesoform_mesos::scheduler::{Event, UpdateFramework};

impl Core {
    /// UPDATE_FRAMEWORK: takes what a framework may change of itself.
    pub(super) fn update_framework(&mut self, id: &FrameworkId, update: UpdateFramework) {
        let mut info = update.framework_info;
        info.id = Some(id.clone());
        if let Err(words) = self.check(&info) {
            self.tell(id, Event::error(words));
            return;
        }
        let Some(framework) = self.frameworks.get_mut(id) else { return };
        framework.info = info;
        framework.suppressed = Suppressed(update.suppressed_roles.into_iter().collect());
        self.allocate_soon();
    }
}
