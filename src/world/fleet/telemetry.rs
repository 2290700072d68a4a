//! A scrape: the state of the fleet as dense columns, with the errors that measuring has.
//!
//! In: the fleet and what it did since the last scrape. Out: a `Frame`; NaN for slots without a
//! replica and for shares of nothing. Counts carry Poisson noise, quantiles the sampling error of
//! an order statistic, resource metrics a relative error; all of it depends on (seed, series
//! name, scrape) only. Names follow `model::names`. Known limit: no late or lost samples yet.

use crate::kernel::{Gauss, Lane, Streams, Tick, normal_quantile};
use crate::model::{Frame, SeriesCatalog, SeriesMeta, names};
use crate::unit::{EntityId, SimDuration, SimTime};

use super::Fleet;
use super::dice::poisson;
use super::latency::{Latency, Weighted, mixed, quantile};
use super::node::Node;
use super::replica::{Phase, Replica};
use super::service::{Edge, Service, Tally};
use super::spec::ScrapeSpec;
use super::still::{Row, Rows};
use super::work::files;

const MIB: f64 = 1_048_576.0;

/// The columns and their noise.
#[derive(Debug)]
pub struct Telemetry {
    /// What the columns are.
    pub series: SeriesCatalog,
    noise: Vec<Lane>,
    relative: f64,
    /// The standard normal law's 99th percentile.
    z99: f64,
}

/// Writes one frame, column after column.
struct Pen<'a> {
    frame: &'a mut [f64],
    noise: &'a [Lane],
    meter: Meter,
    column: usize,
    z99: f64,
}

/// Moments of a mixture, its scale on a logarithmic axis, its median and 99th percentile.
type Shape = (Latency, f64, [Option<f64>; 2]);

/// Columns of a replica without a disk.
const REPLICA: usize = 6;

/// What is measured of a replica.
struct Gauges {
    cpu: f64,
    memory_mib: f64,
    memory_limit: f64,
    collecting: f64,
    in_flight: f64,
    /// Share of its disk in use, if it has one.
    disk: Option<f64>,
}

impl Gauges {
    fn of(service: &Service, replica: &Replica) -> Self {
        Self {
            cpu: replica.cpu,
            memory_mib: replica.memory_mib,
            memory_limit: service.memory_limit(replica.template.limits),
            collecting: replica.collecting,
            in_flight: replica.in_flight,
            disk: service.spec.disk.map(|disk| replica.disk_mib / disk.size_mib),
        }
    }
}

