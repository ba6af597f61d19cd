//! `mesoform voter`: what the operator at the other end of the connection does to this host's voter,
//! with the voter's own certificate.

mod backup;
mod begin;
mod line;
mod members;
mod renew;

use crate::cli::{VoterAction, VoterArgs};
use crate::exit::Exit;
use line::Line;
use mesoform_settings::{QuorumSettings, load};

pub async fn run(args: VoterArgs) -> anyhow::Result<Exit> {
    let settings: QuorumSettings = load(&args.config)?;
    match args.action {
        VoterAction::Members => members::list(&Line::to(settings)?).await,
        VoterAction::Promote { id } => members::promote(&Line::to(settings)?, id).await,
        VoterAction::Remove { id } => members::remove(&Line::to(settings)?, id).await,
        VoterAction::Renew => renew::run(&settings),
        VoterAction::Backup => backup::run(&Line::to(settings)?).await,
        VoterAction::Stage { own: false } => begin::from_backup(&settings),
        VoterAction::Stage { own: true } => begin::from_own_data(&settings),
        VoterAction::Begin { overwrite } => begin::with_prepared(&settings, overwrite),
    }
}
