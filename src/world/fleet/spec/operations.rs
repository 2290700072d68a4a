//! Operations of a service folded into one kind of request with the same load on everybody.
//!
//! In: shares, own work and calls by operation. Out: calls per request and own work as the mixture
//! has them (mean and variance): what line and processor see. `routes.rs` keeps operations apart.

use crate::unit::SimDuration;

use super::ServiceSpec;

impl ServiceSpec {
    /// The same service with one kind of request.
    #[must_use]
    pub fn folded(mut self) -> Self {
        let all: f64 = self.operations.values().map(|o| o.share).sum();
        if self.operations.is_empty() || all <= 0.0 {
            return self;
        }
        for call in &mut self.calls {
            let made = self.operations.values();
            let made: f64 =
                made.map(|o| o.share * o.calls.get(&call.to).copied().unwrap_or(0.0)).sum();
            // A broker is called as often as its messages, a cache as often as it is asked.
            call.per_request *= made / all;
        }
        let cv2 = self.service_time_cv.powi(2);
        let (mut mean, mut square) = (0.0, 0.0);
        for operation in self.operations.values() {
            let time = operation.service_time.unwrap_or(self.service_time).secs_f64();
            mean += operation.share / all * time;
            square += operation.share / all * time * time * (1.0 + cv2);
        }
        self.service_time = SimDuration::from_secs_f64(mean);
        self.service_time_cv = (square / (mean * mean) - 1.0).max(0.0).sqrt();
        self.operations.clear();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mix_asks_its_callees_as_often_as_its_operations_do() {
        let spec: ServiceSpec = serde_json::from_value(serde_json::json!({
            "service_time": "10ms",
            "service_time_cv": 0,
            "operations": {
                "a": { "share": 3, "calls": { "x": 2 } },
                "b": { "share": 1, "service_time": "30ms", "calls": { "y": 1 } },
            },
            "calls": [{ "to": "x" }, { "to": "y" }],
        }))
        .unwrap();
        let folded = spec.folded();
        assert_eq!((folded.calls[0].per_request, folded.calls[1].per_request), (1.5, 0.25));
        assert_eq!(folded.service_time, SimDuration::from_millis(15));
        assert!((folded.service_time_cv - 0.577).abs() < 1e-3, "{}", folded.service_time_cv);
    }
}
