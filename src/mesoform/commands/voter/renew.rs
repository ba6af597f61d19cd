use crate::exit::Exit;
use crate::render;
use mesoform_settings::QuorumSettings;
use serde_json::json;

pub fn run(settings: &QuorumSettings) -> anyhow::Result<Exit> {
    let aside = mesoform_quorum::put_aside(settings)?;
    render::json_line(&json!({ "aside": aside }));
    Ok(Exit::Fine)
}
