//! What a sweep will run, fixed before the first trial: the manifest.
//!
//! In: a corpus, axes, a sampling and seeds. Out: `Plan`, self-contained (scenarios and policies
//! stand in it), so that any machine with the same version runs any part of it. Trials are grouped
//! into units: one scenario, one seed, and all settings that differ in confidence floors only.
//! Units are cut into parts, the files that a sweep writes; a part has the same bytes wherever it
//! was made. Limit: every setting is held in memory, so about a million settings.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::axis::Axis;
use crate::campaign::corpus::Corpus;
use crate::kernel::Streams;
use crate::scenario::patch::{Knob, patched};
use crate::scenario::{Checked, PolicySource, ScenarioFile};
use crate::stats::{design, sensitivity};

/// Format version of manifests.
pub const FORMAT: u32 = 1;
/// About so many rows stand in one part.
const ROWS_A_PART: usize = 1000;
/// Parts of a small sweep, so that it can be shared out too.
const PARTS: usize = 64;
/// Most settings of a sweep.
const MOST_SETTINGS: usize = 1_000_000;

/// How settings are taken from the axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampling {
    /// Every combination.
    Grid,
    /// So many points of a Latin hypercube.
    LatinHypercube(usize),
    /// So many points of Sobol's sequence.
    Sobol(usize),
    /// Saltelli's design of so many base points, for sensitivity indices.
    Saltelli(usize),
}

/// Seeds of every scenario and setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seeds {
    /// The first.
    pub first: u64,
    /// How many, one after the other.
    pub count: u64,
}

/// A sweep, ready to be run in parts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// Format version.
    pub format: u32,
    /// The version that must run it.
    pub windtunnel: String,
    /// Digest of the scenarios.
    pub corpus: String,
    /// The scenarios with their policies in place.
    pub scenarios: Vec<ScenarioFile>,
    /// The axes.
    pub axes: Vec<Axis>,
    /// How settings are taken from them.
    pub sampling: Sampling,
    /// Seeds.
    pub seeds: Seeds,
    /// Units in one part.
    pub units_a_part: usize,
    /// One value an axis, for each setting.
    pub settings: Vec<Vec<Json>>,
    /// Settings by what differs in confidence floors only; each is run as one.
    pub bundles: Vec<Vec<usize>>,
}

/// One scenario, one seed, one bundle of settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    /// Place of the scenario.
    pub scenario: usize,
    /// The seed.
    pub seed: u64,
    /// Place of the bundle.
    pub bundle: usize,
}

impl Plan {
    /// Plans a sweep.
    ///
    /// # Errors
    /// Every value of every axis that does not fit some scenario.
    pub fn new(
        corpus: &Corpus,
        axes: Vec<Axis>,
        sampling: Sampling,
        seeds: Seeds,
    ) -> Result<Self, Vec<String>> {
        check(corpus, &axes)?;
        let settings = settings(&axes, sampling).map_err(|problem| vec![problem])?;
        let bundles = bundles(&axes, &settings);
        let longest = bundles.iter().map(Vec::len).max().unwrap_or(1);
        let units = corpus.scenarios.len() * seeds.count as usize * bundles.len();
        Ok(Self {
            format: FORMAT,
            windtunnel: env!("CARGO_PKG_VERSION").to_owned(),
            corpus: corpus.digest(),
            scenarios: corpus.scenarios.iter().map(|checked| checked.file.clone()).collect(),
            axes,
            sampling,
            seeds,
            units_a_part: (ROWS_A_PART / longest).min(units.div_ceil(PARTS)).max(1),
            settings,
            bundles,
        })
    }

    /// Its fingerprint: two plans with one digest give the same rows.
    #[must_use]
    pub fn digest(&self) -> String {
        let json = serde_json::to_value(self).expect("plain data serialises");
        blake3::hash(json.to_string().as_bytes()).to_hex()[..16].to_owned()
    }

