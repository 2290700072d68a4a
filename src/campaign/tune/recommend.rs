//! Which setting to take, and why, in a sentence for whoever decides.
//!
//! In: outcomes and the promise. Out: the cheapest setting that keeps the promise (the higher floor
//! on a tie), floors of single causes above it where those are cheaper beyond chance, and the
//! difference to what the policy does now.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Brief;
use super::groups::{causes, cheapest};
use super::outcome::{Number, Outcome, dearer};
use super::promise::Given;
use crate::campaign::sweep::plan::Plan;
use crate::campaign::sweep::row::Row;
use crate::campaign::sweep::sensitivity::shown;
use crate::model::Cause;
use crate::unit::Ratio;

/// Fewest scenarios of a cause for a floor of its own.
const FEWEST: usize = 3;

/// What is recommended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recommendation {
    /// Place of the setting.
    pub setting: usize,
    /// The confidence floor, if that was an axis.
    pub floor: Option<f64>,
    /// Floors of single causes that are above it.
    pub per_cause: BTreeMap<String, f64>,
    /// Settings that come to the very same on this corpus.
    pub alike: Vec<usize>,
    /// Cost of the current setting less that of the recommended, per trial.
    pub saves: Number,
    /// Why, in a sentence.
    pub reason: String,
}

/// Settings in the order in which a promise is tested: for every value of the other axes, floors
/// from the highest down. Without a floor among the axes every setting stands alone.
#[must_use]
pub fn sequences(plan: &Plan) -> Vec<Vec<usize>> {
    let Some(axis) = floor_axis(plan) else {
        return (0..plan.settings.len()).map(|place| vec![place]).collect();
    };
    let mut all: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, setting) in plan.settings.iter().enumerate() {
        let others = setting.iter().enumerate().filter(|(i, _)| *i != axis);
        let key: Vec<String> = others.map(|(_, value)| value.to_string()).collect();
        all.entry(key.join(",")).or_default().push(place);
    }
    let floor = |place: &usize| plan.settings[*place][axis].as_f64().unwrap_or(0.0);
    let mut sequences: Vec<Vec<usize>> = all.into_values().collect();
    for sequence in &mut sequences {
        sequence.sort_by(|a, b| floor(b).total_cmp(&floor(a)));
    }
    sequences
}

/// Place of the axis that is the one floor of all causes.
#[must_use]
pub fn floor_axis(plan: &Plan) -> Option<usize> {
    let is = |name: &str| ["confidence", "policy.guard.confidence_floor.default"].contains(&name);
    let long = |name: &str| is(name) || name == "guard.confidence_floor.default";
    plan.axes.iter().position(|axis| long(&axis.name) || axis.name == "guard.confidence_floor")
}

/// The recommendation; `None` if no setting keeps the promise or nothing is known of cost.
#[must_use]
pub fn choose(
    brief: &Brief<'_>,
    rows: &[Vec<&Row>],
    outcomes: &[Outcome],
    given: Option<&Given>,
) -> Option<Recommendation> {
    let may = |place: usize| given.is_none_or(|given| given.kept[place]);
    let cost = |place: usize| {
        if may(place) { outcomes[place].cost } else { Number::default() }
    };
    let costs: Vec<Number> = (0..outcomes.len()).map(cost).collect();
    let setting = cheapest(&costs)?;
    let axis = floor_axis(brief.plan);
    let floor = axis.and_then(|axis| brief.plan.settings[setting][axis].as_f64());
    let courses = |place: usize| -> Vec<_> { rows[place].iter().map(|r| r.course).collect() };
    let own = courses(setting);
    let saves = brief
        .current
        .map(|current| dearer(&rows[current], &rows[setting], brief.costs))
        .unwrap_or_default();
    let mut found = Recommendation {
        setting,
        floor,
        per_cause: BTreeMap::new(),
        alike: (0..rows.len()).filter(|place| courses(*place) == own).collect(),
        saves,
        reason: String::new(),
    };
    if let (Some(axis), Some(floor)) = (axis, floor) {
        found.per_cause = single(brief, rows, setting, axis, floor);
    }
    found.reason = reason(brief, outcomes, given, &found);
    Some(found)
}

