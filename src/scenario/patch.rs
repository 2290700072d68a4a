//! One value of a scenario or of its policy, by path: what a sweep turns.
//!
//! In: a path such as `policy.guard.confidence_floor.default`, `alarm.threshold`, `load.rate` or
//! `faults[0].bad_deploy.mib_per_minute`, and a value. Out: the scenario with the value in its
//! place, checked like a file. A kind in a list is named by its kind; a path that ends at a kind
//! means its only number. `confidence` is short for the confidence floor, `confidence.CAUSE` for
//! the floor of one cause. Limit: a map of free keys (labels, per_cause) takes any key that its
//! type takes.

use serde_json::{Map, Value as Json};

use super::file::PolicySource;
use super::load::{Checked, check_shape};
use super::policy;
use super::yaml::Node;
use crate::catalog::{did_you_mean, nearest};
use crate::model::Policy;

/// A path to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knob {
    of_policy: bool,
    steps: Vec<String>,
}

const POLICY_KEYS: [&str; 7] =
    ["detect", "alarm", "correlate", "diagnose", "calibration", "remediate", "guard"];
const SCENARIO_KEYS: [&str; 10] = [
    "start",
    "duration",
    "fleet",
    "load",
    "scrape",
    "faults",
    "people",
    "actuation",
    "event_budget",
    "description",
];
/// The steps of the confidence floor.
const FLOOR: [&str; 2] = ["guard", "confidence_floor"];

impl Knob {
    /// Reads a path.
    ///
    /// # Errors
    /// If its first step is no key of a scenario or policy.
    pub fn parse(path: &str) -> Result<Self, String> {
        let mut steps: Vec<String> =
            path.split(['.', '[']).map(|step| step.trim_end_matches(']').to_owned()).collect();
        let explicit = match steps.first().map(String::as_str) {
            Some("policy") => Some(true),
            Some("scenario") => Some(false),
            _ => None,
        };
        if explicit.is_some() {
            steps.remove(0);
        }
        if steps.first().is_some_and(|step| step == "confidence") && explicit != Some(false) {
            let rest = steps.split_off(1);
            let below: &[&str] = if rest.is_empty() { &["default"] } else { &["per_cause"] };
            let whole = FLOOR.iter().chain(below).map(|step| (*step).to_owned());
            return Ok(Self { of_policy: true, steps: whole.chain(rest).collect() });
        }
        let first = steps.first().cloned().unwrap_or_default();
        let known = |keys: &[&str]| keys.contains(&first.as_str());
        let of_policy = explicit != Some(false) && known(&POLICY_KEYS);
        if of_policy || explicit != Some(true) && known(&SCENARIO_KEYS) {
            return Ok(Self { of_policy, steps });
        }
        let all = POLICY_KEYS.iter().chain(&SCENARIO_KEYS).chain(&["confidence"]).copied();
        let hint = did_you_mean(nearest(&first, all.clone()));
        let list = if hint.is_empty() {
            format!(" (a path begins with {})", all.collect::<Vec<_>>().join(", "))
        } else {
            String::new()
        };
        Err(format!("unknown key {first:?} in the path {path:?}{hint}{list}"))
    }

    /// Whether it turns a confidence floor.
    #[must_use]
    pub fn is_floor(&self) -> bool {
        self.of_policy && self.steps.len() > 2 && self.steps[..2] == FLOOR
    }

    /// The full path.
    #[must_use]
    pub fn path(&self) -> String {
        let room = if self.of_policy { "policy" } else { "scenario" };
        format!("{room}.{}", self.steps.join("."))
    }

    /// The value that it has now; absent if it stands at its default without being written out.
    ///
    /// # Errors
    /// If there is no such place.
    pub fn value(&self, checked: &Checked) -> Result<Option<Json>, String> {
        let mut tree = self.tree(checked);
        let place = self.find(&mut tree)?;
        Ok(Some(place.clone()).filter(|value| !value.is_null()))
    }

    fn tree(&self, checked: &Checked) -> Json {
        let written = if self.of_policy {
            serde_json::to_value(&checked.policy)
        } else {
            serde_json::to_value(&checked.file)
        };
        written.expect("plain data with text keys serialises")
    }

