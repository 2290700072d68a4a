//! Open incidents: opened, grown, merged, split and closed as anomalies come and go.
//!
//! In: what the alarm gate said, the step's changes, the service map. Out: `Decision::Incident`.
//! An anomaly joins every incident that has a member nearer than `NEAR`; if these are several, they
//! merge into the oldest. When members end and those that last fall into parts that nothing
//! connects (neither path nor meaning), the smaller parts are split off. An incident closes when
//! all its members have been over for `CLOSE_AFTER`. Bounded: `MOST_OPEN` incidents, `MOST_CHANGES`
//! remembered changes. Known limit: single linkage, so a chain of near signals is one incident.

mod judge;
mod open;
mod opening;

use std::collections::VecDeque;

use self::judge::Judge;
pub use self::open::MOST_MEMBERS;
use self::open::{Member, Open, clue_of_change};
use self::opening::Opening;
use crate::engine::correlate::{Clue, Correlator};
use crate::engine::detect::Scores;
use crate::model::{
    AlarmPolicy, Anomaly, Decision, EntityKind, Event, EventKind, Incident, IncidentChange, Opens,
    Role, SignalClass, StepInput, Topology,
};
use crate::unit::{IncidentId, SimDuration, SimTime};

/// Affinity from which two clues belong to one incident.
pub const NEAR: f64 = 0.5;
/// How long all signals must be over.
pub const CLOSE_AFTER: SimDuration = SimDuration::from_secs(120);
/// Incidents open at a time; further anomalies join the youngest, and its reason says so.
pub const MOST_OPEN: usize = 64;
/// Context signals that wait for an incident to join.
pub const MOST_WAITING: usize = 64;
/// Changes remembered as possible suspects.
pub const MOST_CHANGES: usize = 512;

/// Incidents that are open.
pub struct Incidents {
    judge: Judge,
    open: Vec<Open>,
    changes: VecDeque<(Clue, Event)>,
    waiting: VecDeque<Member>,
    opened: u32,
    opens: Opens,
    witnesses: u8,
    opening: Opening,
}

impl Incidents {
    /// No incident yet.
    #[must_use]
    pub fn new(correlators: Vec<Box<dyn Correlator + Send>>, policy: &AlarmPolicy) -> Self {
        let AlarmPolicy { opens, witnesses, .. } = *policy;
        let (open, changes, waiting) = (Vec::new(), VecDeque::new(), VecDeque::new());
        let (judge, opening) = (Judge::new(correlators), Opening::default());
        Self { judge, open, changes, waiting, opened: 0, opens, witnesses, opening }
    }

    /// Takes in the scores of one step, before `step`: what is felt a little counts where trouble
    /// elsewhere asks who feels it.
    pub fn hear(&mut self, input: &StepInput<'_>, scores: &Scores) {
        self.opening.hear(input, scores);
    }

    /// Takes in what the alarm gate said in this step (`Anomaly` and `Resolved`; other decisions
    /// are ignored) and the step's changes (from `input.batch.events`), and appends
    /// `Decision::Incident`s. Call it at every step.
    pub fn step(&mut self, input: &StepInput<'_>, gate: &[Decision], out: &mut Vec<Decision>) {
        let (now, topology) = (input.now, input.topology);
        self.judge.prepare(topology);
        let news = self.remember(&input.batch.events, topology);
        self.open.iter_mut().for_each(|open| open.touch(now));
        self.waiting.iter_mut().for_each(|member| member.clue.until = now);
        let mut ended = false;
        for decision in gate {
            match decision {
                Decision::Anomaly(anomaly) => self.place(anomaly, input, out),
                Decision::Resolved { anomaly, at } => {
                    ended |= self.open.iter_mut().any(|open| open.resolve(*anomaly, *at));
                    self.waiting.retain(|member| member.anomaly.id != *anomaly);
                }
                _ => {}
            }
        }
        self.open_ripe(input);
        // What was told as one from outside stays one.
        if ended && self.opens == Opens::Signals {
            self.split(now, topology, out);
        }
        self.find_suspects(news, topology);
        self.announce(out);
        self.close(now, out);
    }