impl Recommendation {
    /// The floors of single causes, typed.
    #[must_use]
    pub fn floors(&self) -> BTreeMap<Cause, Ratio> {
        let known = |name: &str| Cause::ALL.into_iter().find(|cause| cause.as_str() == name);
        let pair = |(name, floor): (&String, &f64)| Some((known(name)?, Ratio::clamped(*floor)));
        self.per_cause.iter().filter_map(pair).collect()
    }
}

/// Higher floors for causes whose trials are cheaper there beyond chance.
fn single(
    brief: &Brief<'_>,
    rows: &[Vec<&Row>],
    setting: usize,
    axis: usize,
    floor: f64,
) -> BTreeMap<String, f64> {
    let of = causes(&rows[setting]);
    let others = |place: usize| {
        let values = brief.plan.settings[place].iter().enumerate();
        values.filter(|(i, _)| *i != axis).map(|(_, v)| v.to_string()).collect::<Vec<_>>()
    };
    let value = |place: usize| brief.plan.settings[place][axis].as_f64().unwrap_or(0.0);
    let above: Vec<usize> = (0..rows.len())
        .filter(|place| value(*place) > floor && others(*place) == others(setting))
        .collect();
    let mut found = BTreeMap::new();
    let mut causes: Vec<Cause> = of.values().copied().flatten().collect();
    causes.sort_unstable();
    causes.dedup();
    for cause in causes {
        let mine = |place: usize| -> Vec<&Row> {
            let is = |row: &&Row| of.get(&(row.scenario, row.seed)) == Some(&Some(cause));
            rows[place].iter().copied().filter(is).collect()
        };
        let now = mine(setting);
        let mut scenarios: Vec<u32> = now.iter().map(|row| row.scenario).collect();
        scenarios.sort_unstable();
        scenarios.dedup();
        if scenarios.len() < FEWEST {
            continue;
        }
        let gain = |place: &usize| (dearer(&now, &mine(*place), brief.costs), *place);
        let best = above
            .iter()
            .map(gain)
            .max_by(|(a, _), (b, _)| a.value.unwrap_or(0.0).total_cmp(&b.value.unwrap_or(0.0)));
        if let Some((saved, place)) = best
            && saved.interval.is_some_and(|[low, _]| low > 0.0)
        {
            found.insert(cause.to_string(), value(place));
        }
    }
    found
}

fn reason(
    brief: &Brief<'_>,
    outcomes: &[Outcome],
    given: Option<&Given>,
    found: &Recommendation,
) -> String {
    let outcome = &outcomes[found.setting];
    let percent = |n: &Number| n.value.map_or("–".to_owned(), |v| format!("{:.0} %", v * 100.0));
    let values = &brief.plan.settings[found.setting];
    let named: Vec<String> = brief
        .plan
        .axes
        .iter()
        .zip(values)
        .map(|(a, v)| format!("{} {}", a.name, shown(v)))
        .collect();
    let currency = &brief.costs.currency;
    let money = |n: &Number| n.value.map_or("–".to_owned(), |v| format!("{v:.0} {currency}"));
    let mut text = format!(
        "At {} it heals {} of the incidents that users feel by itself and does something wrong in \
         {} of all; an incident costs {} on average",
        named.join(", "),
        percent(&outcome.healed_alone),
        percent(&outcome.wrong),
        money(&outcome.cost),
    );
    match (brief.current, found.saves.value, found.saves.interval) {
        (Some(current), _, _) if found.alike.contains(&current) => {
            text += ", as it does today: nothing on this corpus tells the two apart";
        }
        (Some(current), Some(saves), Some([low, high])) => {
            let now = money(&outcomes[current].cost);
            let sure = if low > 0.0 || high < 0.0 { "" } else { ", which may be chance" };
            // A promise may cost something: then it is said as a price, not as a negative saving.
            let (word, by, from, to) = if saves < 0.0 {
                ("more", -saves, -high, -low)
            } else {
                ("less", saves, low, high)
            };
            text += &format!(
                ", {by:.0} {currency} {word} than the {now} of today's setting (95 % interval \
                 {from:.0} to {to:.0}{sure})"
            );
        }
        _ => {}
    }
    if let Some(given) = given {
        let (promise, units) = (&given.promise, given.units);
        let (bound, level) = (promise.bound * 100.0, promise.level * 100.0);
        let risk = promise.risk.trim_end_matches("_rate").replace('_', " ");
        text += &format!(
            ". With {level:.0} % confidence at most {bound} % of incidents see a {risk}, as far as \
             they are like the {units} scenarios here"
        );
    }
    text + "."
}
