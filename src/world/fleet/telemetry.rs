//! A scrape: the state of the fleet as dense columns, with the errors that measuring has.
//!
//! In: the fleet and what it did since the last scrape. Out: a `Frame`; NaN for slots without a
//! replica and for shares of nothing. Counts carry Poisson noise, quantiles the sampling error of
//! an order statistic, resource metrics a relative error; all of it depends on (seed, series
//! name, scrape) only. Names follow `model::names`. Known limit: no late or lost samples yet.

use crate::kernel::Streams;
use crate::model::{Frame, SeriesCatalog, SeriesMeta, names};
use crate::unit::{SimDuration, SimTime};

use super::Fleet;
use super::dice::poisson;
use super::latency::{mixed, quantile};
use super::service::{Edge, Service};
use super::spec::ScrapeSpec;

const MIB: f64 = 1_048_576.0;

/// The columns and their noise.
#[derive(Debug)]
pub struct Telemetry {
    /// What the columns are.
    pub series: SeriesCatalog,
    noise: Vec<Streams>,
    relative: f64,
}

/// Writes one frame, column after column.
struct Pen<'a> {
    frame: &'a mut [f64],
    noise: &'a [Streams],
    column: usize,
    scrape: u64,
    relative: f64,
}

impl Telemetry {
    /// The columns of a fleet.
    #[must_use]
    pub fn new(fleet: &Fleet, spec: &ScrapeSpec, streams: Streams) -> Self {
        let mut series = SeriesCatalog::default();
        let mut noise = Vec::new();
        for service in &fleet.services {
            for (name, meta) in columns(service, fleet) {
                let labels: Vec<_> = meta.labels.values().map(String::as_str).collect();
                let path = format!("{name}/{}/{}", meta.metric, labels.join("/"));
                noise.push(streams.child(&path));
                series.add(meta).expect("columns of a fleet differ");
            }
        }
        Self { series, noise, relative: spec.noise_cv }
    }

    /// Fills `frame` with what is true at `now` and what happened in the `interval` before it.
    pub fn scrape(
        &self,
        fleet: &mut Fleet,
        frame: &mut Frame,
        now: SimTime,
        scrape: u64,
        interval: SimDuration,
    ) {
        frame.reset(now, self.series.len());
        let mut pen = Pen {
            frame: &mut frame.values,
            noise: &self.noise,
            column: 0,
            scrape,
            relative: self.relative,
        };
        for service in &mut fleet.services {
            pen.service(service, now, interval.secs_f64());
            pen.slots(service);
        }
        assert_eq!(pen.column, self.series.len(), "every column was written once");
    }
}

/// The columns of one service with the name that their noise goes by; order as in `Pen`.
fn columns(service: &Service, fleet: &Fleet) -> Vec<(String, SeriesMeta)> {
    let id = service.id;
    let mut columns = Vec::new();
    let mut add = |meta: SeriesMeta| columns.push((service.name.to_string(), meta));
    if service.certificate_ends.is_some() {
        add(SeriesMeta::gauge(id, names::CERTIFICATE_TIME_LEFT, "s"));
    }
    if service.spec.external {
        return columns;
    }
    add(SeriesMeta::gauge(id, names::REQUEST_RATE, "{request}/s"));
    add(SeriesMeta::gauge(id, names::ERROR_RATIO, "1"));
    for stat in ["mean", "p50", "p99"] {
        add(SeriesMeta::gauge(id, names::DURATION, "s").label("stat", stat));
    }
    add(SeriesMeta::gauge(id, names::DESIRED_PODS, "{pod}"));
    add(SeriesMeta::gauge(id, names::AVAILABLE_PODS, "{pod}"));
    add(SeriesMeta::gauge(id, names::CONFIG_DRIFT, "{key}"));
    for edge in &service.edges {
        let callee = &fleet.services[edge.callee].name;
        add(SeriesMeta::gauge(id, names::CLIENT_ERROR_RATIO, "1").label("callee", callee));
        add(SeriesMeta::gauge(id, names::CLIENT_DURATION, "s")
            .label("callee", callee)
            .label("stat", "mean"));
    }
    for (slot, id) in service.slot_ids.iter().enumerate() {
        let mut add = |meta: SeriesMeta| columns.push((service.slot_names[slot].to_string(), meta));
        add(SeriesMeta::gauge(*id, names::CPU_UTILIZATION, "1"));
        add(SeriesMeta::gauge(*id, names::MEMORY_WORKING_SET, "By"));
        add(SeriesMeta::gauge(*id, names::MEMORY_UTILIZATION, "1"));
        add(SeriesMeta::gauge(*id, names::GC_SHARE, "1"));
        add(SeriesMeta::counter(*id, names::RESTARTS, "{restart}"));
        add(SeriesMeta::gauge(*id, names::QUEUE_LENGTH, "{request}"));
    }
    columns
}

