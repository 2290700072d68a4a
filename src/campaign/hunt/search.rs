//! The search itself: rounds of trials, what they reach, what they break.

use rand::RngExt;
use rayon::prelude::*;

use super::coverage::states;
use super::draw::draw;
use super::finding::{Breach, Cause, EXPECTATION, Finding, breaches};
use super::genome::Genome;
use super::mutate::mutate;
use super::pool::Pool;
use super::seeds::seeds;
use super::shrink::shrink;
use crate::campaign::Progress;
use crate::campaign::suite::{Limits, Status, guarded};
use crate::catalog::Spec;
use crate::kernel::{Stream, Streams};
use crate::model::Policy;
use crate::referee::measure::timing::Users;
use crate::scenario::Checked;
use crate::trial::Trial;

/// Trials of a round: as many on every machine.
const ROUND: u64 = 8;
/// Most control events of a trial: what runs away is not worth waiting for.
const EVENTS: u64 = 200_000;
/// Most findings of one rule and one belief, and most looks at whether one more is another.
const ALIKE: usize = 3;
const LOOKS: u64 = 8;

/// How scenarios are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// Mutate what reached new states; draw anew now and then.
    Guided,
    /// Draw anew every time.
    Random,
}

/// What is hunted and how long.
#[derive(Clone, Copy)]
pub struct Hunt<'a> {
    /// The engine under test.
    pub policy: &'a Policy,
    /// The policy that it was made worse of, if it was: only what that one keeps counts.
    pub whole: Option<&'a Policy>,
    /// The referee's limits in drawn scenarios.
    pub rules: &'a [Spec],
    /// Scenarios to begin with, beside those drawn.
    pub corpus: &'a [Checked],
    /// How scenarios are chosen.
    pub strategy: Strategy,
    /// Trials, without those of shrinking.
    pub budget: u64,
    /// Trials to shrink each finding.
    pub shrink: u64,
    /// Seed of all choices.
    pub seed: u64,
    /// Only these rules; all if empty.
    pub wanted: &'a [String],
    /// Stop after so many findings; 0: never.
    pub findings: usize,
    /// Trials at the same time; 0: one a processor.
    pub jobs: usize,
}

/// What came of a hunt.
#[derive(Debug, Default)]
pub struct Hunted {
    /// Findings of different causes, in the order found.
    pub findings: Vec<Finding>,
    /// Trials run, without shrinking.
    pub trials: u64,
    /// Engine states reached.
    pub states: usize,
}

type Ran = Result<Trial, (Status, Vec<String>)>;

/// How well one of the two ways to a next scenario does.
#[derive(Debug, Clone, Copy, Default)]
struct Yield {
    trials: u64,
    fruitful: u64,
}

struct Search<'a> {
    hunt: &'a Hunt<'a>,
    stream: Stream,
    pool: Pool,
    fresh: Yield,
    changed: Yield,
    looks: std::collections::BTreeMap<Cause, u64>,
    hunted: Hunted,
}

/// Hunts.
#[must_use]
pub fn hunt(hunt: &Hunt<'_>, progress: &Progress<'_>) -> Hunted {
    let work = || {
        let mut search = Search {
            hunt,
            stream: Streams::new(hunt.seed).stream("hunt"),
            pool: Pool::default(),
            fresh: Yield::default(),
            changed: Yield::default(),
            looks: std::collections::BTreeMap::new(),
            hunted: Hunted::default(),
        };
        search.run(progress);
        search.hunted.states = search.pool.states();
        search.hunted
    };
    match rayon::ThreadPoolBuilder::new().num_threads(hunt.jobs).build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}

fn run_one(genome: &Genome, policy: &Policy) -> Option<Ran> {
    let checked = genome.checked(policy)?;
    let limits = Limits { events: Some(EVENTS), clock: None };
    Some(guarded(&checked, checked.file.seed, &limits))
}

/// Whether users felt a fault in a trial.
fn felt(ran: &Ran) -> bool {
    let found = ran.as_ref().ok().and_then(|trial| trial.scorecard.findings.first());
    let mut users = found.into_iter().flat_map(|found| &found.timing).filter_map(|t| t.users);
    users.any(|users| users != Users::NeverFelt)
}

/// A scenario to be tried, and whether it was drawn anew.
struct Next {
    genome: Genome,
    fresh: bool,
}