    /// The scenarios, ready to run.
    #[must_use]
    pub fn checked(&self) -> Vec<Checked> {
        let ready = |file: &ScenarioFile| {
            let policy = match &file.policy {
                PolicySource::Inline(policy) => (**policy).clone(),
                PolicySource::File(_) => crate::scenario::default_policy(),
            };
            Checked { path: "".into(), spec: file.synthetic(), file: file.clone(), policy }
        };
        self.scenarios.iter().map(ready).collect()
    }

    /// How many units there are.
    #[must_use]
    pub fn units(&self) -> usize {
        self.scenarios.len() * self.seeds.count as usize * self.bundles.len()
    }

    /// How many trials there are, run or inferred.
    #[must_use]
    pub fn trials(&self) -> usize {
        self.scenarios.len() * self.seeds.count as usize * self.settings.len()
    }

    /// How many parts there are.
    #[must_use]
    pub fn parts(&self) -> usize {
        self.units().div_ceil(self.units_a_part)
    }

    /// The unit at a place: scenarios outermost, then seeds, then bundles.
    #[must_use]
    pub fn unit(&self, place: usize) -> Unit {
        let (rest, bundle) = (place / self.bundles.len(), place % self.bundles.len());
        let seeds = self.seeds.count as usize;
        let (scenario, seed) = (rest / seeds, rest % seeds);
        Unit { scenario, seed: self.seeds.first.wrapping_add(seed as u64), bundle }
    }

    /// The units of a part.
    #[must_use]
    pub fn part(&self, part: usize) -> Vec<Unit> {
        let from = part * self.units_a_part;
        (from..self.units().min(from + self.units_a_part)).map(|place| self.unit(place)).collect()
    }

    /// The paths of the axes.
    ///
    /// # Errors
    /// If a manifest was changed by hand.
    pub fn knobs(&self) -> Result<Vec<Knob>, String> {
        self.axes.iter().map(Axis::knob).collect()
    }
}