    /// Open incidents, oldest first, as last told.
    pub fn open(&self) -> impl Iterator<Item = &Incident> {
        self.open.iter().map(|open| &open.incident)
    }

    /// An open incident, as last told.
    #[must_use]
    pub fn get(&self, id: IncidentId) -> Option<&Incident> {
        self.open().find(|incident| incident.id == id)
    }

    /// Ids of the incident's anomalies that are not over; empty if it is not open.
    #[must_use]
    pub fn active(&self, id: IncidentId) -> Vec<u32> {
        let open = self.open.iter().find(|open| open.incident.id == id);
        let members = open.into_iter().flat_map(|open| &open.members);
        members.filter(|m| m.active).map(|m| m.anomaly.id).collect()
    }

    /// Changes remembered, oldest first.
    pub fn recent_changes(&self) -> impl Iterator<Item = &Event> {
        self.changes.iter().map(|(_, event)| event)
    }

    /// Remembers the step's changes; returns how many.
    fn remember(&mut self, events: &[Event], topology: &Topology) -> usize {
        let before = self.changes.len();
        let changes = events.iter().filter(|event| event.kind.is_change());
        self.changes.extend(changes.map(|e| (clue_of_change(e, topology), e.clone())));
        let news = self.changes.len() - before;
        let surplus = self.changes.len().saturating_sub(MOST_CHANGES);
        self.changes.drain(..surplus);
        news
    }

    /// Puts an anomaly where it belongs.
    fn place(&mut self, found: &Anomaly, input: &StepInput<'_>, out: &mut Vec<Decision>) {
        let (now, map) = (input.now, input.topology);
        let member = Member::new(found, now, map);
        let said: Vec<_> =
            self.open.iter().map(|open| open.nearest(&member.clue, &self.judge, map)).collect();
        let near: Vec<usize> = (0..said.len()).filter(|i| said[*i].value >= NEAR).collect();
        match near.split_first() {
            None if self.only_tells(found, input) || self.is_alone(&member, map) => {
                self.waiting.push_back(member);
                let over = self.waiting.len().saturating_sub(MOST_WAITING);
                self.waiting.drain(..over);
            }
            None if self.open.len() < MOST_OPEN => {
                let reason = format!("{} of {}", found.signal, found.entity);
                let clue = member.clue.clone();
                self.open_new(now, reason).admit(member, None);
                self.call_in(&clue, map);
            }
            None => {
                let youngest = self.open.last_mut().expect("the limit is above zero");
                youngest.admit(member, Some(format!("limit of {MOST_OPEN} open incidents")));
            }
            Some((&oldest, others)) => {
                let best = near.iter().max_by(|a, b| said[**a].value.total_cmp(&said[**b].value));
                let reason = best.map(|i| said[*i].reason.clone());
                for index in others.iter().rev() {
                    self.merge(*index, oldest, out);
                }
                self.open[oldest].last_active = now;
                self.open[oldest].admit(member, reason);
            }
        }
    }

    /// Whether it opens nothing, but may join.
    fn only_tells(&self, found: &Anomaly, input: &StepInput<'_>) -> bool {
        let rang = |event: &Event| event.kind == EventKind::Alert && event.time == found.since;
        let told = || found.class == SignalClass::Event && input.batch.events.iter().any(rang);
        is_context(found, input.topology) || (self.opens == Opens::Alerts && !told())
    }

    /// Whether a signal must wait for more before it opens an incident.
    fn is_alone(&self, found: &Member, map: &Topology) -> bool {
        let ripe = || self.opening.is_ripe(found, self.waiting.iter(), &self.judge, map);
        self.witnesses > 1 && !ripe()
    }

    /// Opens incidents for signals that waited and are ripe now.
    fn open_ripe(&mut self, input: &StepInput<'_>) {
        while self.open.len() < MOST_OPEN {
            let ripe = (0..self.waiting.len()).find(|index| self.may_open(*index, input));
            let Some(member) = ripe.and_then(|index| self.waiting.remove(index)) else { return };
            let reason = format!("{} of {}", member.anomaly.signal, member.anomaly.entity);
            let clue = member.clue.clone();
            self.open_new(input.now, reason).admit(member, None);
            self.call_in(&clue, input.topology);
        }
    }

