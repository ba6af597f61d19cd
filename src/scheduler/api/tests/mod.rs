mod changes;
mod cluster;
mod desk;
mod foreign;
mod leading;
mod reads;