/// Every axis in every scenario, at its extremes.
fn check(corpus: &Corpus, axes: &[Axis]) -> Result<(), Vec<String>> {
    let mut problems = Vec::new();
    for (place, axis) in axes.iter().enumerate() {
        if axes[..place].iter().any(|other| other.name == axis.name) {
            problems.push(format!("axis {:?} is given twice", axis.name));
        }
        let Ok(knob) = axis.knob() else { continue };
        for checked in &corpus.scenarios {
            let name = &checked.file.name;
            let mut found = Vec::new();
            for value in axis.extremes() {
                let slips = patched(checked, &[(&knob, &value)]).err().unwrap_or_default();
                found.extend(slips.iter().map(|s| format!("axis {:?}: {name}: {s}", axis.name)));
            }
            problems.extend(found);
            if problems.len() > 20 {
                break;
            }
        }
    }
    problems.dedup();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn settings(axes: &[Axis], sampling: Sampling) -> Result<Vec<Vec<Json>>, String> {
    let (n, points): (usize, Vec<Vec<f64>>) = match sampling {
        Sampling::Grid => return grid(axes),
        Sampling::LatinHypercube(n) | Sampling::Sobol(n) if n < 2 => {
            return Err(format!("expected at least 2 points, found {n}"));
        }
        Sampling::LatinHypercube(n) => {
            let mut stream = Streams::new(0).stream("sweep/latin-hypercube");
            (n, design::latin_hypercube(n, axes.len().max(1), &mut stream))
        }
        Sampling::Sobol(n) if axes.len() <= design::MOST_DIMENSIONS => {
            (n, design::sobol(n, axes.len().max(1)))
        }
        Sampling::Saltelli(n) if 2 * axes.len() <= design::MOST_DIMENSIONS && n >= 4 => {
            (n, sensitivity::design(n, axes.len().max(1)))
        }
        Sampling::Saltelli(n) if n < 4 => {
            return Err(format!("expected at least 4 base points, found {n}"));
        }
        Sampling::Sobol(_) | Sampling::Saltelli(_) => {
            let most = design::MOST_DIMENSIONS;
            let most = if matches!(sampling, Sampling::Sobol(_)) { most } else { most / 2 };
            return Err(format!("expected at most {most} axes here, found {}", axes.len()));
        }
    };
    if n > MOST_SETTINGS || axes.is_empty() {
        return Err(format!("expected at least one axis and at most {MOST_SETTINGS} points"));
    }
    let setting =
        |point: &Vec<f64>| axes.iter().zip(point).map(|(a, share)| a.at(*share)).collect();
    Ok(points.iter().map(setting).collect())
}

fn grid(axes: &[Axis]) -> Result<Vec<Vec<Json>>, String> {
    let mut all: Vec<Vec<Json>> = vec![Vec::new()];
    for axis in axes {
        let values = axis.grid();
        if all.len() * values.len() > MOST_SETTINGS {
            return Err(format!("the grid has more than {MOST_SETTINGS} settings"));
        }
        let longer = |setting: &Vec<Json>| {
            let setting = setting.clone();
            values.iter().map(move |value| [setting.clone(), vec![value.clone()]].concat())
        };
        all = all.iter().flat_map(longer).collect::<Vec<_>>();
    }
    Ok(all)
}

fn bundles(axes: &[Axis], settings: &[Vec<Json>]) -> Vec<Vec<usize>> {
    let floor: Vec<bool> =
        axes.iter().map(|a| a.knob().is_ok_and(|knob| knob.is_floor())).collect();
    let rest = |setting: &[Json]| -> String {
        let kept = setting.iter().zip(&floor).filter(|(_, floor)| !**floor).map(|(v, _)| v);
        kept.map(ToString::to_string).collect::<Vec<_>>().join("\u{1f}")
    };
    let mut places: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    let mut bundles: Vec<Vec<usize>> = Vec::new();
    for (index, setting) in settings.iter().enumerate() {
        let place = *places.entry(rest(setting)).or_insert_with(|| {
            bundles.push(Vec::new());
            bundles.len() - 1
        });
        bundles[place].push(index);
    }
    bundles
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn plan(axes: &[&str], sampling: Sampling) -> Result<Plan, Vec<String>> {
        let path = PathBuf::from("scenarios/0247-memory-leak.yaml");
        let corpus = Corpus::read(&[path], None).unwrap();
        let axes = axes.iter().map(|text| Axis::parse(text).unwrap()).collect();
        Plan::new(&corpus, axes, sampling, Seeds { first: 5, count: 3 })
    }

    #[test]
    fn floors_are_bundled_and_everything_else_is_not() {
        let axes = ["guard.blast_radius=0.1,0.25", "confidence=0.5..0.9/5"];
        let plan = plan(&axes, Sampling::Grid).unwrap();
        assert_eq!((plan.settings.len(), plan.bundles.len()), (10, 2));
        assert_eq!((plan.units(), plan.trials(), plan.parts()), (6, 30, 6));
        assert_eq!(plan.unit(3), Unit { scenario: 0, seed: 6, bundle: 1 });
        let back: Plan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
        assert_eq!(back.digest(), plan.digest());
    }

    #[test]
    fn designs_have_their_number_of_settings() {
        let axes = ["confidence=0.5..0.9", "load.rate=100..400"];
        let count = |sampling| plan(&axes, sampling).unwrap().settings.len();
        assert_eq!(count(Sampling::LatinHypercube(7)), 7);
        assert_eq!(count(Sampling::Sobol(8)), 8);
        assert_eq!(count(Sampling::Saltelli(8)), 32);
    }

    #[test]
    fn values_that_fit_no_scenario_are_named_before_anything_runs() {
        let problems = plan(&["confidence=0.5,1.5", "load.rate=-1"], Sampling::Grid).unwrap_err();
        let text = problems.join("\n");
        assert!(text.contains("1.5") && text.contains("load.rate"), "{text}");
        let twice = plan(&["load.rate=1", "load.rate=2"], Sampling::Grid).unwrap_err();
        assert!(twice[0].contains("twice"));
    }
}