/// The errors of measuring at one scrape.
#[derive(Clone, Copy)]
struct Meter {
    gauss: &'static Gauss,
    tick: Tick,
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
                noise.push(streams.child(&path).lane(0));
                series.add(meta).expect("columns of a fleet differ");
            }
        }
        for node in &fleet.nodes {
            for metric in [names::NODE_CPU, names::NODE_MEMORY, names::NODE_DISK, names::NODE_READY]
            {
                noise.push(streams.child(&format!("{}/{metric}", node.name)).lane(0));
                series.add(SeriesMeta::gauge(node.id, metric, "1")).expect("node names differ");
            }
        }
        Self { series, noise, relative: spec.noise_cv, z99: normal_quantile(0.99) }
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
        frame.renew(now, self.series.len());
        let mut pen = Pen {
            frame: &mut frame.values,
            noise: &self.noise,
            meter: Meter {
                gauss: Gauss::table(),
                tick: Tick::new(scrape),
                relative: self.relative,
            },
            column: 0,
            z99: self.z99,
        };
        let seconds = interval.secs_f64();
        let Rows { services: rows, calls, restarts } = &fleet.stillness.rows;
        let (mut rows, mut calls, mut restarts) = (rows.iter(), &calls[..], &restarts[..]);
        for (index, service) in fleet.services.iter_mut().enumerate() {
            if fleet.stillness.position(index).is_some() {
                let row = rows.next().expect("who is still has a row");
                let (own, others) = calls.split_at(row.calls as usize);
                let (slots, rest) = restarts.split_at(row.slots as usize);
                (calls, restarts) = (others, rest);
                pen.still(row, own, slots, seconds);
                continue;
            }
            pen.service(service, now, seconds);
            pen.slots(service);
        }
        fleet.stillness.see();
        for node in &fleet.nodes {
            pen.node(node);
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
    requests(id, true).for_each(&mut add);
    for route in service.routes.iter() {
        requests(id, false).map(|meta| meta.label(names::ROUTE, &route.name)).for_each(&mut add);
    }
    add(SeriesMeta::gauge(id, names::DESIRED_PODS, "{pod}"));
    add(SeriesMeta::gauge(id, names::AVAILABLE_PODS, "{pod}"));
    add(SeriesMeta::gauge(id, names::CONFIG_DRIFT, "{key}"));
    add(SeriesMeta::gauge(id, names::THREADS_UTILIZATION, "1"));
    add(SeriesMeta::gauge(id, names::FILES_UTILIZATION, "1"));
    if service.spec.max_connections.is_some() {
        add(SeriesMeta::gauge(id, names::CONNECTIONS_UTILIZATION, "1"));
    }
    if service.spec.cache.is_some() {
        add(SeriesMeta::gauge(id, names::CACHE_HIT_RATIO, "1"));
    }
    if service.secret.is_some() {
        add(SeriesMeta::gauge(id, names::LEASE_TIME_LEFT, "s"));
    }
    for flag in service.spec.flags.keys() {
        add(SeriesMeta::gauge(id, names::FLAG_ENABLED, "1").label("flag", flag));
    }
    for edge in &service.edges {
        let callee = &fleet.services[edge.callee];
        if edge.via.is_some() {
            let lag = SeriesMeta::gauge(callee.id, names::CONSUMER_LAG, "{message}");
            add(lag.label("producer", &service.name));
        }
        let callee = &callee.name;
        add(SeriesMeta::gauge(id, names::CLIENT_ERROR_RATIO, "1").label("callee", callee));
        add(SeriesMeta::gauge(id, names::CLIENT_DURATION, "s")
            .label("callee", callee)
            .label("stat", "mean"));
    }
    for (_, call) in service.edges.iter().zip(&service.spec.calls).filter(|(_, c)| c.pool.is_some())
    {
        let pool = SeriesMeta::gauge(id, names::POOL_UTILIZATION, "1");
        add(pool.label("callee", &call.to));
    }
    for (slot, id) in service.slot_ids.iter().enumerate() {
        let mut add = |meta: SeriesMeta| columns.push((service.slot_names[slot].to_string(), meta));
        add(SeriesMeta::gauge(*id, names::CPU_UTILIZATION, "1"));
        add(SeriesMeta::gauge(*id, names::MEMORY_WORKING_SET, "By"));
        add(SeriesMeta::gauge(*id, names::MEMORY_UTILIZATION, "1"));
        add(SeriesMeta::gauge(*id, names::GC_SHARE, "1"));
        add(SeriesMeta::counter(*id, names::RESTARTS, "{restart}"));
        add(SeriesMeta::gauge(*id, names::QUEUE_LENGTH, "{request}"));
        if service.spec.disk.is_some() {
            add(SeriesMeta::gauge(*id, names::VOLUME_UTILIZATION, "1"));
        }
    }
    columns
}

