//! A new version against the one before it: each metric of the service, before and after.
//!
//! In: deploy events and metric frames. After each deploy, when `LOOKS` numbers of new samples are
//! there, every series of the service is compared with its samples before the deploy by the
//! Mann-Whitney test, in the bad direction only. Out: score = the smaller of deviate / bar and
//! median shift / smallest effect that matters, so that both certainty and size are needed. The
//! bar holds the chance that a harmless deploy is blamed at `alpha`, over all series and looks
//! (Bonferroni). Source: Kayenta's judge (Netflix and Google, 2018): Mann-Whitney with an effect
//! size. Known limit: before and after are compared on the whole service, as most telemetry does
//! not say which replica runs which version; load that changes meanwhile looks like the version.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Build, Detector, Scored, Scores, fresh_frame};
use crate::catalog::{Entry, schema_of};
use crate::engine::History;
use crate::model::{Direction, EventKind, Role, SeriesMeta, StepInput};
use crate::stats::rank::{mann_whitney, normal_bar};
use crate::stats::robust::median;
use crate::unit::{EntityId, SeriesId, SimDuration, SimTime};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "deploy_comparison",
    summary: "each metric of a service after a deploy against before it, by ranks",
    help: "After a deploy, compares latency, errors, availability, CPU, memory and saturation of \
           the service with the time before, by the Mann-Whitney test with an effect size. A \
           harmless deploy is blamed with probability `alpha` at most, however many series there \
           are, if samples are independent.",
    source: "Mann and Whitney 1947; Kayenta's canary judge, 2018",
    example: "{ alpha: 0.01, before: 120 }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(DeployComparison::new(spec.read()?))),
};

/// Parameters of `deploy_comparison`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Chance that a harmless deploy is blamed, over all series and looks; between 0 and 1.
    pub alpha: f64,
    /// Samples before the deploy, at most.
    pub before: usize,
    /// How long after the deploy samples do not count: replicas start.
    pub settle: SimDuration,
}

impl Default for Config {
    fn default() -> Self {
        Self { alpha: 0.01, before: 120, settle: SimDuration::from_secs(60) }
    }
}

/// Numbers of new samples at which a deploy is judged.
const LOOKS: [usize; 4] = [8, 16, 32, 64];
/// Fewest samples before the deploy.
const LEAST: usize = 8;
/// Deploys under observation; further ones replace the oldest.
const MOST: usize = 64;

/// See the file's head.
#[derive(Debug)]
pub struct DeployComparison {
    config: Config,
    deploys: Vec<Deploy>,
    old: Vec<f64>,
    new: Vec<f64>,
    ranks: Vec<(f64, bool)>,
}

#[derive(Debug)]
struct Deploy {
    service: EntityId,
    at: SimTime,
    looks: usize,
    blamed: Vec<Scored>,
}

impl DeployComparison {
    /// With no deploy seen.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let config = Config { alpha: config.alpha.clamp(1e-9, 0.5), ..config };
        Self { config, deploys: Vec::new(), old: Vec::new(), new: Vec::new(), ranks: Vec::new() }
    }

    fn take_deploys(&mut self, input: &StepInput<'_>) {
        let deploys = input.batch.events.iter().filter(|e| e.kind == EventKind::Deploy);
        for event in deploys {
            let Some(entity) = event.entity.as_ref().and_then(|n| input.topology.find(n).ok())
            else {
                continue;
            };
            let service = input.topology.service_of(entity);
            self.deploys.retain(|deploy| deploy.service != service);
            if self.deploys.len() == MOST {
                self.deploys.remove(0);
            }
            self.deploys.push(Deploy { service, at: event.time, looks: 0, blamed: Vec::new() });
        }
    }

    /// Judges one deploy if as many new samples are there as the next look wants.
    fn look(&mut self, deploy: &mut Deploy, input: &StepInput<'_>, history: &History) {
        let from = history.position(deploy.at + self.config.settle);
        let wanted = LOOKS.get(deploy.looks).copied().unwrap_or(usize::MAX);
        if history.len() - from < wanted {
            return;
        }
        deploy.looks += 1;
        deploy.blamed.clear();
        let before = history.position(deploy.at);
        let of_service = |meta: &&SeriesMeta| {
            is_judged(meta.role) && input.topology.service_of(meta.entity) == deploy.service
        };
        let count = input.series.iter().filter(|(_, meta)| of_service(meta)).count().max(1);
        let bar = normal_bar(self.config.alpha / (count * LOOKS.len()) as f64);
        for (id, _) in input.series.iter().filter(|(_, meta)| of_service(meta)) {
            let ranges = (before.saturating_sub(self.config.before)..before, from..history.len());
            if let Some(scored) = self.compare(id, ranges, bar, history) {
                deploy.blamed.push(Scored { since: deploy.at, ..scored });
            }
        }
    }

    fn compare(
        &mut self,
        id: SeriesId,
        (before, after): (std::ops::Range<usize>, std::ops::Range<usize>),
        bar: f64,
        history: &History,
    ) -> Option<Scored> {
        let column = history.column(id);
        let fill = |into: &mut Vec<f64>, range| {
            into.clear();
            into.extend(column.range(range).filter(|v| v.is_finite()));
        };
        fill(&mut self.old, before);
        fill(&mut self.new, after);
        if self.old.len() < LEAST || self.new.len() < LOOKS[0] {
            return None;
        }
        let z = mann_whitney(&self.old, &self.new, &mut self.ranks)?.z;
        let (expected, observed) = (median(&mut self.old)?, median(&mut self.new)?);
        let direction = if z >= 0.0 { Direction::Up } else { Direction::Down };
        let effect = history.effect(id);
        if !effect.is_bad(direction) {
            return None;
        }
        let smallest = effect.smallest(expected).max(f64::MIN_POSITIVE);
        let score = (z.abs() / bar).min((observed - expected).abs() / smallest);
        let (detector, series, since) = (ENTRY.kind, id, SimTime::default());
        Some(Scored { detector, series, score, since, direction, observed, expected })
    }
}

