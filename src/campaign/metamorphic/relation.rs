//! The relations: how a scenario is changed, and how an answer is carried back.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value as Json;

use crate::scenario::Checked;
use crate::unit::SimDuration;
use crate::world::chaos::FaultSpec;
use crate::world::fleet::ServiceSpec;

/// One way to change a scenario without changing what is wrong in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Everything happens two weeks later.
    ShiftTimes,
    /// Services have other names, in another order of the alphabet.
    RenameServices,
    /// Series stand in another order.
    PermuteSeries,
    /// Twice the requests on twice the workers.
    ScaleTraffic,
    /// One more service that nobody calls.
    UnrelatedService,
    /// Every scrape is handed over twice.
    DuplicateScrape,
}

/// The name of the service that is added.
const BYSTANDER: &str = "zz-bystander";

impl Relation {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::ShiftTimes,
        Self::RenameServices,
        Self::PermuteSeries,
        Self::ScaleTraffic,
        Self::UnrelatedService,
        Self::DuplicateScrape,
    ];

    /// What it does, for a person.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::ShiftTimes => "all times two weeks later",
            Self::RenameServices => "services renamed",
            Self::PermuteSeries => "series in another order",
            Self::ScaleTraffic => "twice the traffic on twice the workers",
            Self::UnrelatedService => "one more healthy service",
            Self::DuplicateScrape => "every scrape twice",
        }
    }

    /// Whether the answer must be the same on each seed, and not only on most.
    #[must_use]
    pub const fn exact(self) -> bool {
        matches!(self, Self::PermuteSeries | Self::DuplicateScrape)
    }

    /// The changed scenario; `None` if it cannot be changed so.
    #[must_use]
    pub fn apply(self, checked: &Checked) -> Option<Checked> {
        let mut changed = checked.clone();
        let file = &mut changed.file;
        match self {
            Self::PermuteSeries | Self::DuplicateScrape => {}
            // Whole weeks: the load's daily shape stays where it was.
            Self::ShiftTimes => file.start += SimDuration::from_secs(14 * 86_400),
            Self::ScaleTraffic => {
                file.load.rate *= 2.0;
                for service in file.fleet.services.values_mut() {
                    service.concurrency *= 2;
                    service.queue_limit *= 2;
                    service.cpu_cores *= 2.0;
                    service.memory_per_request_mib /= 2.0;
                }
            }
            Self::UnrelatedService => {
                let plain = ServiceSpec::default();
                file.fleet.services.insert(BYSTANDER.to_owned(), plain);
            }
            Self::RenameServices => rename_all(&mut changed),
        }
        changed.spec = changed.file.synthetic();
        changed.spec.check().is_empty().then_some(changed)
    }

    /// The name that a service of the changed scenario had before.
    #[must_use]
    pub fn back(self, name: &str) -> String {
        if self == Self::RenameServices { mirrored(name) } else { name.to_owned() }
    }
}

/// Another name of the same length in another order; doing it twice gives the name back.
fn mirrored(name: &str) -> String {
    let mirror = |c: char| match c {
        'a'..='z' => char::from(b'a' + (b'z' - c as u8)),
        other => other,
    };
    name.chars().map(mirror).collect()
}

fn rename_all(changed: &mut Checked) {
    let names: BTreeMap<String, String> =
        changed.file.fleet.services.keys().map(|name| (name.clone(), mirrored(name))).collect();
    let renamed = |name: &str| names.get(name).cloned().unwrap_or_else(|| name.to_owned());
    let file = &mut changed.file;
    let services = std::mem::take(&mut file.fleet.services);
    for (name, mut service) in services {
        service.calls.iter_mut().for_each(|call| call.to = renamed(&call.to));
        file.fleet.services.insert(renamed(&name), service);
    }
    let objective = renamed(&file.fleet.objective.service);
    file.fleet.objective.service = objective.as_str().into();
    file.load.entry = file.load.entry.as_deref().map(renamed);
    for fault in &mut file.faults {
        rename_fault(fault, &names);
    }
}

/// Parameters of a fault that are names of services; a kind says which ones it reads so.
fn rename_fault(fault: &mut FaultSpec, names: &BTreeMap<String, String>) {
    for value in fault.spec.params.values_mut() {
        rename_value(value, names);
    }
}

fn rename_value(value: &mut Json, names: &BTreeMap<String, String>) {
    match value {
        Json::String(text) => {
            if let Some(name) = names.get(text) {
                name.clone_into(text);
            }
        }
        Json::Array(all) => all.iter_mut().for_each(|one| rename_value(one, names)),
        Json::Object(map) => map.values_mut().for_each(|one| rename_value(one, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_back_and_the_order_turns() {
        assert_eq!(mirrored("api-server"), "zkr-hvievi");
        assert_eq!(Relation::RenameServices.back("zkr-hvievi"), "api-server");
        assert_eq!(Relation::ShiftTimes.back("api"), "api");
    }
}
