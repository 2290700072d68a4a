//! What does not fit in one service of a fleet: its numbers, its calls, its parts.

use super::Findings;
use crate::catalog::{did_you_mean, nearest};
use crate::unit::SimDuration;
use crate::world::fleet::{CallSpec, ServiceSpec};

impl Findings<'_> {
    pub(super) fn service(&mut self, name: &str, service: &ServiceSpec) {
        let at = |field: &str| format!("fleet.services.{name}.{field}");
        if service.replicas == 0 {
            self.note(at("replicas"), "expected at least 1, found 0");
        }
        if service.replicas > service.max_replicas() {
            let (found, most) = (service.replicas, service.max_replicas());
            self.note(
                at("replicas"),
                format!("expected at most max_replicas ({most}), found {found}"),
            );
        }
        if service.concurrency == 0 {
            self.note(at("concurrency"), "expected at least 1, found 0");
        }
        self.parts(name, service);
        self.positive(at("service_time"), service.service_time.secs_f64());
        self.not_negative(at("service_time_cv"), service.service_time_cv);
        self.positive(at("cpu_cores"), service.cpu_cores);
        self.positive(at("memory_limit_mib"), service.memory_limit_mib);
        self.positive(at("memory_base_mib"), service.memory_base_mib);
        self.not_negative(at("memory_per_request_mib"), service.memory_per_request_mib);
        if service.memory_base_mib >= service.memory_limit_mib {
            let (base, limit) = (service.memory_base_mib, service.memory_limit_mib);
            self.note(
                at("memory_base_mib"),
                format!("expected below memory_limit_mib ({limit}), found {base}"),
            );
        }
        self.lasting(at("startup"), service.startup, SimDuration::ZERO);
        self.lasting(at("warm_up"), service.warm_up, SimDuration::ZERO);
        for (index, call) in service.calls.iter().enumerate() {
            let at = |field: &str| format!("fleet.services.{name}.calls[{index}].{field}");
            self.known(at("to"), &call.to);
            self.not_negative(at("per_request"), call.per_request);
            self.positive(at("timeout"), call.timeout.secs_f64());
            if call.retries > 10 {
                self.note(at("retries"), format!("expected at most 10, found {}", call.retries));
            }
            self.call(&at, service, call);
            if service.calls[..index].iter().any(|c| c.to == call.to) {
                self.note(at("to"), format!("{:?} is called twice: use per_request", call.to));
            }
        }
    }

    fn call(&mut self, at: &dyn Fn(&str) -> String, service: &ServiceSpec, call: &CallSpec) {
        if call.pool == Some(0) {
            self.note(at("pool"), "expected at least 1, found 0");
        }
        if let Some(wait) = call.pool_timeout {
            self.positive(at("pool_timeout"), wait.secs_f64());
        }
        if let Some(breaker) = call.breaker {
            self.positive(at("breaker.failures"), breaker.failures.get());
            self.lasting(at("breaker.window"), breaker.window, SimDuration::ZERO);
        }
        for (field, other) in [("cache", &call.cache), ("via", &call.via)] {
            let Some(other) = other else { continue };
            let called = service.calls.iter().map(|c| c.to.as_str());
            if !called.clone().any(|to| to == other) || *other == call.to {
                let near = did_you_mean(nearest(other, called));
                self.note(
                    at(field),
                    format!("expected another of its calls, found {other:?}{near}"),
                );
                continue;
            }
            let kind = self.spec.fleet.services.get(other);
            if field == "cache" && kind.is_some_and(|kind| kind.cache.is_none()) {
                self.note(at(field), format!("{other:?} is no cache: it has no `cache`"));
            }
        }
    }

    /// Parts that a service may have or not.
    fn parts(&mut self, name: &str, service: &ServiceSpec) {
        let at = |field: &str| format!("fleet.services.{name}.{field}");
        let (limit, reserved) = (service.cpu_cores, service.cpu_request());
        self.positive(at("cpu_request"), reserved);
        if reserved > limit {
            let message =
                format!("expected at most the limit (cpu_cores, {limit}), found {reserved}");
            self.note(at("cpu_request"), message);
        }
        let (limit, reserved) = (service.memory_limit_mib, service.memory_request_mib());
        self.positive(at("memory_request_mib"), reserved);
        if reserved > limit {
            let message =
                format!("expected at most the limit (memory_limit_mib, {limit}), found {reserved}");
            self.note(at("memory_request_mib"), message);
        }
        if let Some(least) = service.min_available.filter(|least| *least >= service.replicas) {
            let message = format!(
                "expected below replicas ({}), or no replica may ever be evicted; found {least}",
                service.replicas
            );
            self.note(at("min_available"), message);
        }
        for (field, probe) in [("liveness", service.liveness), ("readiness", service.readiness)] {
            let Some(probe) = probe else { continue };
            let second = SimDuration::from_secs(1);
            self.lasting(at(&format!("{field}.period")), probe.period, second);
            self.positive(at(&format!("{field}.timeout")), probe.timeout.secs_f64());
            if probe.failures == 0 {
                self.note(at(&format!("{field}.failures")), "expected at least 1, found 0");
            }
        }
        if let Some(limit) = service.startup_limit.filter(|limit| *limit < service.startup) {
            let message = format!("expected at least startup ({}), found {limit}", service.startup);
            self.note(at("startup_limit"), message);
        }
        if let Some(scale) = service.autoscale {
            if scale.min == 0 || scale.min > service.max_replicas() {
                let most = service.max_replicas();
                let message =
                    format!("expected from 1 to max_replicas ({most}), found {}", scale.min);
                self.note(at("autoscale.min"), message);
            }
            self.positive(at("autoscale.cpu"), scale.cpu.get());
            let second = SimDuration::from_secs(1);
            self.lasting(at("autoscale.interval"), scale.interval, second);
            self.lasting(at("autoscale.stabilise"), scale.stabilise, SimDuration::ZERO);
        }
        if service.max_connections == Some(0) {
            self.note(at("max_connections"), "expected at least 1, found 0");
        }
        self.lasting(at("lock_time"), service.lock_time, SimDuration::ZERO);
        self.lasting(at("certificate_reload"), service.certificate_reload, SimDuration::ZERO);
        if let Some(disk) = service.disk {
            self.positive(at("disk.size_mib"), disk.size_mib);
            self.not_negative(at("disk.used_mib"), disk.used_mib);
            self.not_negative(at("disk.mib_per_1000_requests"), disk.mib_per_1000_requests);
            if disk.used_mib >= disk.size_mib {
                let message =
                    format!("expected below size_mib ({}), found {}", disk.size_mib, disk.used_mib);
                self.note(at("disk.used_mib"), message);
            }
        }
        if service.file_limit < 128 {
            let found = service.file_limit;
            self.note(at("file_limit"), format!("expected at least 128, found {found}"));
        }
        self.secret_and_operations(name, service);
    }

    fn secret_and_operations(&mut self, name: &str, service: &ServiceSpec) {
        let at = |field: &str| format!("fleet.services.{name}.{field}");
        let called = || service.calls.iter().map(|c| c.to.as_str());
        if let Some(secret) = &service.secret {
            if !called().any(|to| to == secret.to) {
                let near = did_you_mean(nearest(&secret.to, called()));
                let message = format!("expected one of its calls, found {:?}{near}", secret.to);
                self.note(at("secret.to"), message);
            }
            self.positive(at("secret.expires_in"), secret.expires_in.secs_f64());
            self.lasting(at("secret.reload"), secret.reload, SimDuration::ZERO);
        }
        for (operation, spec) in &service.operations {
            let at = |field: &str| at(&format!("operations.{operation}.{field}"));
            self.positive(at("share"), spec.share);
            if let Some(time) = spec.service_time {
                self.positive(at("service_time"), time.secs_f64());
            }
            for (to, times) in &spec.calls {
                let at = at(&format!("calls.{to}"));
                self.not_negative(at.clone(), *times);
                if !called().any(|callee| callee == to) {
                    let near = did_you_mean(nearest(to, called()));
                    self.note(at, format!("{name} has no call to {to:?}{near}"));
                }
            }
        }
    }
}