/// Rate, errors and duration (RED), with the median of durations or without.
fn requests(id: EntityId, middle: bool) -> impl Iterator<Item = SeriesMeta> {
    let rate = SeriesMeta::gauge(id, names::REQUEST_RATE, "{request}/s");
    let errors = SeriesMeta::gauge(id, names::ERROR_RATIO, "1");
    let stats = ["mean", "p50", "p99"].into_iter().filter(move |stat| middle || *stat != "p50");
    let duration = move |stat| SeriesMeta::gauge(id, names::DURATION, "s").label("stat", stat);
    [rate, errors].into_iter().chain(stats.map(duration))
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
        self.requests(&tally, &service.flow.response, true, seconds);
        for route in service.routes.iter_mut() {
            let tally = std::mem::take(&mut route.tally);
            self.requests(&tally, &route.response, false, seconds);
        }
        self.exact(f64::from(service.desired));
        self.exact(f64::from(service.ready()));
        self.exact(service.drifted_keys() as f64);
        self.exhaustion(service, now);
        for edge in &mut service.edges {
            self.edge(edge);
        }
        for (edge, call) in service.edges.iter().zip(&service.spec.calls) {
            if let Some(pool) = call.pool {
                self.relative((edge.pooled / f64::from(pool)).min(1.0));
            }
        }
    }

    /// A plain service at rest: the columns that it has.
    fn still(&mut self, row: &Row, calls: &[[f64; 3]], restarts: &[f64], seconds: f64) {
        let shape = self.shape_of(row.weight, row.law, row.log);
        self.measured(row.tally, shape, true, seconds);
        let (count, lead) = (f64::from(row.count), row.lead);
        self.exact(count);
        self.exact(count);
        self.exact(0.0);
        let in_use = ((lead.in_flight - lead.backlog).max(0.0) / row.workers).min(1.0);
        let busy = (0..row.count).fold(0.0, |busy, _| busy + in_use);
        self.relative(busy / count);
        self.exact((files(0.0, lead.in_flight, row.file_limit) / row.file_limit).max(0.0));
        calls.iter().for_each(|counts| self.calls(*counts));
        let upto = self.column + restarts.len() * REPLICA;
        let cells = self.frame[self.column..upto].chunks_exact_mut(REPLICA);
        let places = cells.zip(self.noise[self.column..upto].chunks_exact(REPLICA));
        self.column = upto;
        let gauges = Gauges {
            cpu: lead.cpu,
            memory_mib: lead.memory_mib,
            memory_limit: row.memory_limit,
            collecting: lead.collecting,
            in_flight: lead.in_flight,
            disk: None,
        };
        for ((cells, noise), restarts) in places.zip(restarts) {
            if restarts.is_nan() {
                cells.fill(f64::NAN);
            } else {
                self.meter.slot(cells, noise, &gauges, *restarts);
            }
        }
    }

    /// The columns of `requests`.
    fn requests(&mut self, tally: &Tally, response: &[Weighted], middle: bool, seconds: f64) {
        let shape = self.shape(response);
        self.measured([tally.requests, tally.failed, tally.seconds], shape, middle, seconds);
    }

    /// The same if the shape of the response times is known.
    fn measured(&mut self, tally: [f64; 3], shape: Shape, middle: bool, seconds: f64) {
        let [n, failed, sum] = tally;
        self.count(n, |count| count / seconds);
        self.share(failed, n);
        let (law, sigma, [median, p99]) = shape;
        let cv = law.variance.sqrt() / law.mean.max(1e-9);
        self.sampled(Some(sum / n).filter(|_| n >= 1.0), cv / n.sqrt());
        // Relative error of a sample quantile of a lognormal law: sqrt(q (1-q) / n) sigma / phi(z).
        if middle {
            self.sampled(median.filter(|_| n >= 1.0), sigma * (0.25 / n).sqrt() / 0.3989);
        }
        self.sampled(p99.filter(|_| n >= 1.0), sigma * (0.0099 / n).sqrt() / 0.0267);
    }

    /// Moments of a mixture, its scale on a logarithmic axis, its median and 99th percentile.
    fn shape(&self, response: &[Weighted]) -> Shape {
        if let [(weight, law)] = response {
            return self.shape_of(*weight, *law, law.log_parameters());
        }
        let law = mixed(response);
        (law, law.log_parameters().1, [0.5, 0.99].map(|q| quantile(response, q)))
    }

    /// The same of one law.
    fn shape_of(&self, weight: f64, law: Latency, (mu, sigma): (f64, f64)) -> Shape {
        if weight > 0.0 {
            return (law, sigma, [mu, mu + sigma * self.z99].map(|x| Some(x.exp())));
        }
        let none = Latency::default();
        (none, none.log_parameters().1, [None; 2])
    }

    /// What runs out besides processors and memory.
    fn exhaustion(&mut self, service: &Service, now: SimTime) {
        let running = service.numbers().filter(|r| r.runs());
        let (mut n, mut busy, mut files) = (0.0, 0.0, 0.0_f64);
        let workers = f64::from(service.spec.concurrency);
        for replica in running {
            let in_use = (replica.in_flight - replica.backlog).max(0.0) + replica.leaked.workers;
            n += 1.0;
            busy += (in_use / workers).min(1.0);
            files = files.max(service.files(replica) / f64::from(service.spec.file_limit));
        }
        let some = |value: f64| if n > 0.0 { value } else { f64::NAN };
        self.relative(some(busy / n));
        self.exact(some(files));
        if let Some(most) = service.spec.max_connections {
            let most = f64::from(most) * f64::from(service.ready());
            self.exact(some((service.flow.connections / most).min(1.0)));
        }
        if service.spec.cache.is_some() {
            self.relative(some(service.hit));
        }
        if let Some(secret) = &service.secret {
            self.exact(secret.ends.since(now).secs_f64());
        }
        for flag in service.spec.flags.keys() {
            self.exact(f64::from(u8::from(service.flag(flag))));
        }
    }

    fn node(&mut self, node: &Node) {
        if node.pull.down {
            [f64::NAN; 3].into_iter().for_each(|value| self.exact(value));
        } else {
            let taken = node.pull.cpu_taken;
            self.relative(((node.cpu_used + taken) / node.spec.cpu_cores).min(1.0));
            self.relative((node.memory_used_mib / node.spec.memory_mib).min(1.0));
            self.exact(node.disk_mib / node.spec.disk_mib);
        }
        self.exact(f64::from(u8::from(!node.not_ready)));
    }

    fn edge(&mut self, edge: &mut Edge) {
        if edge.via.is_some() {
            self.exact(edge.waiting);
        }
        let attempts = std::mem::take(&mut edge.attempts);
        let failed = std::mem::take(&mut edge.failed);
        self.calls([attempts, failed, std::mem::take(&mut edge.seconds)]);
    }

    fn calls(&mut self, [attempts, failed, seconds]: [f64; 3]) {
        self.share(failed, attempts);
        self.sampled(Some(seconds / attempts).filter(|_| attempts >= 1.0), 1.0 / attempts.sqrt());
    }

    fn slots(&mut self, service: &Service) {
        let width = REPLICA + usize::from(service.spec.disk.is_some());
        let upto = self.column + service.slot_ids.len() * width;
        self.frame[self.column..upto].fill(f64::NAN);
        let cells = self.frame[self.column..upto].chunks_exact_mut(width);
        let places = cells.zip(self.noise[self.column..upto].chunks_exact(width));
        self.column = upto;
        if let Some((lead, restarts)) = service.lead() {
            let gauges = Gauges::of(service, lead);
            for ((cells, noise), restarts) in places.zip(restarts) {
                if !restarts.is_nan() {
                    self.meter.slot(cells, noise, &gauges, *restarts);
                }
            }
            return;
        }
        for ((cells, noise), slot) in places.zip(&service.slots) {
            let seen = |r: &&Replica| !r.dark && r.phase != Phase::Pending;
            if let Some(there) = slot.as_ref().filter(seen) {
                let gauges = Gauges::of(service, there);
                self.meter.slot(cells, noise, &gauges, f64::from(there.restarts));
            }
        }
    }

    fn bits(&self) -> u64 {
        self.meter.bits(self.noise[self.column])
    }

    fn exact(&mut self, value: f64) {
        self.frame[self.column] = value;
        self.column += 1;
    }

    fn relative(&mut self, value: f64) {
        self.exact(self.meter.relative(value, self.noise[self.column]));
    }

    fn sampled(&mut self, value: Option<f64>, relative_error: f64) {
        let error = relative_error.min(0.5);
        let factor = |value: f64| value * self.meter.gauss.factor(error, self.bits());
        self.exact(value.map_or(f64::NAN, factor));
    }

    fn count(&mut self, expected: f64, to: impl Fn(f64) -> f64) {
        self.exact(to(poisson(expected, self.bits())));
    }

    fn share(&mut self, part: f64, whole: f64) {
        let observed = || poisson(part, self.bits());
        self.exact(if whole >= 1.0 { (observed() / whole).min(1.0) } else { f64::NAN });
    }
}

