//! The stories, each named for what a user does or meets. `tests/run` runs them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "these are tests"
)]

mod agents_join_by_the_masters;
mod alone;
mod as_cloud_init_does;
mod bad_input;
mod boots_from_user_data;
mod certificates_renew_themselves;
mod certificates_renewed;
mod check_tells_the_truth;
mod connections;
mod crowds;
mod down_leaves_nothing;
mod faults;
mod first_cluster;
mod five_masters;
mod foreign_etcd;
mod host_dies;
mod hosts_boot_from_a_tree;
mod hosts_boot_minutes_apart;
mod hosts_move;
mod leaders_die;
mod lost_connection;
mod old_clients;
mod prune_is_killed;
mod pushes_a_document;
mod quorum_begins_again;
mod quorum_grows_and_shrinks;
mod quorum_lost_and_recovered;
mod quorum_rebuilt;
mod rig_boots;
mod same_either_way;
mod second_run_changes_nothing;
mod services_restart;
mod tasks_are_confined;
mod two_operators_at_once;
mod unknown_agents_join;
mod voters;
