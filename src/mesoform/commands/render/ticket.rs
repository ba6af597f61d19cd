use super::format::Format;
use crate::cli::{EnrolAt, RenderArgs};
use jiff::Timestamp;
use mesoform_cluster::{Admin, ClusterSpec, Service, invitation, invitation_of_guests};
use mesoform_identity::{Desk, Role};
use mesoform_plan::{Plan, SecretText, Step};
use mesoform_render::{Dialect, Join};

/// What lets hosts join by themselves.
pub struct Tickets<'a> {
    admin: &'a Admin,
    desk: Desk,
    /// `https://host:port`.
    places: Vec<String>,
    until: Timestamp,
    /// How many hosts may come with one, where they are not known yet.
    guests: Option<u32>,
}

impl<'a> Tickets<'a> {
    /// None where nobody wants them, or nobody is named whom hosts could ask, or nothing would ask: hosts
    /// without a URL for the binary; those of a dialect that is carried out at every boot, when the token is used
    /// up long since; and a plan is no document.
    pub fn of(
        args: &RenderArgs,
        format: Format,
        spec: &ClusterSpec,
        admin: &'a Admin,
    ) -> anyhow::Result<Option<Self>> {
        let boots_once = match format {
            Format::Document(Dialect::CloudConfig | Dialect::Ignition, _) | Format::Units => true,
            Format::Document(Dialect::Coreos, _) | Format::Plan => false,
        };
        let (desk, places) = match args.enrol_at {
            EnrolAt::Serve => {
                (Desk::Operator, spec.options.join_url.iter().map(ToString::to_string).collect())
            }
            EnrolAt::Masters => (Desk::Masters, masters(spec)),
        };
        let wanted = boots_once && !args.no_token && spec.options.artifact_url.is_some();
        if !wanted || places.is_empty() {
            return Ok(None);
        }
        let until = Timestamp::now().checked_add(args.token_ttl)?;
        let guests = args.role.map(|_| args.count);
        Ok(Some(Self { admin, desk, places, until, guests }))
    }

    /// The one of the host that `plan` is for. A master cannot have its CA signed by another one.
    pub fn for_host(&self, plan: &Plan) -> anyhow::Result<Option<Join>> {
        if self.desk == Desk::Masters && is_master(plan) {
            return Ok(None);
        }
        let until = self.until.as_second();
        let invitation = match self.guests {
            Some(guests) => invitation_of_guests(plan, guests, until)?,
            None => invitation(plan, self.desk, until)?,
        };
        let token = self.admin.authority.invite(&invitation)?;
        let (token, places) = (SecretText::new(token.expose()), self.places.clone());
        Ok(Some(Join { token, places }))
    }

    /// What the operator should know of them.
    pub fn words(&self) -> String {
        let until = self.until.strftime("%Y-%m-%d %H:%M UTC");
        let who = match self.desk {
            Desk::Operator => "have `mesoform serve` run meanwhile",
            Desk::Masters => "the masters redeem it, but for hosts that are masters themselves",
        };
        match self.guests {
            Some(guests) => {
                let hosts = if guests == 1 { "host" } else { "hosts" };
                format!("it has a token, good for {guests} {hosts} and until {until}: {who}")
            }
            None => format!("each has a token of its host's, good once and until {until}: {who}"),
        }
    }
}

fn masters(spec: &ClusterSpec) -> Vec<String> {
    let port = spec.options.ports.master_enrolment;
    spec.with(Service::Master).map(|host| format!("https://{}", host.at(port))).collect()
}

fn is_master(plan: &Plan) -> bool {
    let own = Role::Master.as_str();
    plan.steps.iter().any(|step| matches!(step, Step::Certificate { role, .. } if role == own))
}
