//! The files of `templates/`, as they were when this binary was built.

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        /// Name and source of each template.
        pub(crate) const FILES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../templates/", $name)))),*];
    };
}

files![
    "boot/cloud-config.yml",
    "etc/agent.yml",
    "etc/certificates.yml",
    "etc/master.yml",
    "etc/quorum.yml",
    "etc/scheduler.yml",
    "units/mesoform-agent.service",
    "units/mesoform-artifact.service",
    "units/mesoform-certificates.service",
    "units/mesoform-certificates.timer",
    "units/mesoform-join.service",
    "units/mesoform-master.service",
    "units/mesoform-quorum.service",
    "units/mesoform-scheduler.service",
];

/// The names of all templates, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}
