use crate::cli::InventoryArgs;
use crate::exit::Exit;
use crate::render;
use mesoform_inventory::render_json;

/// `mesoform inventory`.
pub fn run(args: &InventoryArgs) -> anyhow::Result<Exit> {
    let inventory = super::run::inventory(args.inventory.as_deref(), &args.extra_vars)?;
    let text = match &args.host {
        Some(host) => render_json(&inventory.to_host_json(host)?),
        None if args.graph => inventory.graph(),
        None => render_json(&inventory.to_list_json()),
    };
    render::say(&format!("{text}\n"))?;
    Ok(Exit::Fine)
}
