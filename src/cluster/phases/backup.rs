//! The quorum's data, brought to the operator.

use super::membership::ask_voters;
use super::{connect, voter};
use crate::Progress;
use crate::report::{QuorumView, quorum_views};
use crate::run::{Run, Stop};
use mesoform_transport::{Channel, Exit};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// For all of it.
const LIMIT: Duration = Duration::from_secs(3600);
/// What is read at once.
const CHUNK: usize = 256 * 1024;

/// Copies a backup from the voter that knows most into `sink`, and says from which host it came.
///
/// # Errors
/// No voter with data can be reached, the copy was cut, or `sink` takes no more.
pub async fn backup(run: &mut Run, sink: &mut (impl AsyncWrite + Unpin)) -> Result<String, Stop> {
    run.spec.own_quorum("`etcdctl snapshot save` backs it up, with all that is in it")?;
    run.phase("connect", "Connect and look", async |run: &mut Run| {
        connect::look(run).await;
        Ok(())
    })
    .await?;
    let name = choose(run).await?;
    run.phase("copy", "Copy the quorum's data", async |run: &mut Run| copy(run, &name, sink).await)
        .await?;
    Ok(name)
}

/// With consensus any voter that leads or follows has all that counts; without it the one with the
/// longest log has most.
async fn choose(run: &mut Run) -> Result<String, Stop> {
    let reports = ask_voters(run).await;
    let rank =
        |(_, view): &(&String, &QuorumView)| (view.leader_id != 0, view.applied, view.raft_index);
    let none = || {
        Stop::Unreachable(
            "no voter with data runs on a host that can be reached, and no backup was written; \
             `mesoform status` says why, and `mesoform restart quorum` starts voters that are stopped"
                .into(),
        )
    };
    let views = quorum_views(&reports).filter(|(_, view)| view.raft_index > 0);
    let (host, view) = views.max_by_key(rank).ok_or_else(none)?;
    if view.leader_id == 0 {
        let message = format!(
            "the quorum has no consensus: this is what {host} has, and other voters may have more"
        );
        run.observer.on(Progress::Notice { message });
    }
    Ok(host.clone())
}

async fn copy(run: &Run, name: &str, sink: &mut (impl AsyncWrite + Unpin)) -> Result<(), Stop> {
    let host = run.hosts.iter().find(|host| host.spec.name == name);
    let host = host.ok_or_else(|| Stop::Unreachable(format!("{name} is gone")))?;
    let channel = host.connection()?.stream_as_root(&voter::command("backup")).await?;
    let Channel { stdin, mut stdout, mut end } = channel;
    let copied = tokio::time::timeout(LIMIT, pass_on(&mut stdout, sink)).await;
    drop(stdin);
    let late = || Stop::Failed(format!("{name}: the copy took longer than {} s", LIMIT.as_secs()));
    match copied.map_err(|_| late())? {
        Ok(()) => {}
        Err(Cut::Source(e)) => {
            return Err(Stop::Unreachable(format!(
                "{name}: the copy was cut: {e}; no backup was written; give the command again"
            )));
        }
        // Nothing that a host could help.
        Err(Cut::Sink(e)) => return Err(Stop::Refused(unwritten(&e))),
    }
    match end.wait().await? {
        Exit::Code(0) => Ok(()),
        exit => Err(Stop::Failed(voter::refusal(&exit, &end.stderr())).on(name)),
    }
}

fn unwritten(error: &io::Error) -> String {
    format!(
        "it cannot be written: {error}; no backup was written; make room, or name another place"
    )
}

/// Where a copy ended too early.
enum Cut {
    Source(io::Error),
    Sink(io::Error),
}

async fn pass_on(
    source: &mut (impl AsyncRead + Unpin),
    sink: &mut (impl AsyncWrite + Unpin),
) -> Result<(), Cut> {
    let mut chunk = vec![0; CHUNK];
    loop {
        match source.read(&mut chunk).await.map_err(Cut::Source)? {
            0 => return sink.flush().await.map_err(Cut::Sink),
            read => sink.write_all(&chunk[..read]).await.map_err(Cut::Sink)?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use tokio::io::ReadBuf;

    /// A disk without room, or a line that was cut.
    struct Broken;

    impl AsyncWrite for Broken {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(io::ErrorKind::StorageFull.into()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncRead for Broken {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
        }
    }

    #[tokio::test]
    async fn a_full_disk_is_not_taken_for_a_cut_line() {
        let mut whole = Vec::new();
        assert!(pass_on(&mut &b"all of it"[..], &mut whole).await.is_ok());
        assert_eq!(whole, b"all of it");
        let full = pass_on(&mut &b"all of it"[..], &mut Broken).await;
        let Err(Cut::Sink(error)) = full else { panic!("it is the sink's fault") };
        let words = unwritten(&error);
        assert!(words.contains("no storage space") && words.contains("make room"), "{words}");
        let cut = pass_on(&mut Broken, &mut Vec::new()).await;
        assert!(matches!(cut, Err(Cut::Source(_))));
    }
}
