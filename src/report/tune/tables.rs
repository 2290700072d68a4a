//! The tables of a tuning: plain cells, the same for every reader.

use crate::campaign::belief::Belief;
use crate::campaign::sweep::sensitivity::shown;
use crate::campaign::tune::groups::Group;
use crate::campaign::tune::outcome::{Number, Outcome};
use crate::campaign::tune::{HeldOut, Transfer, Tuned};

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct Grid {
    /// Column names.
    pub(in crate::report) head: Vec<String>,
    /// Cells.
    pub(in crate::report) rows: Vec<Vec<String>>,
}

const ABSENT: &str = "–";
const MEASURES: [&str; 10] = [
    "healed alone",
    "wrong",
    "harmful",
    "violations",
    "pages",
    "at night",
    "MTTR p50",
    "p95",
    "bad min",
    "cost",
];

/// Settings that matter most: recommended, current, on the front, and an even choice of the rest.
pub(super) fn settings(tuned: &Tuned, most: usize) -> Grid {
    let chosen = tuned.recommendation.as_ref().map(|r| r.setting);
    let total = tuned.settings.len();
    let step = total.div_ceil(most.max(1));
    let marked = |place: usize| Some(place) == chosen || Some(place) == tuned.current;
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut last: Option<Vec<String>> = None;
    for (place, setting) in tuned.settings.iter().enumerate() {
        let cells = measures(&setting.outcome);
        let news = last.as_ref() != Some(&cells);
        if !(marked(place) || news && place % step == 0 || news && setting.on_front) {
            continue;
        }
        let mut mark = String::new();
        for (is, sign) in [
            (Some(place) == chosen, '*'),
            (Some(place) == tuned.current, '='),
            (setting.on_front, '+'),
        ] {
            if is {
                mark.push(sign);
            }
        }
        last = Some(cells.clone());
        let values = setting.values.iter().map(shown);
        rows.push(values.chain([mark]).chain(cells).collect());
    }
    let axes = tuned.axes.iter().cloned();
    let head = axes.chain([String::new()]).chain(MEASURES.map(str::to_owned)).collect();
    Grid { head, rows }
}

/// By cause or remedy.
pub(super) fn groups(tuned: &Tuned, groups: &[Group]) -> Grid {
    let mut head: Vec<String> = ["", "trials"].map(str::to_owned).to_vec();
    head.extend(MEASURES.map(str::to_owned));
    head.push("cheapest at".to_owned());
    let row = |group: &Group| {
        let values = group.cheapest.map(|place| &tuned.settings[place].values);
        let at = values.map_or_else(String::new, |values| {
            let all: Vec<String> = values.iter().map(shown).collect();
            format!("{} ({})", all.join(", "), money(&group.cheapest_cost))
        });
        let first = [group.key.clone(), group.outcome.trials.to_string()];
        first.into_iter().chain(measures(&group.outcome)).chain([at]).collect()
    };
    Grid { head, rows: groups.iter().map(row).collect() }
}

/// What confidences are worth.
pub(super) fn beliefs(all: &[(&str, &Belief)]) -> Grid {
    let head = [
        "",
        "n",
        "groups",
        "accuracy",
        "confidence",
        "Brier",
        "95 %",
        "reliability",
        "resolution",
        "uncertainty",
        "ECE",
        "area risk/coverage",
    ];
    let mut rows = Vec::new();
    for (name, belief) in all {
        let causes = belief.by_cause.iter().map(|(cause, n)| (format!("  {cause}"), n));
        for (name, n) in std::iter::once(((*name).to_owned(), &belief.all)).chain(causes) {
            let real = |v: Option<f64>| v.map_or_else(|| ABSENT.to_owned(), |v| format!("{v:.3}"));
            rows.push(vec![
                name,
                n.n.to_string(),
                n.groups.to_string(),
                real(n.accuracy),
                real(n.mean_confidence),
                real(n.brier),
                span(n.brier_interval, |v| format!("{v:.3}")),
                real(n.reliability),
                real(n.resolution),
                real(n.uncertainty),
                real(n.ece),
                real(n.risk_coverage_area),
            ]);
        }
    }
    Grid { head: head.map(str::to_owned).to_vec(), rows }
}

/// A reliability diagram as a table.
pub(super) fn bins(belief: &Belief) -> Grid {
    let row = |b: &crate::campaign::belief::Bin| {
        vec![
            format!("{:.3}", b.confidence),
            format!("{:.3}", b.accuracy),
            format!("{:.2} … {:.2}", b.low, b.high),
            b.n.to_string(),
        ]
    };
    let head = ["confidence", "share right", "95 %", "n"].map(str::to_owned).to_vec();
    Grid { head, rows: belief.bins.iter().map(row).collect() }
}