    /// Whether a signal that waits may open an incident by now.
    fn may_open(&self, index: usize, input: &StepInput<'_>) -> bool {
        let member = &self.waiting[index];
        let others = self.waiting.iter().enumerate().filter(|(i, _)| *i != index);
        let others = others.map(|(_, other)| other);
        !self.only_tells(&member.anomaly, input)
            && self.opening.is_ripe(member, others, &self.judge, input.topology)
    }

    /// Context that waited and is near to what opened the youngest incident joins it.
    fn call_in(&mut self, opener: &Clue, topology: &Topology) {
        let youngest = self.open.last_mut().expect("it was just opened");
        for member in std::mem::take(&mut self.waiting) {
            let said = self.judge.affinity(&member.clue, opener, topology);
            if said.value >= NEAR {
                youngest.admit(member, Some(said.reason));
            } else {
                self.waiting.push_back(member);
            }
        }
    }

    fn open_new(&mut self, now: SimTime, reason: String) -> &mut Open {
        self.opened += 1;
        self.open.push(Open::new(IncidentId(self.opened), now, reason));
        self.open.last_mut().expect("just pushed")
    }

    fn merge(&mut self, from: usize, into: usize, out: &mut Vec<Decision>) {
        assert!(into < from, "the oldest goes on");
        let mut absorbed = self.open.remove(from);
        let survivor = &mut self.open[into];
        if absorbed.announced {
            let told = absorbed.tell(IncidentChange::Merged, Some(survivor.incident.id));
            out.push(Decision::Incident(told));
        }
        survivor.absorb(absorbed);
    }

    /// Splits off what nothing connects any more with the oldest lasting member.
    fn split(&mut self, now: SimTime, topology: &Topology, out: &mut Vec<Decision>) {
        for index in 0..self.open.len() {
            for part in loose_parts(&self.open[index].members, &self.judge, topology) {
                if self.open.len() >= MOST_OPEN {
                    return;
                }
                let origin = self.open[index].incident.id;
                let gone = |m: &Member| part.contains(&m.anomaly.id);
                let (moved, kept) = self.open[index].members.drain(..).partition(gone);
                self.open[index].members = kept;
                self.open[index].grew = true;
                let moved: Vec<Member> = moved;
                let child = self.open_new(now, format!("nothing connects it with {origin}"));
                moved.into_iter().for_each(|member| child.admit(member, None));
                let told = child.tell(IncidentChange::Split, Some(origin));
                out.push(Decision::Incident(told));
            }
        }
    }

    /// Looks for suspects of incidents that grew, or of all if there are new changes.
    fn find_suspects(&mut self, news: usize, topology: &Topology) {
        for open in self.open.iter_mut().filter(|open| open.grew || news > 0) {
            for (clue, change) in &self.changes {
                if open.nearest(clue, &self.judge, topology).value >= NEAR {
                    open.suspect(change.clone());
                }
            }
        }
    }

    fn announce(&mut self, out: &mut Vec<Decision>) {
        for open in self.open.iter_mut().filter(|open| open.grew) {
            let change = if open.announced { IncidentChange::Grew } else { IncidentChange::Opened };
            out.push(Decision::Incident(open.tell(change, None)));
        }
    }

    fn close(&mut self, now: SimTime, out: &mut Vec<Decision>) {
        self.open.retain_mut(|open| {
            let quiet = now.since(open.last_active) >= CLOSE_AFTER;
            let over = quiet && open.members.iter().all(|m| !m.active);
            if over {
                out.push(Decision::Incident(open.tell(IncidentChange::Closed, None)));
            }
            !over
        });
    }
}

