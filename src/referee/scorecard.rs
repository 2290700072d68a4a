//! The scorecard: every group of measures, and the raw items they were summed up from.
//!
//! In: `Evidence` of one trial, or scorecards of many. Out: `Scorecard`, the JSON contract of the
//! tool. Groups that need labels are null without them, and `unscored` says why. Because the items
//! are kept, scorecards add up exactly: aggregating pools the items and sums them up again, so the
//! aggregate of one is that one, and the order of trials does not matter.

use serde::{Deserialize, Serialize};

use super::case::Case;
use super::evidence::{Evidence, Mode};
use super::matching::Fate;
use super::measure::confidence::{self, Confidence};
use super::measure::correlation::{self, Correlation};
use super::measure::detection::{self, Detection};
use super::measure::impact::{self, Impact};
use super::measure::localization::{self, Localization};
use super::measure::remediation::{self, Remediation};
use super::measure::safety::{self, Safety};
use super::measure::timing::{self, Timing};
use super::stages::{Stages, of_incident};
use crate::unit::{IncidentId, SimTime};

/// Every score, of one trial or of many.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Scorecard {
    /// How many trials it sums up.
    pub trials: u64,
    /// How many of them have a truth to be scored against.
    pub scored: u64,
    /// Why labels are missing, if they are in any trial.
    pub unscored: Option<String>,
    /// Was it seen?
    pub detection: Option<Detection>,
    /// Was it held together?
    pub correlation: Correlation,
    /// Was the right thing blamed?
    pub localization: Option<Localization>,
    /// Was the right thing done to the right place?
    pub remediation: Option<Remediation>,
    /// How long did each stage take?
    pub timing: Option<Timing>,
    /// What was broken while helping?
    pub safety: Safety,
    /// Can its confidence be believed?
    pub confidence: Option<Confidence>,
    /// What did it cost?
    pub impact: Impact,
    /// The raw items, one entry per trial.
    pub findings: Vec<Findings>,
}

/// What one trial shows, before summing up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Findings {
    /// What actions could change.
    pub mode: Mode,
    /// Why there is nothing to score against.
    pub unscored: Option<String>,
    /// The engine's incidents.
    pub opened: Vec<OpenedIncident>,
    /// Detection; null without a truth.
    pub detection: Option<detection::Found>,
    /// Correlation.
    pub correlation: correlation::Found,
    /// Localization, one item per truth with a known root cause.
    pub localization: Vec<localization::Found>,
    /// Remediation, one item per truth with a known root cause.
    pub remediation: Vec<remediation::Found>,
    /// Timing, one item per truth.
    pub timing: Vec<timing::Found>,
    /// Safety.
    pub safety: safety::Found,
    /// Confidence, one item per answer that can be judged.
    pub confidence: Vec<confidence::Found>,
    /// Impact.
    pub impact: impact::Found,
}

/// One of the engine's incidents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OpenedIncident {
    /// Its number.
    pub id: IncidentId,
    /// When it appeared.
    pub opened_at: SimTime,
    /// How it counts; null without a truth.
    pub fate: Option<Fate>,
    /// Names of the truths that it answers.
    pub answers: Vec<String>,
    /// When it reached each stage.
    pub stages: Stages,
}

/// Scores one trial.
#[must_use]
pub fn score(evidence: &Evidence<'_>) -> Scorecard {
    sum_up(vec![look(evidence)])
}

/// What one trial shows, not summed up: for whoever sums up many.
#[must_use]
pub fn look(evidence: &Evidence<'_>) -> Findings {
    let case = Case::read(evidence);
    let labelled = evidence.truth.is_some();
    Findings {
        mode: evidence.mode,
        unscored: (!labelled).then(|| "no truth".to_owned()),
        opened: (0..case.opened.len()).map(|place| opened(&case, place)).collect(),
        detection: labelled.then(|| detection::find(&case)),
        correlation: correlation::find(&case),
        localization: localization::find(&case),
        remediation: remediation::find(&case),
        timing: timing::find(&case),
        safety: safety::find(&case),
        confidence: confidence::find(&case),
        impact: impact::find(&case),
    }
}

