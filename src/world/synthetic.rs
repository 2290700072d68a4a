//! The synthetic world: a mock fleet, its faults and its people in closed loop.
//!
//! A hybrid simulation: control events (faults, orders, timers of replicas, answers) happen at
//! their exact instants, traffic moves once a second (in longer strides while nothing changes:
//! `calm.rs`), scrapes come at their interval. In: a
//! checked `SyntheticSpec` and a seed. Out: telemetry in which the effect of every action is seen.
//! The same spec and seed give the same bytes. Known limit: what a tick brings between scrapes (a
//! container killed for its memory) is handed over with the next control event or scrape.

mod calm;
mod check;
mod check_faults;
mod mending;
mod orders;
mod scrape;
mod spec;
mod truth;

use std::sync::Arc;

pub use spec::{FleetProblem, SyntheticSpec};

use crate::kernel::{Queue, Streams};
use crate::model::{Action, Answer, Batch, SeriesCatalog, SliSample, Topology, Truth, WorldRecord};
use crate::unit::{ActionId, Name, SimDuration, SimTime, Window};
use crate::world::chaos::{self, Around, Fault, Site};
use crate::world::fleet::{
    Fleet, Outbox, ServiceSpec, Telemetry, Timer, closed_rate, request_rate,
};
use crate::world::people::Team;
use crate::world::watch::Watch;
use crate::world::{World, WorldError};
use truth::Running;

/// Length of a traffic tick and of an SLI interval.
const TICK: SimDuration = SimDuration::from_secs(1);
/// Traffic before the first instant, so that the fleet starts settled.
const SETTLE: i64 = 60;

/// How fast users of a closed workload follow the time that answers take, per tick.
const PATIENCE_DAMPING: f64 = 0.3;

/// A mock fleet under load.
pub struct Synthetic {
    spec: SyntheticSpec,
    topology: Topology,
    telemetry: Telemetry,
    fleet: Fleet,
    out: Outbox,
    queue: Queue<Control>,
    faults: Vec<Running>,
    around: Around,
    people: Team,
    orders_by_hand: u32,
    streams: Streams,
    load_noise: Streams,
    /// Names of the operations in spans, by service.
    operations: Vec<Vec<Arc<str>>>,
    entry: usize,
    wait: f64,
    /// End of the last tick.
    ticked: SimTime,
    calm: calm::Calm,
    next_scrape: SimTime,
    scrapes: u64,
    /// Whether somebody may read log lines and spans.
    read: bool,
    #[cfg(test)]
    ticks: u64,
    /// Replicas never fall in.
    #[cfg(test)]
    apart: bool,
}

/// What happens at an exact instant; among equal instants in this order.
enum Control {
    Fault(usize),
    FaultEnd(usize),
    Fleet(Timer),
    Order(Box<Action>),
    Answer(Answer),
    Mend { fault: usize, page: ActionId, person: Name },
}

impl Control {
    const fn class(&self) -> u8 {
        match self {
            Self::Fault(_) => 0,
            Self::FaultEnd(_) => 1,
            Self::Fleet(_) => 2,
            Self::Order(_) => 3,
            Self::Answer(_) => 4,
            Self::Mend { .. } => 5,
        }
    }
}

impl Synthetic {
    /// A world at its first instant.
    ///
    /// # Errors
    /// Everything in the spec that does not fit, sorted.
    pub fn new(spec: SyntheticSpec, seed: u64) -> Result<Self, Vec<FleetProblem>> {
        let problems = spec.check();
        if !problems.is_empty() {
            return Err(problems);
        }
        let streams = Streams::new(seed);
        let fleet = Fleet::new(&spec.fleet, &spec.actuation, streams, spec.start);
        let telemetry = Telemetry::new(&fleet, &spec.scrape, streams.child("telemetry"));
        let operations = |(name, service): (&String, &ServiceSpec)| -> Vec<Arc<str>> {
            let several = service.operations.keys().map(|o| Arc::from(format!("{name}/{o}")));
            let one = Arc::from(format!("{name}/handle"));
            if service.operations.is_empty() { vec![one] } else { several.collect() }
        };
        let faults: Vec<Running> =
            spec.faults.iter().enumerate().map(|(i, f)| Running::new(i, f)).collect();
        let keeps_past = faults.iter().any(|fault| fault.fault.distorts());
        let watch = Watch::new(streams.child("watch"), keeps_past);
        let people = Team::new(spec.people.clone(), streams.child("people"));
        let mut world = Self {
            topology: fleet.topology(),
            telemetry,
            out: Outbox::default(),
            queue: Queue::new(spec.start, spec.event_budget),
            faults,
            around: Around::new(watch),
            people,
            orders_by_hand: 0,
            streams,
            load_noise: streams.child("load"),
            operations: spec.fleet.services.iter().map(operations).collect(),
            entry: fleet.index(spec.entry()).expect("the entry was checked"),
            wait: 0.0,
            ticked: spec.start,
            calm: calm::Calm::default(),
            next_scrape: spec.start + spec.scrape.interval,
            scrapes: 0,
            read: true,
            #[cfg(test)]
            ticks: 0,
            #[cfg(test)]
            apart: false,
            fleet,
            spec,
        };
        world.settle();
        Ok(world)
    }

