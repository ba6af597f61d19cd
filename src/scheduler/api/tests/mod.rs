mod changes;
mod desk;
mod leading;
mod reads;
