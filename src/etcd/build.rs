//! Makes the client and server stubs from the Rust types in `pb/`: no `protoc` is needed.

use tonic_build::manual::{Builder, Method, Service};

/// Which sides of a call are streams.
#[derive(Clone, Copy)]
enum Shape {
    Unary,
    ServerStream,
    BothStream,
}

use Shape::{BothStream, ServerStream, Unary};

/// The package of the services that etcd itself is made of; the others stand on them.
const ETCD: &str = "etcdserverpb";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    Builder::new().compile(&[kv(), watch(), lease(), cluster(), maintenance(), election(), lock()]);
}

fn kv() -> Service {
    service(
        ETCD,
        "KV",
        &[
            ("range", "Range", "Range", Unary),
            ("put", "Put", "Put", Unary),
            ("delete_range", "DeleteRange", "DeleteRange", Unary),
            ("txn", "Txn", "Txn", Unary),
            ("compact", "Compact", "Compaction", Unary),
        ],
    )
}

fn watch() -> Service {
    service(ETCD, "Watch", &[("watch", "Watch", "Watch", BothStream)])
}

fn lease() -> Service {
    service(
        ETCD,
        "Lease",
        &[
            ("lease_grant", "LeaseGrant", "LeaseGrant", Unary),
            ("lease_revoke", "LeaseRevoke", "LeaseRevoke", Unary),
            ("lease_keep_alive", "LeaseKeepAlive", "LeaseKeepAlive", BothStream),
            ("lease_time_to_live", "LeaseTimeToLive", "LeaseTimeToLive", Unary),
            ("lease_leases", "LeaseLeases", "LeaseLeases", Unary),
        ],
    )
}

fn cluster() -> Service {
    service(
        ETCD,
        "Cluster",
        &[
            ("member_add", "MemberAdd", "MemberAdd", Unary),
            ("member_remove", "MemberRemove", "MemberRemove", Unary),
            ("member_update", "MemberUpdate", "MemberUpdate", Unary),
            ("member_list", "MemberList", "MemberList", Unary),
            ("member_promote", "MemberPromote", "MemberPromote", Unary),
        ],
    )
}

fn maintenance() -> Service {
    service(
        ETCD,
        "Maintenance",
        &[
            ("alarm", "Alarm", "Alarm", Unary),
            ("status", "Status", "Status", Unary),
            ("defragment", "Defragment", "Defragment", Unary),
            ("hash", "Hash", "Hash", Unary),
            ("hash_kv", "HashKV", "HashKv", Unary),
            ("snapshot", "Snapshot", "Snapshot", ServerStream),
            ("move_leader", "MoveLeader", "MoveLeader", Unary),
            ("downgrade", "Downgrade", "Downgrade", Unary),
        ],
    )
}

fn election() -> Service {
    service(
        "v3electionpb",
        "Election",
        &[
            ("campaign", "Campaign", "Campaign", Unary),
            ("proclaim", "Proclaim", "Proclaim", Unary),
            ("leader", "Leader", "Leader", Unary),
            ("observe", "Observe", "Leader", ServerStream),
            ("resign", "Resign", "Resign", Unary),
        ],
    )
}

fn lock() -> Service {
    service(
        "v3lockpb",
        "Lock",
        &[("lock", "Lock", "Lock", Unary), ("unlock", "Unlock", "Unlock", Unary)],
    )
}

/// A service of `(function, method on the wire, name of the messages without Request/Response, shape)`.
fn service(package: &str, name: &str, methods: &[(&str, &str, &str, Shape)]) -> Service {
    let mut service = Service::builder().name(name).package(package);
    for (function, route, messages, shape) in methods {
        let mut method = Method::builder()
            .name(function)
            .route_name(route)
            .input_type(format!("crate::pb::{messages}Request"))
            .output_type(format!("crate::pb::{messages}Response"))
            .codec_path("tonic_prost::ProstCodec");
        method = match shape {
            Unary => method,
            ServerStream => method.server_streaming(),
            BothStream => method.client_streaming().server_streaming(),
        };
        service = service.method(method.build());
    }
    service.build()
}