    /// Runs traffic up to the first instant and forgets it.
    fn settle(&mut self) {
        for second in (0..SETTLE).rev() {
            self.out.now = self.spec.start - TICK * second;
            self.move_traffic(&[self.wanted_rate(self.out.now)]);
            if self.fleet.was_calm() && !self.is_apart() {
                self.fleet.fall_in();
            } else {
                self.fleet.fall_out();
            }
        }
        self.fleet.fall_out();
        self.fleet.forget();
        assert!(self.out.timers.is_empty(), "a settled fleet waits for nothing");
        let record = WorldRecord {
            objective: Some(self.spec.fleet.objective.clone()),
            interval: TICK,
            ..WorldRecord::default()
        };
        self.out = Outbox { now: self.spec.start, record, ..Outbox::default() };
        self.fleet.count_replicas(&mut self.out);
        for (index, fault) in self.spec.faults.iter().enumerate() {
            let control = Control::Fault(index);
            self.queue.schedule(self.spec.start + fault.at, control.class(), control);
        }
    }

    fn schedule(&mut self, at: SimTime, control: Control) {
        self.queue.schedule(at.max(self.queue.now()), control.class(), control);
    }

    fn handle(&mut self, control: Control, batch: &mut Batch) {
        self.fleet.fall_out();
        match control {
            Control::Fault(index) => {
                if let Some(lasts) = self.faults[index].fault.lasts() {
                    self.schedule(self.out.now + lasts, Control::FaultEnd(index));
                }
                self.faults[index].injected = Some(self.out.now);
                self.with_fault(index, |fault, site| fault.begin(site));
                self.wake(index);
                self.after_fault();
            }
            Control::FaultEnd(index) => {
                self.with_fault(index, |fault, site| fault.end(site));
                self.after_fault();
            }
            Control::Fleet(timer) => self.fleet.on_timer(timer, &mut self.out),
            Control::Order(action) => self.order(&action),
            Control::Answer(answer) => self.answer(answer, batch),
            Control::Mend { fault, page, person } => {
                batch.answers.extend(self.mend(fault, page, person));
                self.after_fault();
            }
        }
        for (at, timer) in std::mem::take(&mut self.out.timers) {
            self.schedule(at, Control::Fleet(timer));
        }
    }