impl Search<'_> {
    fn run(&mut self, progress: &Progress<'_>) {
        let total = usize::try_from(self.hunt.budget).unwrap_or(usize::MAX);
        // What was given is tried as it is before it is changed.
        let mut given: std::collections::VecDeque<Genome> =
            self.hunt.corpus.iter().map(Genome::given).collect();
        if self.hunt.strategy == Strategy::Guided {
            given.extend(seeds(self.hunt.policy, self.hunt.rules, &mut self.stream));
        }
        while self.hunted.trials < self.hunt.budget && !self.enough() {
            let round = ROUND.min(self.hunt.budget - self.hunted.trials);
            let mut round_of: Vec<Next> = Vec::new();
            while (round_of.len() as u64) < round {
                let next = match given.pop_front() {
                    Some(genome) => Next { genome, fresh: true },
                    None => self.next(),
                };
                if next.genome.checked(self.hunt.policy).is_some() {
                    round_of.push(next);
                }
            }
            self.play(round_of);
            let found = format!("{} findings", self.hunted.findings.len());
            progress(usize::try_from(self.hunted.trials).unwrap_or(total), total, &found);
        }
    }

    /// Runs a round and looks at it in order; alone, nothing is run that nobody will look at.
    fn play(&mut self, round_of: Vec<Next>) {
        let policy = self.hunt.policy;
        let mut ahead: Vec<Option<Ran>> = Vec::new();
        if rayon::current_num_threads() > 1 {
            ahead = round_of.par_iter().map(|next| run_one(&next.genome, policy)).collect();
        }
        let mut ahead = ahead.into_iter();
        for next in round_of {
            if self.enough() {
                break;
            }
            self.hunted.trials += 1;
            let ran = ahead.next().unwrap_or_else(|| run_one(&next.genome, policy));
            if let Some(ran) = ran {
                self.look(next, &ran);
            }
        }
    }

    fn enough(&self) -> bool {
        self.hunt.findings > 0 && self.hunted.findings.len() >= self.hunt.findings
    }

    fn next(&mut self) -> Next {
        let fresh = self.hunt.strategy == Strategy::Random
            || self.pool.is_empty()
            || self.stream.random_range(0.0..1.0) < self.share_drawn();
        if fresh {
            let Hunt { policy, rules, strategy, .. } = *self.hunt;
            let pool = &self.pool;
            let guided = strategy == Strategy::Guided;
            let appeal = |kind: &str| if guided { pool.appeal(kind) } else { 1.0 };
            let genome = draw(policy, rules, &appeal, &mut self.stream);
            return Next { genome, fresh };
        }
        let parent = self.pool.choose(&mut self.stream);
        let other = self.pool.other(&mut self.stream).clone();
        Next { genome: mutate(&parent, &other, &mut self.stream), fresh }
    }

    /// Both ways go on in proportion to how often they reached something new.
    fn share_drawn(&self) -> f64 {
        let rate = |y: Yield| (y.fruitful + 1) as f64 / (y.trials + 1) as f64;
        let (fresh, changed) = (rate(self.fresh), rate(self.changed));
        (fresh / (fresh + changed)).clamp(0.2, 0.8)
    }

    fn look(&mut self, next: Next, ran: &Ran) {
        let Next { genome, fresh } = next;
        let found: Vec<Breach> = self.breaches(&genome, ran);
        for breach in found {
            if !self.enough() && self.is_ours(&genome, &breach.cause) {
                self.met(&genome, breach);
            }
        }
        if let Ok(trial) = ran {
            let new = self.pool.admit(genome, states(trial));
            let side = if fresh { &mut self.fresh } else { &mut self.changed };
            side.trials += 1;
            side.fruitful += u64::from(new > 0);
        }
    }

    fn breaches(&self, genome: &Genome, ran: &Ran) -> Vec<Breach> {
        let wanted = self.hunt.wanted;
        let mut all = breaches(genome, ran);
        all.retain(|breach| wanted.is_empty() || wanted.contains(&breach.cause.rule));
        self.without_idle_demands(genome, ran, &mut all);
        all
    }

    /// Where users felt nothing, nobody may demand that something is seen, blamed or healed: an
    /// expectation that misses its mark without any fault too is no finding there.
    fn without_idle_demands(&self, genome: &Genome, ran: &Ran, all: &mut Vec<Breach>) {
        let missed = |breach: &Breach| breach.cause.rule == EXPECTATION;
        if felt(ran) || !all.iter().any(missed) {
            return;
        }
        let mut quiet = genome.clone();
        quiet.file.faults.clear();
        let idle: Vec<Cause> = run_one(&quiet, self.hunt.policy).map_or_else(Vec::new, |ran| {
            breaches(&quiet, &ran).into_iter().filter(missed).map(|b| b.cause).collect()
        });
        all.retain(|breach| !idle.contains(&breach.cause));
    }

    /// Whether the policy that this one was made worse of does not break the same rule there.
    fn is_ours(&self, genome: &Genome, cause: &Cause) -> bool {
        let Some(whole) = self.hunt.whole else { return true };
        run_one(genome, whole).is_none_or(|ran| {
            breaches(genome, &ran).iter().all(|breach| breach.cause.rule != cause.rule)
        })
    }

    fn breaks(&self, genome: &Genome, cause: &Cause) -> Option<Breach> {
        let ran = run_one(genome, self.hunt.policy)?;
        let breach = self.breaches(genome, &ran).into_iter().find(|b| b.cause == *cause)?;
        self.is_ours(genome, cause).then_some(breach)
    }

    /// A breach: one more of a finding that is known, or another one.
    fn met(&mut self, genome: &Genome, breach: Breach) {
        let cause = breach.cause.clone();
        let alike = self.hunted.findings.iter_mut().filter(|f| f.cause == cause);
        let known: Vec<String> = alike
            .flat_map(|finding| {
                finding.met += 1;
                finding.kinds().into_iter().map(str::to_owned).collect::<Vec<_>>()
            })
            .collect();
        let count = self.hunted.findings.iter().filter(|f| f.cause == cause).count();
        if count == 0 {
            return self.found(genome.clone(), breach);
        }
        // Without the faults that explain it already: if it still breaks, it is another cause.
        let mut rest = genome.clone();
        rest.file.faults.retain(|fault| !known.contains(&fault.spec.kind));
        let looks = self.looks.entry(cause.clone()).or_default();
        if count >= ALIKE || *looks >= LOOKS || rest == *genome || rest.file.faults.is_empty() {
            return;
        }
        *looks += 1;
        if let Some(breach) = self.breaks(&rest, &cause) {
            self.found(rest, breach);
        }
    }

    fn found(&mut self, genome: Genome, breach: Breach) {
        let Breach { cause, by, saw } = breach;
        let still = |candidate: &Genome| self.breaks(candidate, &cause).is_some();
        let (shrunk, shrinking) = shrink(&genome, self.hunt.shrink, &still);
        let last = self.breaks(&shrunk, &cause).unwrap_or(Breach { cause: cause.clone(), by, saw });
        let trial = self.hunted.trials;
        let mut finding = Finding {
            cause,
            by: last.by,
            saw: last.saw,
            trial,
            found: genome,
            shrunk,
            shrinking,
            met: 1,
        };
        // What two beliefs broke by the same faults has one cause, whatever was believed.
        let same = |other: &&mut Finding| {
            let rule = other.cause.rule == finding.cause.rule && finding.cause.rule != EXPECTATION;
            rule && !finding.kinds().is_empty() && other.kinds() == finding.kinds()
        };
        if let Some(known) = self.hunted.findings.iter_mut().find(same) {
            known.met += 1;
            return;
        }
        let name = finding.file_name();
        let taken = |name: &String| {
            self.hunted.findings.iter().any(|finding| finding.shrunk.file.name == *name)
        };
        let numbered = (2..).map(|n| format!("{name}-{n}"));
        let free = std::iter::once(name.clone()).chain(numbered).find(|name| !taken(name));
        finding.shrunk.file.name = free.unwrap_or(name);
        self.hunted.findings.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{default_policy, load_scenario};

    /// The findings of an engine that does nothing, held to what a scenario expects.
    fn missed(duration: &str) -> Vec<String> {
        let path = std::path::Path::new("scenarios/engines/half-the-fleet.yaml");
        let mut given = load_scenario(path).expect("a scenario of ours");
        given.file.duration = duration.parse().unwrap();
        given.file.faults.retain(|fault| fault.at < given.file.duration);
        given.file.expect = serde_saphyr::from_str("[detected, never restart]").unwrap();
        let policy: Policy = serde_saphyr::from_str("{ version: 1, name: idle }").unwrap();
        let corpus = [given];
        let hunted = super::hunt(
            &Hunt {
                policy: &policy,
                whole: None,
                rules: &[],
                corpus: &corpus,
                strategy: Strategy::Random,
                budget: 1,
                shrink: 12,
                seed: 1,
                wanted: &[EXPECTATION.to_owned()],
                findings: 0,
                jobs: 1,
            },
            &|_, _, _| {},
        );
        let told = |f: &Finding| format!("{} {}", f.cause.because, f.shrunk.file.faults.len());
        hunted.findings.iter().map(told).collect()
    }

    #[test]
    fn what_is_demanded_counts_only_where_users_felt_something() {
        assert_eq!(missed("45m"), ["detected 1"], "shrinking keeps the fault that is felt");
        assert_eq!(missed("5m"), Vec::<String>::new(), "nothing happened: nothing to detect");
    }

    #[test]
    fn a_hunt_is_the_same_on_any_number_of_threads() {
        let mut policy = default_policy();
        policy.guard.retain(|spec| spec.kind == "dry_run");
        let go = |jobs| {
            let hunt = Hunt {
                policy: &policy,
                whole: None,
                rules: &[],
                corpus: &[],
                strategy: Strategy::Guided,
                budget: 4,
                shrink: 1,
                seed: 1,
                wanted: &[],
                findings: 0,
                jobs,
            };
            let hunted = super::hunt(&hunt, &|_, _, _| {});
            let names: Vec<String> =
                hunted.findings.iter().map(|f| format!("{:?}", f.shrunk.file)).collect();
            (hunted.trials, hunted.states, names)
        };
        assert_eq!(go(1), go(2));
    }
}
