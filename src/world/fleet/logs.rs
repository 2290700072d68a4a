//! Log lines from templates with parameters, in the words of each runtime.
//!
//! In: what a service did since the last scrape; deaths of containers. Out: `LogRecord`s: a few
//! ordinary lines, and warnings and errors in proportion to failures, sampled and bounded.
//! Known limit: bodies carry invented ids; lines are not tied to the sampled traces.

use crate::model::{LogRecord, severity};
use crate::unit::{EntityId, SimDuration, SimTime};

use super::Fleet;
use super::dice::Dice;
use super::outbox::{Life, Outbox};
use super::replica::{Death, Phase};
use super::service::{Edge, Service};
use super::spec::{Runtime, ScrapeSpec};
use super::words::Words;

/// Collector share from which it is worth a warning.
const GC_WARNING: f64 = 0.08;

/// Writes the lines of one service and one scrape.
struct Writer<'a> {
    service: &'a Service,
    fleet: &'a Fleet,
    spec: &'a ScrapeSpec,
    dice: Dice,
    until: SimTime,
    out: &'a mut Vec<LogRecord>,
    spare: &'a mut Vec<String>,
}

impl Fleet {
    /// Appends the lines that were written in the interval before `now`, in time order; ordinary
    /// ones take up spare texts.
    pub fn write_logs(
        &self,
        spec: &ScrapeSpec,
        now: SimTime,
        scrape: u64,
        (out, spare): (&mut Vec<LogRecord>, &mut Vec<String>),
    ) {
        let first = out.len();
        for service in self.services.iter().filter(|s| !s.spec.external) {
            let dice = Dice::new(service.log_noise, scrape);
            let mut writer = Writer { service, fleet: self, spec, dice, until: now, out, spare };
            writer.write();
        }
        out[first..].sort_by_cached_key(|line| line.time);
    }

    /// The last words of a container.
    pub(super) fn log_death(&self, life: Life, death: Death, out: &mut Outbox) {
        let service = &self.services[life.service];
        let Some(entity) = service.slot_ids.get(life.slot) else { return };
        let body = match death {
            Death::OutOfMemory => out_of_memory(service),
            Death::Crash => crash(service),
            // Killed from outside, or never begun: no last words.
            Death::Unhealthy | Death::TooSlow | Death::NoImage => return,
        };
        let (time, severity) = (out.now, severity::FATAL);
        let entity = *entity;
        out.logs.push(LogRecord { time, entity, severity, body, trace_id: 0, span_id: 0 });
    }
}