    fn find<'t>(&self, tree: &'t mut Json) -> Result<&'t mut Json, String> {
        let mut place = tree;
        for (depth, step) in self.steps.iter().enumerate() {
            let stage = self.steps[..depth].join(".");
            place = enter(place, step, &stage)?;
        }
        // A kind by its name: a map of parameters with one number among them.
        let stage = self.steps.first().map(String::as_str).unwrap_or_default();
        if self.of_policy
            && let (Some(kind), true) = (self.steps.last(), place.is_object())
            && let Some(only) = main_parameter(stage, kind)
        {
            return enter(place, &only, &self.path());
        }
        Ok(place)
    }
}

/// The scenario with values in their places.
///
/// # Errors
/// Everything that does not fit, in words.
pub fn patched(checked: &Checked, values: &[(&Knob, &Json)]) -> Result<Checked, Vec<String>> {
    let (file, policy) = written(checked, values).map_err(|problem| vec![problem])?;
    let node = Node::from_json(&policy);
    let read = policy::read(&node, "policy").map_err(|all| all.into_iter().map(said).collect());
    let policy: Policy = read.map_err(|all: Vec<String>| all)?;
    let slips: Vec<String> = check_shape(&Node::from_json(&file)).into_iter().map(said).collect();
    if !slips.is_empty() {
        return Err(slips);
    }
    let found = build(checked, file, policy).map_err(|problem| vec![problem])?;
    let misfits: Vec<String> = found.spec.check().iter().map(ToString::to_string).collect();
    if misfits.is_empty() { Ok(found) } else { Err(misfits) }
}

/// The same for values that were checked before.
///
/// # Errors
/// If a value has the wrong type after all.
pub fn patched_again(checked: &Checked, values: &[(&Knob, &Json)]) -> Result<Checked, String> {
    if values.iter().all(|(knob, _)| knob.of_policy) {
        let mut tree = serde_json::to_value(&checked.policy).map_err(|e| e.to_string())?;
        for (knob, value) in values {
            *knob.find(&mut tree)? = (*value).clone();
        }
        let policy = serde_json::from_value(tree).map_err(|e| e.to_string())?;
        return Ok(Checked { policy, ..checked.clone() });
    }
    let (file, policy) = written(checked, values)?;
    build(checked, file, serde_json::from_value(policy).map_err(|e| e.to_string())?)
}

fn written(checked: &Checked, values: &[(&Knob, &Json)]) -> Result<(Json, Json), String> {
    let mut file = serde_json::to_value(&checked.file).map_err(|e| e.to_string())?;
    let mut policy = serde_json::to_value(&checked.policy).map_err(|e| e.to_string())?;
    for (knob, value) in values {
        let tree = if knob.of_policy { &mut policy } else { &mut file };
        *knob.find(tree)? = (*value).clone();
    }
    Ok((file, policy))
}

fn build(checked: &Checked, mut file: Json, policy: Policy) -> Result<Checked, String> {
    // The policy is carried beside the file; the file's own entry only has to be readable.
    file["policy"] = Json::String(String::new());
    let mut file: super::file::ScenarioFile =
        serde_json::from_value(file).map_err(|error| error.to_string())?;
    file.policy = PolicySource::Inline(Box::new(policy.clone()));
    let spec = file.synthetic();
    Ok(Checked { path: checked.path.clone(), file, spec, policy })
}

fn said(finding: super::shape::Finding) -> String {
    match finding.help {
        Some(help) => format!("{} ({help})", finding.message),
        None => finding.message,
    }
}

