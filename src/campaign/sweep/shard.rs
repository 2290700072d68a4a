//! A deterministic part of a sweep, and putting the parts together again.
//!
//! Shard `i` of `n` runs the parts whose number leaves `i` when divided by `n`; whoever gives the
//! numbers out (Slurm, Kubernetes, Ray, a person) is no business of ours. Merging refuses shards
//! that are missing, there twice, of another sweep or version, or damaged; the merged folder is
//! byte for byte that of one machine.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::output::{
    COMPLETE, MANIFEST, Marker, SweepError, content, fingerprint, json, part_name, plan_in,
};
use super::place::Place;
use super::plan::Plan;

/// Shard `index` of `count`, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Which, from 0.
    pub index: usize,
    /// Of how many.
    pub count: usize,
}

impl Shard {
    /// All of it.
    pub const WHOLE: Self = Self { index: 0, count: 1 };

    /// Shard `index` of `count`.
    ///
    /// # Errors
    /// If there is no such shard.
    pub fn new(index: usize, count: usize) -> Result<Self, String> {
        if index < count {
            return Ok(Self { index, count });
        }
        Err(format!("expected a shard from 0 to n-1 as i/n, found {index}/{count}"))
    }

    /// Whether a part belongs to it.
    #[must_use]
    pub const fn has(self, part: usize) -> bool {
        part % self.count == self.index
    }

    /// The name of its marker.
    #[must_use]
    pub fn marker(self) -> String {
        match self {
            Self::WHOLE => COMPLETE.to_owned(),
            Self { index, count } => format!("shard-{index}-of-{count}.json"),
        }
    }
}

impl FromStr for Shard {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let parts =
            text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        let (index, count) =
            parts.ok_or_else(|| format!("expected a shard as i/n, such as 0/4, found {text:?}"))?;
        Self::new(index, count)
    }
}

/// Merges the shards in some places into one sweep; returns the number of parts.
///
/// # Errors
/// Everything that is missing, doubled or does not belong.
pub fn merge(places: &[Box<dyn Place>], target: &dyn Place) -> Result<usize, SweepError> {
    let Some(first) = places.first() else {
        return Err(SweepError::Parts(vec!["expected folders with shards".to_owned()]));
    };
    let plan = plan_in(first.as_ref())?;
    let digest = plan.digest();
    let found = gather(places, &plan, &digest)?;
    let count = found.len();
    let mut whole = Marker {
        sweep: digest,
        windtunnel: plan.windtunnel.clone(),
        shard: Shard::WHOLE,
        parts: BTreeMap::new(),
    };
    for part in 0..plan.parts() {
        let (place, marker) = &found[&(part % count)];
        let name = part_name(part);
        let bytes = place.need(&name)?;
        let print = fingerprint(&bytes);
        if marker.parts.get(&part) != Some(&print) {
            let problem = "is not the file that its shard finished with".to_owned();
            return Err(content(&place.path(&name), problem));
        }
        whole.parts.insert(part, print);
        target.write(&name, &bytes)?;
    }
    target.write(MANIFEST, &json(&plan))?;
    target.write(COMPLETE, &json(&whole))?;
    Ok(plan.parts())
}

/// The shards of a sweep by index: every one, once, of one version.
type Shards<'a> = BTreeMap<usize, (&'a dyn Place, Marker)>;

fn gather<'a>(
    places: &'a [Box<dyn Place>],
    plan: &Plan,
    digest: &str,
) -> Result<Shards<'a>, SweepError> {
    let mut problems = Vec::new();
    let mut found: Shards<'a> = BTreeMap::new();
    for place in places {
        let (place, name) = (place.as_ref(), place.path(""));
        let (name, there) = (name.display(), plan_in(place)?.digest());
        if there != digest {
            problems.push(format!("{name}: expected a shard of the sweep {digest}, found {there}"));
            continue;
        }
        for marker in markers(place)? {
            let shard = marker.shard;
            if let Some((other, _)) = found.get(&shard.index) {
                let other = other.path("");
                let a = other.display();
                problems
                    .push(format!("shard {} is there twice: in {a} and in {name}", shard.index));
                continue;
            }
            found.insert(shard.index, (place, marker));
        }
    }
    let count = found.values().map(|(_, marker)| marker.shard.count).max().unwrap_or(0);
    for (place, marker) in found.values() {
        let name = place.path("");
        let name = name.display();
        if marker.shard.count != count {
            let (i, n) = (marker.shard.index, marker.shard.count);
            problems.push(format!("{name}: shard {i} is of {n}, others are of {count}"));
        }
        if marker.windtunnel != plan.windtunnel {
            let version = &marker.windtunnel;
            problems.push(format!("{name}: made by windtunnel {version}, not {}", plan.windtunnel));
        }
    }
    if count == 0 {
        problems.push("no folder holds a finished shard".to_owned());
    }
    for index in (0..count).filter(|index| !found.contains_key(index)) {
        problems.push(format!("shard {index} of {count} is missing or not finished"));
    }
    if problems.is_empty() { Ok(found) } else { Err(SweepError::Parts(problems)) }
}

