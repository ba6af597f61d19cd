use super::Launch;
use super::dice::Dice;
use super::offer::{Offer, milli};
use crate::model::AppDefinition;
use std::collections::BTreeSet;

/// An offer, and what is placed on it.
#[derive(Debug)]
pub struct Pool {
    pub offer: Offer,
    pub launches: Vec<Launch>,
}

impl Pool {
    pub fn new(offer: Offer) -> Self {
        Self { offer, launches: Vec::new() }
    }

    /// Whether one more instance of `app` fits.
    pub fn fits(&self, app: &AppDefinition) -> bool {
        let offer = &self.offer;
        offer.cpus >= milli(app.cpus)
            && offer.mem >= milli(app.mem)
            && offer.disk >= milli(app.disk)
            && self.free_ports() >= app.port_definitions.len()
            && fixed_ports(app).iter().all(|port| self.has_port(*port))
    }

    /// Takes what an instance of `app` needs; it must fit. Returns its ports, in order.
    pub fn take(&mut self, app: &AppDefinition, dice: &mut Dice) -> Option<Vec<u16>> {
        if !self.fits(app) {
            return None;
        }
        self.offer.cpus -= milli(app.cpus);
        self.offer.mem -= milli(app.mem);
        self.offer.disk -= milli(app.disk);
        let fixed = fixed_ports(app);
        fixed.iter().for_each(|port| self.remove_port(*port));
        let ports = app.port_definitions.iter().map(|definition| {
            if fixed.contains(&definition.port) { Some(definition.port) } else { self.draw(dice) }
        });
        ports.collect()
    }

    fn free_ports(&self) -> usize {
        self.offer.ports.iter().map(|(first, last)| usize::from(last - first) + 1).sum()
    }

    fn has_port(&self, port: u16) -> bool {
        self.offer.ports.iter().any(|(first, last)| (*first..=*last).contains(&port))
    }

    /// One of the free ports, at random: the last tenant's clients should not meet the next one.
    fn draw(&mut self, dice: &mut Dice) -> Option<u16> {
        let mut index = dice.below(self.free_ports());
        for (first, last) in &self.offer.ports {
            let size = usize::from(last - first) + 1;
            if index < size {
                let port = first + index as u16;
                self.remove_port(port);
                return Some(port);
            }
            index -= size;
        }
        None
    }

    fn remove_port(&mut self, port: u16) {
        let ranges = std::mem::take(&mut self.offer.ports);
        for (first, last) in ranges {
            if !(first..=last).contains(&port) {
                self.offer.ports.push((first, last));
                continue;
            }
            if first < port {
                self.offer.ports.push((first, port - 1));
            }
            if port < last {
                self.offer.ports.push((port + 1, last));
            }
        }
    }
}

/// The ports on the host that `app` insists on.
fn fixed_ports(app: &AppDefinition) -> BTreeSet<u16> {
    let definitions = app.port_definitions.iter().filter(|_| app.require_ports);
    definitions.map(|d| d.port).filter(|port| *port != 0).collect()
}