/// One step down: a key of a map (made if absent), an index or a kind of a list.
fn enter<'t>(place: &'t mut Json, step: &str, path: &str) -> Result<&'t mut Json, String> {
    if let Json::String(kind) = place {
        // A kind that stands as its name alone.
        *place = Json::Object(Map::from_iter([(kind.clone(), Json::Object(Map::new()))]));
    }
    match place {
        Json::Array(items) => {
            if let Ok(index) = step.parse::<usize>() {
                let length = items.len();
                return items
                    .get_mut(index)
                    .ok_or_else(|| format!("{path} has {length} items, there is no [{index}]"));
            }
            let name = |item: &Json| match item {
                Json::String(name) => Some(name.clone()),
                Json::Object(map) => {
                    map.keys().find(|k| !["at", "id"].contains(&k.as_str())).cloned()
                }
                _ => None,
            };
            let known: Vec<String> = items.iter().filter_map(name).collect();
            let Some(index) = items.iter().position(|item| name(item).as_deref() == Some(step))
            else {
                let near = did_you_mean(nearest(step, known.iter().map(String::as_str)));
                let known = known.join(", ");
                return Err(format!("{path} lists no {step:?}{near} (it lists {known})"));
            };
            let item = &mut items[index];
            enter(item, step, path)
        }
        Json::Object(map) => Ok(map.entry(step.to_owned()).or_insert(Json::Null)),
        Json::Null => {
            *place = Json::Object(Map::new());
            enter(place, step, path)
        }
        other => Err(format!("{path} is {other}, there is nothing below it named {step:?}")),
    }
}

/// The parameter that is meant when a path ends at a kind: its only number, or its only one.
fn main_parameter(stage: &str, kind: &str) -> Option<String> {
    let (_, shelf) = policy::shelves().into_iter().find(|(key, _)| *key == stage)?;
    let schema = (shelf.find(kind)?.schema)().to_value();
    let properties = schema["properties"].as_object()?;
    let number = |(_, of): &(&String, &Json)| of["type"] == "number" || of["type"] == "integer";
    let mut numbers = properties.iter().filter(number);
    match (numbers.next(), numbers.next(), properties.len()) {
        (Some((name, _)), None, _) => Some(name.clone()),
        (None, _, 1) => properties.keys().next().cloned(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::load::load_scenario;
    use super::*;

    fn scenario() -> Checked {
        load_scenario(std::path::Path::new("scenarios/0247-memory-leak.yaml")).unwrap()
    }

    fn set(path: &str, value: Json) -> Result<Checked, Vec<String>> {
        let knob = Knob::parse(path).map_err(|problem| vec![problem])?;
        patched(&scenario(), &[(&knob, &value)])
    }

    #[test]
    fn values_of_policy_and_scenario_are_set_by_path() {
        let guard = |path: &str, value: Json| {
            let policy = set(path, value).unwrap().policy;
            serde_json::to_value(policy.guard).unwrap()
        };
        let found = guard("confidence", 0.7.into());
        assert_eq!(found[0]["confidence_floor"]["default"], 0.7);
        let found = guard("confidence.bad_deploy", 0.6.into());
        assert_eq!(found[0]["confidence_floor"]["per_cause"]["bad_deploy"], 0.6);
        let found = guard("guard.blast_radius", 0.5.into());
        assert_eq!(found[1]["blast_radius"]["max_share"], 0.5);
        assert_eq!(set("alarm.threshold", 2.5.into()).unwrap().policy.alarm.threshold, 2.5);
        assert_eq!(set("load.rate", 99.into()).unwrap().spec.load.rate, 99.0);
        let leak = set("faults[0].bad_deploy.mib_per_minute", 50.into()).unwrap();
        assert_ne!(leak.spec.faults, scenario().spec.faults);
    }

    #[test]
    fn wrong_paths_and_values_name_the_nearest() {
        let check = |path: &str, value: Json, part: &str| {
            let text = set(path, value).unwrap_err().join("\n");
            assert!(text.contains(part), "{text}");
        };
        check("gaurd.blast_radius", 1.into(), "did you mean \"guard\"?");
        check("guard.blast_raduis", 1.into(), "did you mean \"blast_radius\"?");
        check("guard.blast_radius.max_shar", 0.5.into(), "did you mean \"max_share\"?");
        check("confidence", 1.5.into(), "at most 1");
        check("load.rate", "fast".into(), "expected a number");
        check("confidence.bad_depoly", 0.5.into(), "bad_depoly");
        check("faults[3].at", "5m".into(), "there is no [3]");
    }
}