    fn with_fault<T>(&mut self, index: usize, f: impl FnOnce(&dyn Fault, &mut Site<'_>) -> T) -> T {
        let running = &mut self.faults[index];
        let mut site = Site {
            fleet: &mut self.fleet,
            out: &mut self.out,
            around: &mut self.around,
            grip: &mut running.grip,
            number: index as u32,
            level: running.level,
            began: running.injected.unwrap_or_default(),
        };
        f(&*running.fault, &mut site)
    }

    /// An injected fault is an incident as soon as it waits for nothing more.
    fn wake(&mut self, index: usize) {
        let asleep = self.faults[index].began.is_none();
        if asleep && !self.with_fault(index, |fault, site| fault.dormant(site)) {
            self.faults[index].began = Some(self.out.now);
        }
    }

    /// A fault began or ended: what hung on it goes on.
    fn after_fault(&mut self) {
        self.people.away.clone_from(&self.around.away);
        if self.around.executor.is_empty() {
            for action in std::mem::take(&mut self.around.stalled) {
                self.schedule(self.out.now, Control::Order(Box::new(action)));
            }
        }
    }

    /// Faults that are there grow, come and go, and may be over.
    fn age_faults(&mut self, now: SimTime) {
        for index in 0..self.faults.len() {
            let fault = &self.faults[index];
            let (Some(injected), None) = (fault.injected, fault.ended) else { continue };
            let (onset, before) = (fault.onset, fault.level);
            let level = onset.level(now.since(injected));
            if level != before {
                self.with_fault(index, |_, site| site.vary(level));
                self.faults[index].level = level;
            }
            self.with_fault(index, |fault, site| fault.go_on(site));
            self.wake(index);
            let awake = self.faults[index].began.is_some();
            if awake && !self.with_fault(index, |fault, site| fault.present(site)) {
                self.faults[index].ended = Some(now);
            }
        }
    }

    /// Requests per second that users would send at `at` if they never waited.
    fn wanted_rate(&self, at: SimTime) -> f64 {
        let surge: f64 = self.around.surges.values().product();
        request_rate(&self.spec.load, self.load_noise, self.spec.start, at) * surge
    }

    /// Moves the traffic of some seconds up to now, at these rates.
    fn move_traffic(&mut self, rates: &[f64]) {
        let seconds = rates.len() as i64;
        let mut rate = rates.iter().rev().sum::<f64>() / seconds as f64;
        let load = &self.spec.load;
        if let Some(closed) = &load.closed {
            // Users learn how long answers take one answer later.
            let wait = self.fleet.users_wait(self.entry, load.timeout.secs_f64());
            self.wait += PATIENCE_DAMPING * (wait - self.wait);
            rate = closed_rate(rate, closed.think, self.wait);
        }
        self.fleet.tick(self.entry, rate, (TICK * seconds).secs_f64(), &mut self.out);
    }

    fn tick(&mut self, now: SimTime) {
        self.out.now = now;
        let seconds = now.since(self.ticked).nanos() / TICK.nanos();
        // Users of a longer stride come second by second as the load says.
        let times = (1..=seconds).map(|n| self.ticked + TICK * n);
        let mut shares: Vec<f64> = times.map(|at| self.wanted_rate(at)).collect();
        self.move_traffic(&shares);
        let patience = self.spec.load.timeout.secs_f64();
        let saw = self.fleet.users_saw(self.entry, now, patience);
        let sum: f64 = shares.iter().sum();
        for share in &mut shares {
            *share = if seconds == 1 || sum <= 0.0 { 1.0 } else { *share / sum };
        }
        let saw = SliSample { time: self.ticked + TICK, ..saw };
        self.out.record.sli.push_stride(saw, TICK, &shares);
        self.ticked = now;
        #[cfg(test)]
        {
            self.ticks += 1;
        }
        let alone = !self.faults.iter().any(Running::is_at_work);
        self.age_faults(now);
        self.watch_calm(seconds, alone);
        for (at, timer) in std::mem::take(&mut self.out.timers) {
            self.schedule(at, Control::Fleet(timer));
        }
    }
}

impl World for Synthetic {
    fn window(&self) -> Window {
        self.spec.window()
    }

    fn topology(&self) -> &Topology {
        &self.topology
    }

    fn series(&self) -> &SeriesCatalog {
        &self.telemetry.series
    }

    fn spare_lines(&mut self) {
        // What becomes of an event on its way is drawn by the number of items before it.
        self.read = self.faults.iter().any(|fault| fault.fault.distorts());
    }

    fn next(&mut self) -> Option<SimTime> {
        let next = self.queue.peek().map_or(self.next_scrape, |time| time.min(self.next_scrape));
        Some(next).filter(|time| *time <= self.window().end)
    }

    fn advance(&mut self, to: SimTime, batch: &mut Batch) -> Result<(), WorldError> {
        assert!(to <= self.window().end, "the world ends with its window");
        loop {
            let next_tick = self.next_tick(to);
            if let Some((now, control)) = self.queue.pop_until(to.min(next_tick))? {
                self.out.now = now;
                self.calm = calm::Calm::default();
                self.handle(control, batch);
                continue;
            }
            if next_tick > to {
                break;
            }
            let now = next_tick;
            self.tick(now);
            if now == self.next_scrape {
                self.scrape(now, batch);
            }
        }
        self.hand_over(batch);
        Ok(())
    }

    fn apply(&mut self, now: SimTime, action: &Action) {
        let at = now + self.spec.actuation.delay;
        self.schedule(at, Control::Order(Box::new(action.clone())));
    }

    fn ask(&mut self, now: SimTime, action: &Action) {
        if let Some(answer) = self.people.ask(action.id, now) {
            self.schedule(answer.time, Control::Answer(answer));
        }
    }

    fn truth(&self) -> Option<Truth> {
        Some(truth::truth(&self.faults, &self.out.record, self.window().end))
    }

    fn record(&self) -> &WorldRecord {
        &self.out.record
    }

    fn take_record(&mut self) -> WorldRecord {
        std::mem::take(&mut self.out.record)
    }
}

/// Builds the fault of a spec that has been checked.
fn built(spec: &chaos::FaultSpec) -> Box<dyn chaos::Fault> {
    chaos::build(spec).expect("the faults were checked")
}

#[cfg(test)]
mod tests;