/// Sums up many scorecards into one.
#[must_use]
pub fn aggregate(cards: &[Scorecard]) -> Scorecard {
    sum_up(cards.iter().flat_map(|card| card.findings.iter().cloned()).collect())
}

impl Scorecard {
    /// The same without the raw items: shorter, but it adds up no more.
    #[must_use]
    pub fn without_findings(mut self) -> Self {
        self.findings.clear();
        self
    }
}

fn sum_up(mut findings: Vec<Findings>) -> Scorecard {
    findings.sort_by_cached_key(|f| serde_json::to_string(f).expect("plain data serialises"));
    let scored = findings.iter().filter(|f| f.unscored.is_none()).count();
    let detected: Vec<_> = findings.iter().filter_map(|f| f.detection.as_ref()).collect();
    let located: Vec<_> = findings.iter().flat_map(|f| &f.localization).collect();
    let treated: Vec<_> = findings.iter().flat_map(|f| &f.remediation).collect();
    let timed: Vec<_> = findings.iter().flat_map(|f| &f.timing).collect();
    let believed: Vec<_> = findings.iter().flat_map(|f| &f.confidence).collect();
    let any = scored > 0;
    Scorecard {
        trials: findings.len() as u64,
        scored: scored as u64,
        unscored: findings.iter().filter_map(|f| f.unscored.clone()).min(),
        detection: any.then(|| detection::summarise(&detected)),
        correlation: correlation::summarise(&refs(&findings, |f| &f.correlation)),
        localization: any.then(|| localization::summarise(&located)),
        remediation: any.then(|| remediation::summarise(&treated)),
        timing: any.then(|| timing::summarise(&timed)),
        safety: safety::summarise(&refs(&findings, |f| &f.safety)),
        confidence: any.then(|| confidence::summarise(&believed)),
        impact: impact::summarise(&refs(&findings, |f| &f.impact)),
        findings,
    }
}

fn refs<'f, T>(findings: &'f [Findings], part: impl Fn(&'f Findings) -> &'f T) -> Vec<&'f T> {
    findings.iter().map(part).collect()
}

