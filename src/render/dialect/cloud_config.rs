//! cloud-init's `#cloud-config`.

use super::remarks;
use crate::commands::commands;
use crate::fit::Packing;
use crate::{Boot, File, RenderError, Supply, User};
use mesoform_cloudconfig::{CloudConfig, Encoding, HEADER, UserEntry, WriteFile, merge, to_yaml};
use mesoform_plan::Ownership;
use serde::Serialize;
use serde_json::Value;
use std::rc::Rc;

/// What a document says beside what comes from the plan.
const SKELETON: &str = "boot/cloud-config.yml";
/// Nobody logs in as a service.
const SHELL: &str = "/usr/sbin/nologin";

pub(super) fn write(
    boot: &Boot,
    supply: &Supply,
    packing: &Packing,
) -> Result<String, RenderError> {
    let mut document = skeleton(boot, supply)?;
    let config = CloudConfig {
        users: users(&boot.users),
        write_files: boot
            .files
            .iter()
            .enumerate()
            .map(|(number, file)| write_file(file, packing.get(&number)))
            .collect(),
        runcmd: commands(boot),
    };
    merge(&mut document, serde_json::to_value(config)?);
    if let Some(extra) = supply.extra_cloud_config {
        merge(&mut document, extra.clone());
    }
    one_default(&mut document);
    Ok(format!("{HEADER}{}{}", remarks(boot), to_yaml(&document)))
}

/// How many bytes a content takes as a block of lines.
pub(super) fn cost(content: &str) -> usize {
    content.len() + content.lines().filter(|line| !line.is_empty()).count() * 6
}

#[derive(Serialize)]
struct Context<'a> {
    cluster: &'a str,
    host: &'a str,
    hostname: Option<&'a str>,
}

fn skeleton(boot: &Boot, supply: &Supply) -> Result<Value, RenderError> {
    let (cluster, host) = (boot.cluster.as_str(), boot.host.as_str());
    let context = Context { cluster, host, hostname: boot.hostname.as_deref() };
    let text = supply.templates.render(SKELETON, context)?;
    let wrong = |cause: String| RenderError::Skeleton { name: SKELETON.to_owned(), cause };
    match serde_saphyr::from_str(&text).map_err(|e| wrong(e.to_string()))? {
        Value::Null => Ok(Value::Object(serde_json::Map::new())),
        document @ Value::Object(_) => Ok(document),
        _ => Err(wrong("it renders no mapping".to_owned())),
    }
}

fn users(users: &[User]) -> Vec<UserEntry> {
    let named = |user: &User| {
        UserEntry::Named(mesoform_cloudconfig::User {
            name: user.name.clone(),
            system: true,
            homedir: user.home.display().to_string(),
            no_create_home: true,
            shell: SHELL.to_owned(),
        })
    };
    match users {
        [] => Vec::new(),
        users => [UserEntry::DEFAULT].into_iter().chain(users.iter().map(named)).collect(),
    }
}

pub(super) fn write_file(file: &File, packed: Option<&Rc<str>>) -> WriteFile {
    let Ownership { user, group, mode } = &file.ownership;
    let is_roots = |name: &str| matches!(name, "" | "root");
    let others = !is_roots(user) || !is_roots(group);
    let name = |name: &str| if name.is_empty() { "root".to_owned() } else { name.to_owned() };
    WriteFile {
        path: file.path.display().to_string(),
        owner: others.then(|| format!("{}:{}", name(user), name(group))),
        permissions: (*mode != 0o644).then(|| format!("{mode:04o}")),
        encoding: packed.map(|_| Encoding::Packed),
        defer: others,
        content: packed.map_or_else(|| file.content.clone(), |packed| packed.as_ref().to_owned()),
    }
}

/// The operator's own list of users may name the image's user too.
fn one_default(document: &mut Value) {
    let Some(users) = document.get_mut("users").and_then(Value::as_array_mut) else { return };
    let mut seen = false;
    users.retain(|user| user != "default" || !std::mem::replace(&mut seen, true));
}