impl Pen<'_> {
    fn service(&mut self, service: &mut Service, now: SimTime, seconds: f64) {
        let tally = std::mem::take(&mut service.tally);
        if let Some(left) = service.certificate_left(now) {
            self.exact(left.secs_f64());
        }
        if service.spec.external {
            return;
        }
        let n = tally.requests;
        self.count(n, |count| count / seconds);
        self.share(tally.failed, n);
        let law = mixed(&service.flow.response);
        let (_, sigma) = law.log_parameters();
        let cv = law.variance.sqrt() / law.mean.max(1e-9);
        self.sampled(Some(tally.seconds / n).filter(|_| n >= 1.0), cv / n.sqrt());
        // Relative error of a sample quantile of a lognormal law: sqrt(q (1-q) / n) sigma / phi(z).
        let of = |q| quantile(&service.flow.response, q).filter(|_| n >= 1.0);
        self.sampled(of(0.5), sigma * (0.25 / n).sqrt() / 0.3989);
        self.sampled(of(0.99), sigma * (0.0099 / n).sqrt() / 0.0267);
        self.exact(f64::from(service.desired));
        self.exact(f64::from(service.ready()));
        self.exact(service.drifted_keys() as f64);
        for edge in &mut service.edges {
            self.edge(edge);
        }
    }

    fn edge(&mut self, edge: &mut Edge) {
        let attempts = std::mem::take(&mut edge.attempts);
        let failed = std::mem::take(&mut edge.failed);
        let seconds = std::mem::take(&mut edge.seconds);
        self.share(failed, attempts);
        self.sampled(Some(seconds / attempts).filter(|_| attempts >= 1.0), 1.0 / attempts.sqrt());
    }

    fn slots(&mut self, service: &Service) {
        for slot in 0..service.slot_ids.len() {
            let Some(replica) = &service.slots[slot] else {
                self.column += 6;
                continue;
            };
            let limit = service.memory_limit(replica.template.limits);
            self.relative(replica.cpu);
            // Both memory columns show the same measurement.
            let factor = (self.relative / 2.0 * self.normal()).exp();
            self.exact((replica.memory_mib * factor).min(limit) * MIB);
            self.exact((replica.memory_mib * factor / limit).min(1.0));
            self.relative(replica.collecting);
            self.exact(f64::from(replica.restarts));
            self.relative(replica.in_flight);
        }
    }

    fn normal(&self) -> f64 {
        self.noise[self.column].normal(0, self.scrape)
    }

    fn uniform(&self) -> f64 {
        self.noise[self.column].uniform(1, self.scrape)
    }

    fn exact(&mut self, value: f64) {
        self.frame[self.column] = value;
        self.column += 1;
    }

    fn relative(&mut self, value: f64) {
        self.exact(value * (self.relative * self.normal()).exp());
    }

    fn sampled(&mut self, value: Option<f64>, relative_error: f64) {
        let error = relative_error.min(0.5) * self.normal();
        self.exact(value.map_or(f64::NAN, |value| value * error.exp()));
    }

    fn count(&mut self, expected: f64, to: impl Fn(f64) -> f64) {
        self.exact(to(poisson(expected, self.uniform())));
    }

    fn share(&mut self, part: f64, whole: f64) {
        let observed = poisson(part, self.uniform());
        self.exact(if whole >= 1.0 { (observed / whole).min(1.0) } else { f64::NAN });
    }
}
