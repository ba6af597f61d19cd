//! The services' settings for one host, computed from the cluster.

use crate::{Auth, ClusterSpec, HostSpec, Places, Service};
use mesoform_identity::Role;
use mesoform_settings::{
    AgentSettings, CertificatesSettings, FORMAT, HttpSettings, Launcher, MasterSettings, PkiPaths,
    QuorumClientSettings, QuorumSettings, RenewalSettings, SchedulerSettings, Voter,
};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Where and how services of this host run.
pub(crate) struct Local<'a> {
    pub spec: &'a ClusterSpec,
    pub host: &'a HostSpec,
    pub places: &'a Places,
    /// The address that services listen on.
    pub bind: IpAddr,
    pub launcher: Launcher,
}

impl Local<'_> {
    pub fn quorum(&self) -> QuorumSettings {
        let ports = self.spec.options.ports;
        let timing = self.spec.options.timing;
        let voter = |h: &&HostSpec| Voter {
            slot: h.slot.unwrap_or_default(),
            name: h.name.clone(),
            peer: h.at(ports.quorum_peer),
            client: h.at(ports.quorum_client),
        };
        QuorumSettings {
            format: FORMAT,
            cluster: self.spec.name.clone(),
            slot: self.host.slot.unwrap_or_default(),
            voters: self.spec.voters().iter().map(voter).collect(),
            listen_client: self.listen(ports.quorum_client),
            listen_peer: self.listen(ports.quorum_peer),
            data_dir: self.data(Service::Quorum),
            pki: self.pki(Service::Quorum),
            heartbeat_ms: timing.heartbeat,
            election_timeout_ms: timing.election_timeout,
        }
    }

    pub fn master(&self) -> MasterSettings {
        let ports = self.spec.options.ports;
        let timing = self.spec.options.timing;
        MasterSettings {
            format: FORMAT,
            cluster: self.spec.name.clone(),
            hostname: self.host.hostname.clone(),
            http: self.http(Service::Master, ports.master),
            listen_agents: self.listen(ports.master_agents),
            advertise_agents: self.host.at(ports.master_agents),
            quorum: self.quorum_client(Service::Master),
            pki: self.pki(Service::Master),
            renewal: self.renews().then(|| RenewalSettings {
                listen: self.listen(ports.master_enrolment),
                issuer: PkiPaths::in_dir(&self.places.pki, Role::Issuer.as_str()),
            }),
            agent_ping_ms: timing.agent_ping,
            agent_ping_misses: timing.agent_ping_misses,
            agent_reregister_ms: timing.agent_reregister,
            leadership_ttl_ms: timing.leadership_ttl,
        }
    }

    pub fn certificates(&self) -> CertificatesSettings {
        let port = self.spec.options.ports.master_enrolment;
        CertificatesSettings {
            format: FORMAT,
            cluster: self.spec.name.clone(),
            pki: self.places.pki.clone(),
            masters: self.spec.with(Service::Master).map(|h| h.at(port)).collect(),
            outcome: self.places.var.join("certificates.json"),
        }
    }

    pub fn scheduler(&self) -> SchedulerSettings {
        let ports = self.spec.options.ports;
        let timing = self.spec.options.timing;
        SchedulerSettings {
            format: FORMAT,
            cluster: self.spec.name.clone(),
            hostname: self.host.hostname.clone(),
            http: self.http(Service::Scheduler, ports.scheduler),
            masters: self.spec.with(Service::Master).map(|h| h.at(ports.master_agents)).collect(),
            quorum: self.quorum_client(Service::Scheduler),
            pki: self.pki(Service::Scheduler),
            failover_timeout_ms: timing.failover_timeout,
            leadership_ttl_ms: timing.leadership_ttl,
        }
    }

    pub fn agent(&self) -> AgentSettings {
        let ports = self.spec.options.ports;
        // Without systemd nobody is root, and there is no other user to be.
        let on_a_host = self.launcher == Launcher::Systemd;
        let hidden = [&self.places.etc, &self.places.var].map(Clone::clone);
        AgentSettings {
            format: FORMAT,
            cluster: self.spec.name.clone(),
            hostname: self.host.hostname.clone(),
            address: self.host.address.clone(),
            http: self.http(Service::Agent, ports.agent),
            masters: self.spec.with(Service::Master).map(|h| h.at(ports.master_agents)).collect(),
            pki: self.pki(Service::Agent),
            work_dir: self.data(Service::Agent),
            run_dir: self.places.run.join("agent"),
            launcher: self.launcher,
            task_user: on_a_host.then(|| self.spec.options.task_user.clone()),
            task_log_mib: self.spec.options.task_log_mib,
            hidden: if on_a_host { hidden.to_vec() } else { Vec::new() },
            attributes: self.host.attributes.clone(),
            resources: self.host.resources.clone(),
        }
    }

    fn http(&self, service: Service, port: u16) -> HttpSettings {
        let options = &self.spec.options;
        let credentials = self.places.credentials(service);
        HttpSettings {
            listen: self.listen(port),
            advertise: self.host.at(port),
            scheme: options.scheme,
            credentials: (options.auth == Auth::Basic).then_some(credentials),
        }
    }

    fn quorum_client(&self, service: Service) -> QuorumClientSettings {
        if let Some(etcd) = self.etcd_client(service) {
            return etcd;
        }
        let port = self.spec.options.ports.quorum_client;
        QuorumClientSettings::own(self.spec.voters().iter().map(|h| h.at(port)).collect())
    }

    fn listen(&self, port: u16) -> SocketAddr {
        SocketAddr::new(self.bind, port)
    }

    fn data(&self, service: Service) -> std::path::PathBuf {
        self.places.var.join(service.name())
    }

    fn pki(&self, service: Service) -> PkiPaths {
        PkiPaths::in_dir(&self.places.pki, service.name())
    }
}

/// All addresses of a host.
pub(crate) const ANYWHERE: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