fn opened(case: &Case<'_>, place: usize) -> OpenedIncident {
    let life = &case.opened[place];
    let truths = case.matching.answered_by(place);
    OpenedIncident {
        id: life.id,
        opened_at: life.opened,
        fate: case.matching.fates.get(place).copied(),
        answers: truths.map(|index| case.truths()[index].id.clone()).collect(),
        stages: of_incident(case, place),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Cause;
    use crate::referee::sketch::Sketch;

    /// A fault at `a` from 100 to 2000 s that the engine answers well.
    fn good() -> Sketch {
        Sketch::default()
            .calls(&[("c", "a"), ("c", "b"), ("a", "d")])
            .users((100, 400))
            .truth(100, 2000, "a")
            .open(160, 1, "a")
            .blame(170, &[("a", Cause::BadDeploy, 0.9), ("b", Cause::Unknown, 0.1)])
            .plan(180, 1, "a")
            .verdict(180, 1)
            .act(190, 1, "a")
            .deed(190, 390, 1, "a", 3)
            .outcome(390, 1)
            .notify(390, Some(1))
    }

    #[test]
    fn a_good_engine_scores_well_by_hand() {
        let card = good().score();
        let detection = card.detection.unwrap();
        assert_eq!(detection.recall.value, Some(1.0));
        assert_eq!(detection.time_to_detect_s.mean, Some(60.0));
        assert_eq!(detection.false_alarms_per_day.value, Some(0.0));
        let local = card.localization.unwrap();
        assert_eq!((local.ac_1.value, local.ac_1.n), (Some(1.0), 1));
        assert_eq!((local.ac_1.chance, local.ac_1.lift), (Some(0.25), Some(4.0)));
        assert_eq!(local.cause_accuracy.value, Some(1.0));
        assert_eq!(local.proximity.value, Some(1.0));
        let timing = card.timing.unwrap();
        assert_eq!(timing.mttr_s.unwrap().mean, Some(300.0));
        assert_eq!(timing.time_to_decision_s.mean, Some(80.0));
        assert_eq!(timing.apply_s.mean, Some(200.0));
        assert_eq!((card.safety.total, card.safety.acts), (0, 1));
        assert_eq!(card.impact.bad_minutes.value, Some(5.0));
        assert_eq!(card.findings[0].opened[0].answers, ["a-100"]);
    }

    #[test]
    fn doing_nothing_is_missed_and_not_recovered() {
        let card = Sketch::default().users((100, 3600)).truth(100, 3600, "a").score();
        let detection = card.detection.unwrap();
        assert_eq!((detection.recall.value, detection.recall.n), (Some(0.0), 1));
        assert_eq!((detection.precision.value, detection.precision.n), (None, 0));
        assert_eq!(card.localization.unwrap().ac_5.value, Some(0.0));
        let timing = card.timing.unwrap();
        assert_eq!(timing.not_recovered.unwrap().value, Some(1.0));
        assert_eq!((timing.mttr_s.unwrap().n, timing.mttd_s.n), (0, 0));
        let confidence = card.confidence.unwrap();
        assert_eq!((confidence.n, confidence.brier.value), (0, None));
    }

    #[test]
    fn naming_everything_alike_wins_nothing() {
        let all = ["a", "b", "c", "d"].map(|e| (e, Cause::BadDeploy, 0.9));
        let card = Sketch::default().truth(0, 900, "a").open(10, 1, "a").blame(20, &all).score();
        let local = card.localization.unwrap();
        assert_eq!((local.ac_1.value, local.ac_3.value), (Some(0.0), Some(0.0)));
        assert_eq!((local.mrr.value, local.cause_accuracy.value), (Some(0.25), Some(0.0)));
        assert!(!card.confidence.unwrap().entity.accuracy.value.is_some_and(|v| v > 0.0));
    }

    #[test]
    fn an_answer_after_the_act_or_outside_the_claim_does_not_count() {
        let base = || Sketch::default().truth(100, 900, "a").open(110, 1, "b");
        let wrong = || base().diagnose(120, "b", 0.9);
        let ac = |sketch: Sketch| sketch.score().localization.unwrap().ac_1.value;
        assert_eq!(ac(wrong().diagnose(200, "a", 0.9)), Some(1.0));
        assert_eq!(ac(wrong().act(130, 1, "b").diagnose(200, "a", 0.9)), Some(0.0));
        assert_eq!(ac(wrong().plan(130, 1, "b").diagnose(200, "a", 0.9)), Some(0.0));
        assert_eq!(ac(wrong().page(130, 1).diagnose(200, "a", 0.9)), Some(1.0));
        assert_eq!(ac(wrong().diagnose(950, "a", 0.9)), Some(0.0));
        assert_eq!(ac(base().diagnose(50, "a", 0.9)), Some(0.0));
        let later = wrong().plan(130, 1, "b").diagnose(200, "a", 0.9).score();
        assert_eq!(later.localization.unwrap().latest_ac_1.value, Some(1.0));
    }

    #[test]
    fn a_confident_false_alarm_is_a_wrong_answer() {
        let card = Sketch::default().healthy().open(10, 1, "a").diagnose(20, "a", 0.9).score();
        let confidence = card.confidence.unwrap();
        assert_eq!((confidence.n, confidence.accuracy.value), (1, Some(0.0)));
        assert!((confidence.brier.value.unwrap() - 0.81).abs() < 1e-12);
        assert_eq!(card.detection.unwrap().precision.value, Some(0.0));
    }

    #[test]
    fn without_a_truth_nothing_is_scored_and_the_card_says_why() {
        let card = Sketch::default().open(10, 1, "a").mode(Mode::OpenLoop).score();
        assert_eq!(card.unscored.as_deref(), Some("no truth"));
        let json = serde_json::to_value(&card).unwrap();
        for group in ["detection", "localization", "timing", "confidence"] {
            assert!(json[group].is_null(), "{group}");
        }
        assert!(json["safety"]["violations"]["harmful_action"].is_null());
        assert!(json["safety"]["violations"]["blast_radius"].is_null());
        assert_eq!(json["safety"]["violations"]["remediation_loop"], 0);
        assert!(json["impact"]["bad_requests"]["value"].is_null());
    }

    #[test]
    fn in_open_loop_there_is_no_time_to_recover() {
        let timing = good().mode(Mode::OpenLoop).score().timing.unwrap();
        assert!(timing.mttr_s.is_none() && timing.not_recovered.is_none());
        assert_eq!(timing.time_to_decision_s.n, 1);
    }

    #[test]
    fn a_person_who_answers_a_page_ends_the_wait() {
        let base = Sketch::default().truth(100, 900, "a").open(110, 1, "a").page(120, 1);
        assert_eq!(base.score().timing.unwrap().mtta_s.n, 0);
        let timing = base.approve(300, 1).score().timing.unwrap();
        assert_eq!((timing.mtta_s.mean, timing.mtta_s.n), (Some(180.0), 1));
    }

    #[test]
    fn a_false_alarm_has_stages_but_neither_onset_nor_recovery() {
        let card = Sketch::default().users((100, 400)).truth(2000, 2100, "a");
        let card = card.open(160, 1, "a").diagnose(170, "a", 0.9).score();
        let opened = &card.findings[0].opened[0];
        assert_eq!(opened.fate, Some(Fate::FalseAlarm));
        assert!(opened.stages.diagnosed.is_some() && opened.answers.is_empty());
        assert_eq!((opened.stages.onset, opened.stages.recovered), (None, None));
    }

    #[test]
    fn the_names_of_the_contract_are_kept() {
        let json = serde_json::to_value(good().score()).unwrap();
        for path in [
            "/detection/recall/value",
            "/localization/ac@1/chance",
            "/localization/ac@3/low",
            "/localization/ac@5/high",
            "/localization/avg@5/n",
            "/localization/mrr/value",
            "/localization/cause_accuracy/value",
            "/timing/mttd_s/median",
            "/timing/mttr_s/p95",
            "/safety/violations/blast_radius",
            "/confidence/brier/value",
            "/impact/bad_requests/value",
        ] {
            assert!(json.pointer(path).is_some_and(|v| !v.is_null()), "{path}");
        }
    }

    /// (begin of the fault, opened, blamed, confidence, acted)
    type Story = (i64, i64, u8, f64, bool);

    fn story() -> impl Strategy<Value = Story> {
        (0i64..2000, 0i64..3000, 0u8..4, 0.0..=1.0f64, any::<bool>())
    }

    fn tell((begin, opened, blamed, confidence, acted): Story) -> Scorecard {
        let blamed = ["a", "b", "c", "d"][usize::from(blamed)];
        let sketch = Sketch::default()
            .users((begin, begin + 300))
            .truth(begin, begin + 600, "a")
            .open(opened, 1, blamed)
            .diagnose(opened + 10, blamed, confidence);
        if acted { sketch.act(opened + 20, 1, blamed) } else { sketch }.score()
    }

    /// Every estimate of a share lies in 0..=1, and every estimate in its own interval's order.
    fn in_bounds(json: &serde_json::Value) {
        for group in ["detection", "localization"] {
            for (name, value) in json[group].as_object().unwrap() {
                if name.ends_with("_s") || name.ends_with("per_day") {
                    continue;
                }
                for end in ["value", "low", "high", "chance"] {
                    let number = value[end].as_f64().unwrap_or(0.0);
                    assert!((0.0..=1.0).contains(&number), "{group} {name} {end} {number}");
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn scores_stay_in_bounds_and_round_trip(told in story()) {
            let card = tell(told);
            in_bounds(&serde_json::to_value(&card).unwrap());
            let text = serde_json::to_string(&card).unwrap();
            prop_assert_eq!(&card, &serde_json::from_str::<Scorecard>(&text).unwrap());
            prop_assert_eq!(&aggregate(std::slice::from_ref(&card)), &card);
        }

        #[test]
        fn the_order_of_trials_does_not_matter(
            stories in prop::collection::vec(story(), 2..5), turn in 0usize..5,
        ) {
            let mut cards: Vec<Scorecard> = stories.into_iter().map(tell).collect();
            let straight = aggregate(&cards);
            in_bounds(&serde_json::to_value(&straight).unwrap());
            let len = cards.len();
            cards.rotate_left(turn % len);
            cards.reverse();
            prop_assert_eq!(&straight, &aggregate(&cards));
            let (left, right) = cards.split_at(1);
            let nested = aggregate(&[aggregate(left), aggregate(right)]);
            prop_assert_eq!(straight, nested);
        }
    }
}
