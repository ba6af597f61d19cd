use crate::cli::{ApplyArgs, DocumentOptions, OutputFormat};
use crate::exit::{Early, Exit};
use crate::render::{self, count};
use anyhow::{Context as _, bail};
use mesoform_apply::Documents as _;
use mesoform_cloudinit::{Carrier, Document, LARGEST};
use mesoform_cluster::{Observer, Progress, Stop};
use mesoform_plan::{DocumentWish, Event, Outcome, SecretText};
use serde_json::json;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

/// `mesoform apply`: carries out plans and documents on this host.
pub fn run(args: ApplyArgs) -> anyhow::Result<Exit> {
    match (args.job, args.cloud_config) {
        (Some(dir), _) => drop(mesoform_apply::job(&dir, &Carrier)?),
        (None, Some(file)) => return document(&file, args.how),
        (None, None) => {
            mesoform_apply::session(std::io::stdin(), std::io::stdout(), Arc::new(Carrier))?;
        }
    }
    Ok(Exit::Fine)
}

/// Reads a document and judges it: what is wrong with it is told before anything is touched.
///
/// # Errors
/// It cannot be read, or is wrong: all that is.
pub fn read(file: &Path, how: DocumentOptions) -> anyhow::Result<DocumentWish> {
    let (name, bytes) = match file == Path::new("-") {
        true => ("standard input".to_owned(), bounded(std::io::stdin())),
        false => {
            let open = std::fs::File::open(file);
            (file.display().to_string(), open.and_then(bounded))
        }
    };
    let bytes = bytes.with_context(|| format!("{name} cannot be read"))?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        bail!("{name}: the document is packed; unpack it (gzip -d)");
    }
    let Ok(text) = String::from_utf8(bytes) else {
        bail!("{name}: the document is no text (UTF-8)")
    };
    Document::parse(&name, &text)?;
    Ok(DocumentWish { name, text: SecretText::new(text), check: how.check, diff: how.diff })
}

fn bounded(from: impl std::io::Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(LARGEST as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// `mesoform apply --cloud-config FILE`.
fn document(file: &Path, how: DocumentOptions) -> anyhow::Result<Exit> {
    let wish = read(file, how)?;
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| {
        use std::os::unix::fs::MetadataExt as _;
        own.uid() == 0
    });
    if !is_root && !how.check {
        return Err(Early::Usage("documents are applied by root; use sudo".into()).into());
    }
    let observer = render::observer(how.output);
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim().to_owned();
    let outcome = Carrier.carry_out(&wish, &mut |event| tell(&*observer, &host, event));
    drop(observer);
    let changed = match outcome {
        Outcome::Done { changed } => changed,
        Outcome::Failed { failure, .. } => return Err(Stop::Failed(failure.to_string()).into()),
        Outcome::Interrupted { .. } => bail!("interrupted"),
    };
    conclude(how, changed)
}

fn conclude(how: DocumentOptions, changed: usize) -> anyhow::Result<Exit> {
    let object = json!({ "event": "summary", "check": how.check, "changed": changed });
    match how.output.output {
        OutputFormat::Json => render::json_line(&object),
        OutputFormat::Text if how.check => {
            let changes = count(changed, "change");
            render::say(&format!("{changes} would be made; nothing was changed\n"))?;
        }
        OutputFormat::Text => render::say(&format!("{}\n", count(changed, "change")))?,
    }
    Ok(Exit::Fine)
}

fn tell(observer: &dyn Observer, host: &str, event: Event) {
    let host = host.to_owned();
    observer.on(match event {
        Event::Doing { change } => Progress::Host { host, text: change.to_string() },
        Event::Did { change } => {
            Progress::Change { host, change: change.to_string(), diff: change.unified_diff() }
        }
        Event::Note { text } => Progress::Notice { message: text },
        Event::Began { .. } | Event::Ended { .. } | Event::Unit { .. } => return,
    });
}
