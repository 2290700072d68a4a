//! What does not fit together in a spec: all of it at once, each with its path.
//!
//! In: a spec as read. Out: problems sorted by path; empty if the world can be built.

use super::spec::{FleetProblem, SyntheticSpec};
use crate::catalog::{did_you_mean, nearest};
use crate::unit::SimDuration;
use crate::world::fleet::call_order;

mod nodes;
mod service;

/// Longest run: what users saw is kept second by second, about 4 MB a day.
const LONGEST: SimDuration = SimDuration::from_secs(92 * 86_400);

/// Problems found so far.
pub(super) struct Findings<'a> {
    pub(super) spec: &'a SyntheticSpec,
    found: Vec<FleetProblem>,
}

impl SyntheticSpec {
    /// Everything that does not fit, sorted by path.
    #[must_use]
    pub fn check(&self) -> Vec<FleetProblem> {
        let mut findings = Findings { spec: self, found: Vec::new() };
        findings.clock();
        findings.people();
        findings.objective();
        findings.load();
        for (name, service) in &self.fleet.services {
            findings.service(name, service);
        }
        findings.nodes();
        findings.graph();
        findings.names();
        findings.faults();
        findings.found.sort();
        findings.found
    }
}

impl Findings<'_> {
    pub(super) fn note(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.found.push(FleetProblem::new(path, message));
    }

    fn positive(&mut self, path: String, value: f64) {
        if !value.is_finite() || value <= 0.0 {
            self.note(path, format!("expected a number above 0, found {value}"));
        }
    }

    fn not_negative(&mut self, path: String, value: f64) {
        if !value.is_finite() || value < 0.0 {
            self.note(path, format!("expected a number of at least 0, found {value}"));
        }
    }

    fn lasting(&mut self, path: String, value: SimDuration, least: SimDuration) {
        if value < least {
            self.note(path, format!("expected at least {least}, found {value}"));
        }
    }

    pub(super) fn known(&mut self, path: String, name: &str) -> bool {
        let services = &self.spec.fleet.services;
        let known = services.contains_key(name);
        if !known {
            let near = nearest(name, services.keys().map(String::as_str));
            self.note(path, format!("there is no service {name:?}{}", did_you_mean(near)));
        }
        known
    }

    fn clock(&mut self) {
        const SECOND: SimDuration = SimDuration::from_secs(1);
        let spec = self.spec;
        self.lasting("duration".to_owned(), spec.duration, SECOND);
        if spec.duration > LONGEST {
            self.note("duration", format!("expected at most {LONGEST}, found {}", spec.duration));
        }
        let interval = spec.scrape.interval;
        if interval < SECOND || interval.nanos() % SECOND.nanos() != 0 {
            self.note("scrape.interval", format!("expected whole seconds, found {interval}"));
        }
        if spec.start.nanos() % SECOND.nanos() != 0 {
            self.note("start", format!("expected whole seconds, found {}", spec.start));
        }
        self.not_negative("scrape.noise_cv".to_owned(), spec.scrape.noise_cv);
        for (name, value) in [
            ("actuation.delay", spec.actuation.delay),
            ("actuation.canary_pause", spec.actuation.canary_pause),
            ("actuation.deadline", spec.actuation.deadline),
            ("actuation.reconcile", spec.actuation.reconcile),
            ("actuation.issue_certificate", spec.actuation.issue_certificate),
            ("actuation.issue_secret", spec.actuation.issue_secret),
            ("actuation.switch_circuit", spec.actuation.switch_circuit),
            ("actuation.shed", spec.actuation.shed),
            ("actuation.switch_flag", spec.actuation.switch_flag),
            ("actuation.clean_disk", spec.actuation.clean_disk),
            ("actuation.shift_traffic", spec.actuation.shift_traffic),
            ("actuation.cordon", spec.actuation.cordon),
        ] {
            self.lasting(name.to_owned(), value, SimDuration::ZERO);
        }
    }

    fn people(&mut self) {
        for (path, message) in self.spec.people.problems() {
            self.note(format!("people.{path}"), message);
        }
    }

    fn objective(&mut self) {
        let objective = &self.spec.fleet.objective;
        self.known("fleet.objective.service".to_owned(), &objective.service);
        if !(objective.availability > 0.0 && objective.availability < 1.0) {
            let found = objective.availability;
            let message = format!("expected a share between 0 and 1, found {found}");
            self.note("fleet.objective.availability", message);
        }
        let p99 = objective.latency_p99.secs_f64();
        self.positive("fleet.objective.latency_p99".to_owned(), p99);
        self.lasting(
            "fleet.objective.sustained".to_owned(),
            objective.sustained,
            SimDuration::ZERO,
        );
    }

    fn load(&mut self) {
        let load = &self.spec.load;
        if let Some(entry) = &load.entry {
            self.known("load.entry".to_owned(), entry);
        }
        self.not_negative("load.rate".to_owned(), load.rate);
        self.not_negative("load.noise_cv".to_owned(), load.noise_cv);
        self.positive("load.timeout".to_owned(), load.timeout.secs_f64());
        self.not_negative("load.weekend_factor".to_owned(), load.weekend_factor);
        if !load.growth_per_week.is_finite() || load.growth_per_week <= -1.0 {
            let found = load.growth_per_week;
            self.note("load.growth_per_week", format!("expected above -1, found {found}"));
        }
        for (index, crowd) in load.flash_crowds.iter().enumerate() {
            let at = |field: &str| format!("load.flash_crowds[{index}].{field}");
            self.positive(at("factor"), crowd.factor);
            for (field, value) in [("at", crowd.at), ("ramp", crowd.ramp), ("lasts", crowd.lasts)] {
                self.lasting(at(field), value, SimDuration::ZERO);
            }
            self.positive(at("half_life"), crowd.half_life.secs_f64());
        }
        if let Some(closed) = &load.closed {
            self.lasting("load.closed.think".to_owned(), closed.think, SimDuration::ZERO);
        }
        if !(0.0..24.0).contains(&load.peak_hour) {
            let found = load.peak_hour;
            self.note("load.peak_hour", format!("expected an hour from 0 to 24, found {found}"));
        }
    }

    fn graph(&mut self) {
        if let Err(cycle) = call_order(&self.spec.fleet.services) {
            let message = format!("the call graph has a cycle: {}", cycle.join(" -> "));
            self.note("fleet.services", message);
        }
    }
}