impl Meter {
    #[inline]
    fn bits(&self, noise: Lane) -> u64 {
        noise.bits_at(self.tick)
    }

    /// With a relative error; nothing is measured as nothing.
    #[inline]
    fn relative(&self, value: f64, noise: Lane) -> f64 {
        if value == 0.0 {
            return value;
        }
        value * self.gauss.factor(self.relative, self.bits(noise))
    }

    /// The columns of one replica, as `columns` has them.
    #[inline]
    fn slot(&self, cells: &mut [f64], noise: &[Lane], gauges: &Gauges, restarts: f64) {
        let [cpu, bytes, memory, collecting, restarted, queue, volume @ ..] = cells else { return };
        let [of_cpu, of_memory, _, of_collecting, _, of_queue, ..] = noise else { return };
        let limit = gauges.memory_limit;
        let noise = [of_cpu, of_memory, of_collecting, of_queue].map(|lane| self.bits(*lane));
        let sigmas = [self.relative, self.relative / 2.0, self.relative, self.relative];
        let factors = self.gauss.factors(sigmas, noise);
        *cpu = gauges.cpu * factors[0];
        // Both memory columns show the same measurement.
        let used = (gauges.memory_mib * factors[1]).min(limit);
        *bytes = used * MIB;
        *memory = used / limit;
        *collecting = gauges.collecting * factors[2];
        *restarted = restarts;
        *queue = gauges.in_flight * factors[3];
        if let (Some(disk), [volume, ..]) = (gauges.disk, volume) {
            *volume = disk;
        }
    }
}
