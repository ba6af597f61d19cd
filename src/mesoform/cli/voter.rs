use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What is done to the voter of the host that this is called on.
#[derive(Debug, Args)]
pub struct VoterArgs {
    /// The voter's settings
    #[arg(long, value_name = "FILE", default_value = "/etc/mesoform/quorum.yml")]
    pub config: PathBuf,
    #[command(subcommand)]
    pub action: VoterAction,
}

#[derive(Debug, Subcommand)]
pub enum VoterAction {
    /// The quorum's members and which of them are alive, as JSON
    Members,
    /// Give a learner its vote
    Promote {
        /// The member's id, as `members` has it
        id: u64,
    },
    /// Take a member out
    Remove {
        /// The member's id, as `members` has it
        id: u64,
    },
    /// Put the data of the voter, which must not run, aside: it begins anew as a learner
    Renew,
    /// Write a backup of what the voter has to standard output
    Backup,
    /// Prepare the data of a new quorum, beside those of the voter, from the backup on standard input
    Stage {
        /// From what the voter, which must not run, has itself
        #[arg(long)]
        own: bool,
    },
    /// Begin a new quorum with what was prepared; the voter must not run
    Begin {
        /// Put the data aside that the voter has; otherwise it must have none
        #[arg(long)]
        overwrite: bool,
    },
}
