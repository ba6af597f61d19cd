//! Makes the stubs of the voters' own protocol from the Rust types in `wire/`: no `protoc` is needed.

use tonic_build::manual::{Builder, Method, Service};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let peer = Service::builder()
        .name("Peer")
        .package("mesoform.quorum")
        .method(method("hello", "Hello", "HelloRequest", "HelloResponse").build())
        .method(method("join", "Join", "JoinRequest", "JoinResponse").build())
        .method(method("members", "Members", "MembersRequest", "MembersResponse").build())
        .method(method("append", "Append", "AppendRequest", "AppendResponse").build())
        .method(
            method("appends", "Appends", "AppendRequest", "AppendResponse")
                .client_streaming()
                .server_streaming()
                .build(),
        )
        .method(method("vote", "Vote", "VoteRequest", "VoteResponse").build())
        .method(
            method("snapshot", "Snapshot", "SnapshotChunk", "SnapshotResponse")
                .client_streaming()
                .build(),
        )
        .method(method("forward", "Forward", "ForwardRequest", "ForwardResponse").build())
        .method(method("read_index", "ReadIndex", "ReadIndexRequest", "ReadIndexResponse").build())
        .method(method("give_way", "GiveWay", "GiveWayRequest", "GiveWayResponse").build())
        .method(method("renew", "Renew", "RenewRequest", "RenewResponse").build())
        .build();
    Builder::new().compile(&[peer]);
}

fn method(
    name: &str,
    route: &str,
    input: &str,
    output: &str,
) -> tonic_build::manual::MethodBuilder {
    Method::builder()
        .name(name)
        .route_name(route)
        .input_type(format!("crate::wire::{input}"))
        .output_type(format!("crate::wire::{output}"))
        .codec_path("tonic_prost::ProstCodec")
}