/// Whether a signal only says what else goes on: more or fewer requests, bytes, writes or replicas
/// are no trouble by themselves (every rollout takes replicas away, and kills come as events too),
/// nor are the slowest calls to something external, what a client waits for (its own callers tell
/// whether that matters) or how busy the machine is; all tell something about trouble that is
/// there.
fn is_context(anomaly: &Anomaly, topology: &Topology) -> bool {
    let tail = || ["p90", "p95", "p99", "p999", "max"].iter().any(|t| anomaly.signal.contains(t));
    let is_view = || {
        let id = topology.find(&anomaly.entity).ok();
        id.is_some_and(|id| topology.get(id).kind == EntityKind::External)
    };
    anomaly.class == SignalClass::Metric
        && match anomaly.role {
            Role::Traffic | Role::Network | Role::Disk | Role::Replicas => true,
            Role::Latency => tail() && is_view() || opening::is_client(&anomaly.signal),
            _ => opening::is_of_machine(anomaly, topology),
        }
}

/// Groups of at least two lasting members that nothing connects with the oldest lasting one.
fn loose_parts(members: &[Member], judge: &Judge, topology: &Topology) -> Vec<Vec<u32>> {
    let active: Vec<&Member> = members.iter().filter(|m| m.active).collect();
    let mut part_of: Vec<Option<usize>> = vec![None; active.len()];
    let mut parts: Vec<Vec<u32>> = Vec::new();
    for start in 0..active.len() {
        if part_of[start].is_some() {
            continue;
        }
        part_of[start] = Some(parts.len());
        let mut edge = vec![start];
        let mut part = Vec::new();
        while let Some(from) = edge.pop() {
            part.push(active[from].anomaly.id);
            for to in 0..active.len() {
                let near = || judge.timeless(&active[from].clue, &active[to].clue, topology);
                if part_of[to].is_none() && near() >= NEAR {
                    part_of[to] = Some(parts.len());
                    edge.push(to);
                }
            }
        }
        parts.push(part);
    }
    parts.into_iter().skip(1).filter(|part| part.len() > 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Spec;
    use crate::engine::correlate;
    use crate::model::{Batch, Direction, SeriesCatalog};
    use crate::unit::Name;

    /// `web` calls `cart` and `ads`; `cart` calls `db`; `lone` stands apart.
    struct Case {
        topology: Topology,
        incidents: Incidents,
        raised: u32,
    }

    /// One signal is enough: the tests below are about what joins what.
    fn alone() -> AlarmPolicy {
        AlarmPolicy { witnesses: 1, ..AlarmPolicy::default() }
    }

    impl Case {
        fn new() -> Self {
            let mut topology = Topology::default();
            let names = ["web", "cart", "ads", "db", "lone"];
            let [web, cart, ads, db, _] = names.map(|name| topology.service(name));
            topology.call(web, cart);
            topology.call(web, ads);
            topology.call(cart, db);
            let kinds = ["temporal", "topological", "semantic"].map(Spec::plain);
            let incidents = Incidents::new(correlate::build(&kinds).unwrap(), &alone());
            Self { topology, incidents, raised: 0 }
        }

        fn anomaly(&mut self, secs: i64, entity: &str, signal: &str) -> Decision {
            self.raised += 1;
            let at = SimTime::from_secs(secs);
            Decision::Anomaly(Anomaly {
                id: self.raised,
                detector: "x".to_owned(),
                class: SignalClass::Metric,
                entity: Name::from(entity),
                instance: None,
                signal: signal.to_owned(),
                role: Role::Other,
                since: at,
                raised: at,
                score: 1.0,
                direction: Direction::Up,
                observed: None,
                expected: None,
                unit: String::new(),
            })
        }

        fn step(&mut self, secs: i64, gate: &[Decision], events: Vec<Event>) -> Vec<String> {
            let batch = Batch { events, ..Batch::default() };
            let (now, series) = (SimTime::from_secs(secs), SeriesCatalog::default());
            let topology = &self.topology;
            let input = StepInput { now, topology, series: &series, batch: &batch };
            let mut out = Vec::new();
            self.incidents.step(&input, gate, &mut out);
            out.iter().map(format_of).collect()
        }

        /// One anomaly at `secs` -> what was said.
        fn raise(&mut self, secs: i64, entity: &str, signal: &str) -> Vec<String> {
            let anomaly = self.anomaly(secs, entity, signal);
            self.step(secs, &[anomaly], Vec::new())
        }

        fn resolve(&mut self, secs: i64, anomaly: u32) -> Vec<String> {
            let at = SimTime::from_secs(secs);
            self.step(secs, &[Decision::Resolved { anomaly, at }], Vec::new())
        }
    }

    fn format_of(decision: &Decision) -> String {
        let Decision::Incident(i) = decision else { panic!("{decision:?}") };
        let ids: Vec<String> = i.anomalies.iter().map(|a| a.id.to_string()).collect();
        let other = i.other.map_or(String::new(), |o| format!(" {o}"));
        format!("{:?} {}{other} [{}] {} changes", i.change, i.id, ids.join(","), i.changes.len())
    }

    #[test]
    fn near_signals_are_one_incident_and_far_ones_are_two() {
        let mut case = Case::new();
        assert_eq!(case.raise(0, "cart", "latency"), ["Opened incident-1 [1] 0 changes"]);
        assert_eq!(case.raise(30, "web", "latency"), ["Grew incident-1 [1,2] 0 changes"]);
        assert_eq!(case.raise(60, "lone", "disk"), ["Opened incident-2 [3] 0 changes"]);
        assert_eq!(case.incidents.open().count(), 2);
        assert_eq!(case.incidents.active(IncidentId(1)), [1, 2]);
    }

    #[test]
    fn a_signal_between_two_incidents_merges_them_into_the_older() {
        let mut case = Case::new();
        case.raise(0, "cart", "cpu");
        assert_eq!(case.raise(10, "ads", "latency"), ["Opened incident-2 [2] 0 changes"]);
        assert_eq!(
            case.raise(20, "web", "errors"),
            ["Merged incident-2 incident-1 [2] 0 changes", "Grew incident-1 [1,2,3] 0 changes"]
        );
    }

    #[test]
    fn what_nothing_connects_any_more_is_split_off() {
        let mut case = Case::new();
        for (secs, entity, signal) in
            [(0, "web", "gap"), (1, "cart", "cpu"), (2, "cart", "gc"), (3, "ads", "disk")]
        {
            case.raise(secs, entity, signal);
        }
        case.raise(4, "ads", "latency");
        assert_eq!(
            case.resolve(60, 1),
            ["Split incident-2 incident-1 [4,5] 0 changes", "Grew incident-1 [1,2,3] 0 changes"]
        );
    }

    #[test]
    fn an_incident_closes_when_all_has_been_over_for_a_while() {
        let mut case = Case::new();
        case.raise(0, "cart", "latency");
        assert_eq!(case.resolve(100, 1), [""; 0]);
        assert_eq!(case.step(219, &[], Vec::new()), [""; 0]);
        assert_eq!(case.step(221, &[], Vec::new()), ["Closed incident-1 [1] 0 changes"]);
        assert_eq!(case.incidents.open().count(), 0);
    }

    #[test]
    fn changes_before_it_on_its_path_are_suspects() {
        let mut case = Case::new();
        let deploy = |secs, entity| {
            let entity = Some(Name::from(entity));
            Event::new(SimTime::from_secs(secs), EventKind::Deploy, entity, "deploy")
        };
        case.step(0, &[], vec![deploy(0, "db"), deploy(0, "lone")]);
        assert_eq!(case.raise(300, "web", "latency"), ["Opened incident-1 [1] 1 changes"]);
        assert_eq!(case.step(600, &[], vec![deploy(600, "web")]), [""; 0]);
    }

    #[test]
    fn a_storm_is_bounded_and_says_so() {
        let mut case = Case::new();
        let storm: Vec<Decision> =
            (0..MOST_MEMBERS + 9).map(|i| case.anomaly(0, "cart", &format!("s{i}"))).collect();
        case.step(0, &storm, Vec::new());
        let incident = case.incidents.get(IncidentId(1)).unwrap();
        assert_eq!(incident.anomalies.len(), MOST_MEMBERS);
        assert!(incident.reason.contains("9 more anomalies not kept"), "{}", incident.reason);
    }
}