/// Roles that tell a version's quality; traffic is not the version's doing.
fn is_judged(role: Role) -> bool {
    matches!(
        role,
        Role::Latency
            | Role::Errors
            | Role::Availability
            | Role::Cpu
            | Role::Memory
            | Role::Saturation
    )
}

impl Detector for DeployComparison {
    fn observe(&mut self, input: &StepInput<'_>, history: &History, out: &mut Scores) {
        self.take_deploys(input);
        if self.deploys.is_empty() || fresh_frame(input, history).is_none() {
            return;
        }
        let mut deploys = std::mem::take(&mut self.deploys);
        for deploy in &mut deploys {
            self.look(deploy, input, history);
            let heard = deploy.blamed.iter().filter(|s| history.latest(s.series).is_some());
            heard.for_each(|scored| out.series(*scored));
        }
        let over = LOOKS[LOOKS.len() - 1];
        deploys.retain(|deploy| {
            let from = history.position(deploy.at + self.config.settle);
            history.len() - from < 2 * over && deploy.at >= history.times()[0]
        });
        self.deploys = deploys;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::topology;
    use crate::kernel::Streams;
    use crate::model::{Batch, Event, SeriesCatalog, names};

    /// A deploy of `cart` at frame 100; its latency is multiplied by `factor` from then on.
    fn run(factor: f64, seed: u64, deploy: bool) -> f64 {
        let topology = topology();
        let mut series = SeriesCatalog::default();
        for copy in 0..10 {
            let meta = SeriesMeta::gauge(EntityId(1), names::DURATION, "s");
            series.add(meta.label("n", &copy.to_string())).unwrap();
        }
        let noise = Streams::new(seed);
        let mut detector = DeployComparison::new(Config::default());
        let (mut history, mut scores) = (History::new(1000), Scores::default());
        let mut worst = 0.0f64;
        for frame in 0..200u64 {
            let now = SimTime::from_secs(15 * frame as i64);
            let mut batch = Batch { has_frame: true, ..Batch::default() };
            batch.frame.reset(now, series.len());
            for (lane, value) in batch.frame.values.iter_mut().enumerate() {
                let after = if frame >= 100 && lane == 3 { factor } else { 1.0 };
                *value = 0.1 * after * (1.0 + 0.1 * noise.normal(lane as u64, frame));
            }
            if frame == 100 && deploy {
                let cart = topology.name(EntityId(1)).clone();
                batch.events.push(Event::new(now, EventKind::Deploy, Some(cart), "deploy"));
            }
            history.push(&batch.frame, &series);
            scores.clear();
            let input = StepInput { now, topology: &topology, series: &series, batch: &batch };
            detector.observe(&input, &history, &mut scores);
            worst = scores.series.iter().map(|s| s.score).fold(worst, f64::max);
        }
        worst
    }

    #[test]
    fn a_slower_version_is_blamed_and_a_harmless_one_is_not() {
        assert!(run(1.6, 1, true) >= 1.0);
        assert!((0..20).all(|seed| run(1.0, seed, true) < 1.0));
        assert!(run(1.03, 1, true) < 1.0, "too small to matter");
        assert_eq!(run(1.6, 1, false), 0.0, "no deploy, no comparison");
    }
}