/// The recommendation where it was not chosen.
pub(super) fn cases(tuned: &Tuned, held: &HeldOut) -> Grid {
    let mut head = vec![String::new(), "trials".to_owned()];
    head.extend(MEASURES.map(str::to_owned));
    head.push("promised risk".to_owned());
    let row = |name: &str, outcome: &Outcome, risk: String| {
        let first = [name.to_owned(), outcome.trials.to_string()];
        first.into_iter().chain(measures(outcome)).chain([risk]).collect::<Vec<_>>()
    };
    let risk = match (held.risk, held.risk_limit, held.within) {
        (Some(risk), Some(limit), Some(within)) => {
            let word = if within { "within" } else { "ABOVE" };
            format!("{:.3}, at most {limit:.3}: {word} the bound", risk)
        }
        _ => ABSENT.to_owned(),
    };
    let name = if tuned.recommendation.is_some() { "recommended" } else { "shown" };
    let mut rows = vec![row(name, &held.outcome, risk)];
    rows.extend(held.current.as_ref().map(|now| row("today", now, ABSENT.to_owned())));
    Grid { head, rows }
}

/// On recordings.
pub(super) fn transfers(all: &[Transfer]) -> Grid {
    let head = [
        "dataset",
        "floors",
        "cases",
        "acted",
        "wrong target",
        "of acted",
        "95 %",
        "answers",
        "accuracy",
        "confidence",
        "Brier",
        "ECE",
    ];
    let real = |v: Option<f64>| v.map_or_else(|| ABSENT.to_owned(), |v| format!("{v:.3}"));
    let row = |t: &Transfer| {
        let n = &t.belief.all;
        vec![
            t.dataset.clone(),
            t.floors.clone(),
            t.cases.to_string(),
            t.acted.to_string(),
            t.wrong_target.to_string(),
            real(t.wrong_target_rate.value),
            span(t.wrong_target_rate.interval, |v| format!("{v:.2}")),
            n.n.to_string(),
            real(n.accuracy),
            real(n.mean_confidence),
            real(n.brier),
            real(n.ece),
        ]
    };
    Grid { head: head.map(str::to_owned).to_vec(), rows: all.iter().map(row).collect() }
}

/// Every setting with every number and interval.
pub(super) fn csv(tuned: &Tuned) -> Grid {
    type Of = fn(&Outcome) -> Number;
    let numbers: [(&str, Of); 11] = [
        ("healed_alone", |o| o.healed_alone),
        ("not_recovered", |o| o.not_recovered),
        ("acted_alone", |o| o.acted_alone),
        ("wrong", |o| o.wrong),
        ("wrong_of_acted", |o| o.wrong_of_acted),
        ("harmful", |o| o.harmful),
        ("violations", |o| o.violations),
        ("pages", |o| o.pages),
        ("pages_at_night", |o| o.pages_at_night),
        ("bad_minutes", |o| o.bad_minutes),
        ("cost", |o| o.cost),
    ];
    let mut head: Vec<String> = tuned.axes.clone();
    for (name, _) in &numbers {
        head.extend(["", "_n", "_low", "_high"].map(|end| format!("{name}{end}")));
    }
    head.extend(["mttr_p50_s", "mttr_p95_s", "on_front", "promise_kept"].map(str::to_owned));
    let real = |v: Option<f64>| v.map_or_else(String::new, |v| v.to_string());
    let row = |(place, setting): (usize, &crate::campaign::tune::Setting)| {
        let mut cells: Vec<String> = setting.values.iter().map(shown).collect();
        for (_, of) in &numbers {
            let n = of(&setting.outcome);
            cells.extend([real(n.value), n.n.to_string()]);
            cells.extend([real(n.interval.map(|i| i[0])), real(n.interval.map(|i| i[1]))]);
        }
        cells.extend([real(setting.outcome.mttr_p50_s), real(setting.outcome.mttr_p95_s)]);
        let kept = tuned.promise.as_ref().map(|given| given.kept[place].to_string());
        cells.extend([setting.on_front.to_string(), kept.unwrap_or_default()]);
        cells
    };
    Grid { head, rows: tuned.settings.iter().enumerate().map(row).collect() }
}

fn measures(outcome: &Outcome) -> Vec<String> {
    let share =
        |n: &Number| n.value.map_or_else(|| ABSENT.to_owned(), |v| format!("{:.1} %", v * 100.0));
    let real = |n: &Number| n.value.map_or_else(|| ABSENT.to_owned(), |v| format!("{v:.2}"));
    let secs = |v: Option<f64>| v.map_or_else(|| ABSENT.to_owned(), |v| format!("{v:.0}s"));
    vec![
        share(&outcome.healed_alone),
        share(&outcome.wrong),
        real(&outcome.harmful),
        real(&outcome.violations),
        real(&outcome.pages),
        real(&outcome.pages_at_night),
        secs(outcome.mttr_p50_s),
        secs(outcome.mttr_p95_s),
        real(&outcome.bad_minutes),
        money(&outcome.cost),
    ]
}

fn money(n: &Number) -> String {
    n.value.map_or_else(|| ABSENT.to_owned(), |v| format!("{v:.0}"))
}

fn span(interval: Option<[f64; 2]>, shown: impl Fn(f64) -> String) -> String {
    interval.map_or_else(
        || ABSENT.to_owned(),
        |[low, high]| format!("{} … {}", shown(low), shown(high)),
    )
}