impl Writer<'_> {
    fn write(&mut self) {
        let tally = &self.service.tally;
        if tally.requests >= 1.0 {
            for _ in 0..self.spec.log_lines {
                let body = self.ordinary();
                self.line(severity::INFO, body);
            }
        }
        let own = tally.failed - tally.callee_failed - tally.shed;
        let kept = self.kept(own);
        let words = if kept > 0 { self.words() } else { "" };
        for _ in 0..kept {
            let body = self.internal_error(words);
            self.line(severity::ERROR, body);
        }
        for _ in 0..self.kept(tally.shed) {
            let depth = self.service.spec.queue_limit;
            let body = format!("request rejected: queue full ({depth} waiting), status 503");
            self.line(severity::WARN, body);
        }
        for index in 0..self.service.edges.len() {
            let edge = &self.service.edges[index];
            for _ in 0..self.kept(edge.failed) {
                let body = self.failed_call(edge, index);
                self.line(severity::ERROR, body);
            }
        }
        self.collector();
    }

    /// How many of `failed` requests leave a line.
    fn kept(&mut self, failed: f64) -> u32 {
        self.dice.times(failed * self.spec.log_error_ratio.get(), self.spec.log_limit)
    }

    fn line(&mut self, severity: u8, body: String) {
        let interval = self.spec.interval.nanos() as f64;
        let before = SimDuration::from_nanos((self.dice.uniform() * interval) as i64);
        let Some(entity) = self.replica() else { return };
        let time = self.until - before;
        self.out.push(LogRecord { time, entity, severity, body, trace_id: 0, span_id: 0 });
    }

    /// Some replica that is there.
    fn replica(&mut self) -> Option<EntityId> {
        let alive = u64::from(self.service.alive());
        let pick = self.dice.below(alive.max(1)) as usize;
        if let Some(ids) = self.service.ids_in_step() {
            return ids.get(pick).copied();
        }
        let slots = self.service.slots.iter().zip(&self.service.slot_ids);
        slots.filter(|(slot, _)| slot.is_some()).map(|(_, id)| *id).nth(pick)
    }

    fn words(&self) -> &'static str {
        let slots = self.service.slots.iter().enumerate();
        let there = slots.filter_map(|(slot, r)| r.as_ref().map(|r| (slot, r)));
        let effects = there.map(|(slot, replica)| self.service.effect(replica, slot));
        effects
            .filter(|e| e.errors > 0.0)
            .map(|e| e.error_words)
            .next_back()
            .unwrap_or("internal error")
    }

    fn ordinary(&mut self) -> String {
        let mean = 1000.0 * self.service.tally.seconds / self.service.tally.requests;
        let ms = mean * (0.5 * self.dice.normal()).exp();
        let (name, id) = (&self.service.name, self.dice.below(900_000) + 100_000);
        let spare = self.spare.pop().unwrap_or_default();
        let begin = |text| Words::new(spare, text);
        match self.service.spec.runtime {
            Runtime::Nginx => {
                let (a, b) = (self.dice.below(250), self.dice.below(250));
                let line = begin("10.12.").number(a).text(".").number(b).text(" - \"GET /");
                let line = line.text(name).text("/").number(id).text(" HTTP/1.1\" 200 rt=");
                line.decimal(ms / 1000.0, 3)
            }
            Runtime::Java => {
                let line = begin("[http-").number(id % 16).text("] handled GET /").text(name);
                line.text("/").number(id).text(" 200 in ").decimal(ms, 0).text(" ms")
            }
            Runtime::Go => {
                let line = begin("level=info msg=\"request handled\" id=").number(id);
                line.text(" status=200 ms=").decimal(ms, 1)
            }
            Runtime::Python => {
                let line = begin("INFO request ").number(id).text(" finished status=200 duration=");
                line.decimal(ms, 0).text("ms")
            }
        }
        .end()
    }

    fn internal_error(&mut self, words: &str) -> String {
        let id = self.dice.below(900_000) + 100_000;
        let (name, version) = (&self.service.name, &self.service.template.version);
        match self.service.spec.runtime {
            Runtime::Nginx => format!("upstream request {id} failed: {words}, status 502"),
            Runtime::Java => format!(
                "[http-{}] request {id} failed with status 500: java.lang.IllegalStateException: \
                 {words}\n\tat com.shop.{name}.Handler.handle(Handler.java:118)",
                id % 16
            ),
            Runtime::Go => {
                format!("level=error msg=\"{words}\" id={id} status=500 build={version}")
            }
            Runtime::Python => format!("ERROR request {id} failed: RuntimeError: {words}"),
        }
    }

    fn failed_call(&mut self, edge: &Edge, index: usize) -> String {
        let callee = &self.fleet.services[edge.callee];
        let timeout = self.service.spec.calls[index].timeout;
        let attempt = 1 + self.dice.below(u64::from(self.service.spec.calls[index].retries) + 1);
        let why = if callee.certificate_dead(self.until) {
            "x509: certificate has expired or is not yet valid".to_owned()
        } else if !callee.replicas().any(|r| r.phase == Phase::Ready) {
            "connection refused".to_owned()
        } else if edge.call.mean > 0.5 * timeout.secs_f64() {
            format!("read timed out after {timeout}")
        } else {
            "status 500".to_owned()
        };
        let callee = &callee.name;
        match self.service.spec.runtime {
            Runtime::Go => {
                format!(
                    "level=error msg=\"call failed\" callee={callee} try={attempt} err=\"{why}\""
                )
            }
            Runtime::Nginx => format!("upstream {callee} failed on attempt {attempt}: {why}"),
            _ => format!("call to {callee} failed on attempt {attempt}: {why}"),
        }
    }

    /// Long pauses are worth a warning of the JVM.
    fn collector(&mut self) {
        if self.service.spec.runtime != Runtime::Java {
            return;
        }
        let service = self.service;
        if service.lead().is_some_and(|(lead, _)| lead.collecting <= GC_WARNING) {
            return;
        }
        let pressed = service.slots.iter().zip(&service.slot_ids);
        for (slot, entity) in pressed {
            let there = slot.as_ref().map(|own| service.lead().map_or(own, |(lead, _)| lead));
            let Some(replica) = there.filter(|r| r.collecting > GC_WARNING) else { continue };
            let limit = service.memory_limit(replica.template.limits);
            let pause = 300.0 + 900.0 * replica.collecting * self.dice.uniform();
            let used = replica.memory_mib;
            let body = format!(
                "[gc] Pause Full (Allocation Failure) {used:.0}M->{:.0}M({limit:.0}M) {pause:.1}ms",
                used * 0.985
            );
            let (time, entity, severity) = (self.until, *entity, severity::WARN);
            self.out.push(LogRecord { time, entity, severity, body, trace_id: 0, span_id: 0 });
        }
    }
}

fn out_of_memory(service: &Service) -> String {
    let name = &service.name;
    match service.spec.runtime {
        Runtime::Java => format!(
            "java.lang.OutOfMemoryError: Java heap space\n\tat \
             java.util.Arrays.copyOf(Arrays.java:3537)\n\tat \
             com.shop.{name}.SessionCache.put(SessionCache.java:74)\n\tat \
             com.shop.{name}.Handler.handle(Handler.java:112)"
        ),
        Runtime::Go => "fatal error: runtime: out of memory\ngoroutine 1 [running]".to_owned(),
        Runtime::Python => "MemoryError\nTraceback (most recent call last)".to_owned(),
        Runtime::Nginx => "malloc() failed (12: Cannot allocate memory)".to_owned(),
    }
}

fn crash(service: &Service) -> String {
    let name = &service.name;
    match service.spec.runtime {
        Runtime::Java => format!(
            "Exception in thread \"main\" java.lang.NullPointerException\n\tat \
             com.shop.{name}.Scheduler.tick(Scheduler.java:41)"
        ),
        Runtime::Go => {
            "panic: runtime error: invalid memory address or nil pointer dereference".to_owned()
        }
        Runtime::Python => "Traceback (most recent call last)\nKeyError: 'settings'".to_owned(),
        Runtime::Nginx => "worker process exited on signal 11".to_owned(),
    }
}