fn markers(place: &dyn Place) -> Result<Vec<Marker>, SweepError> {
    let is_marker =
        |name: &String| name == COMPLETE || name.starts_with("shard-") && name.ends_with(".json");
    let mut markers = Vec::new();
    for name in place.names()?.iter().filter(|name| is_marker(name)) {
        let bytes = place.need(name)?;
        let marker = serde_json::from_slice(&bytes);
        markers.push(marker.map_err(|error| content(&place.path(name), error.to_string()))?);
    }
    Ok(markers)
}

#[cfg(test)]
mod tests {
    use super::super::axis::Axis;
    use std::path::{Path, PathBuf};

    use super::super::output::run;
    use super::super::place::Folder;
    use super::super::plan::{Sampling, Seeds};
    use super::*;
    use crate::campaign::corpus::Corpus;

    fn plan(parts: usize) -> Plan {
        let path = PathBuf::from("scenarios/traps/innocent-deploy.yaml");
        let corpus = Corpus::read(&[path], None).unwrap();
        let axes = vec![Axis::parse("confidence=0.5,0.9").unwrap()];
        let seeds = Seeds { first: 1, count: parts as u64 };
        let mut plan = Plan::new(&corpus, axes, Sampling::Grid, seeds).unwrap();
        plan.units_a_part = 1;
        for file in &mut plan.scenarios {
            file.duration = "5m".parse().unwrap();
            file.faults.clear();
        }
        plan
    }

    fn go(plan: &Plan, shard: &str, folder: &Path, resume: bool) -> Result<usize, SweepError> {
        let shard = shard.parse().unwrap();
        run(plan, shard, &Folder(folder.to_owned()), resume, 1, &|_, _, _| {})
            .map(|tally| tally.kept)
    }

    fn merge(folders: &[PathBuf], target: &Path) -> Result<usize, SweepError> {
        let place = |folder: &PathBuf| Box::new(Folder(folder.clone())) as Box<dyn Place>;
        let places: Vec<Box<dyn Place>> = folders.iter().map(place).collect();
        super::merge(&places, &Folder(target.to_owned()))
    }

    fn bytes(folder: &Path) -> Vec<(String, Vec<u8>)> {
        let mut all = Vec::new();
        for sub in ["", "parts"] {
            for entry in std::fs::read_dir(folder.join(sub)).unwrap().flatten() {
                if entry.path().is_file() {
                    let name = entry.file_name().to_string_lossy().into_owned();
                    all.push((name, std::fs::read(entry.path()).unwrap()));
                }
            }
        }
        all.sort();
        all
    }

    #[test]
    fn merged_shards_are_byte_for_byte_the_sweep_of_one_machine() {
        let (root, plan) = (tempfile::tempdir().unwrap(), plan(3));
        let at = |name: &str| root.path().join(name);
        go(&plan, "0/1", &at("one"), false).unwrap();
        go(&plan, "0/2", &at("a"), false).unwrap();
        go(&plan, "1/2", &at("b"), false).unwrap();
        merge(&[at("b"), at("a")], &at("merged")).unwrap();
        assert_eq!(bytes(&at("one")), bytes(&at("merged")));

        let missing = merge(&[at("a")], &at("no")).unwrap_err().to_string();
        assert!(missing.contains("shard 1 of 2 is missing"), "{missing}");
        go(&plan, "0/2", &at("again"), false).unwrap();
        let twice = merge(&[at("a"), at("again"), at("b")], &at("no")).unwrap_err().to_string();
        assert!(twice.contains("shard 0 is there twice"), "{twice}");
        assert!(!at("no").exists(), "nothing is written when something is wrong");
        std::fs::write(at("b").join(part_name(1)), "x").unwrap();
        let damaged = merge(&[at("a"), at("b")], &at("no")).unwrap_err().to_string();
        assert!(damaged.contains("not the file"), "{damaged}");
    }

    #[test]
    fn a_shard_that_was_killed_goes_on_where_it_stopped() {
        let (root, plan) = (tempfile::tempdir().unwrap(), plan(3));
        let at = |name: &str| root.path().join(name);
        go(&plan, "0/1", &at("one"), false).unwrap();
        go(&plan, "0/1", &at("cut"), false).unwrap();
        std::fs::remove_file(at("cut").join(COMPLETE)).unwrap();
        std::fs::remove_file(at("cut").join(part_name(1))).unwrap();
        let again = go(&plan, "0/1", &at("cut"), false).unwrap_err().to_string();
        assert!(again.contains("--resume"), "{again}");
        assert_eq!(go(&plan, "0/1", &at("cut"), true).unwrap(), 2);
        assert_eq!(bytes(&at("one")), bytes(&at("cut")));
    }

    #[test]
    fn shards_are_read_and_refused() {
        assert_eq!("2/4".parse(), Ok(Shard { index: 2, count: 4 }));
        for bad in ["4/4", "x", "1", "0/0"] {
            assert!(bad.parse::<Shard>().is_err(), "{bad}");
        }
    }
}
