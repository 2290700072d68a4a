//! Each distortion on a small frame and a few log lines.

use super::*;
use crate::model::{Frame, SeriesCatalog, SeriesMeta, Topology, names};
use crate::unit::{SimDuration, SimTime};

struct Bench {
    map: Topology,
    series: SeriesCatalog,
    watch: Watch,
    scrape: u64,
}

fn bench() -> Bench {
    let (mut map, mut series) = (Topology::default(), SeriesCatalog::default());
    for name in ["cart", "web"] {
        let id = map.service(name);
        series.add(SeriesMeta::gauge(id, names::REQUEST_RATE, "")).unwrap();
        series.add(SeriesMeta::gauge(id, names::ERROR_RATIO, "1")).unwrap();
        series.add(SeriesMeta::counter(id, names::RESTARTS, "")).unwrap();
    }
    Bench { map, series, watch: Watch::new(Streams::new(1), true), scrape: 0 }
}

impl Bench {
    /// The frame of a minute as it is seen: cart's rate, errors, restarts, then web's.
    fn see(&mut self, minute: i64, values: [f64; 6]) -> Vec<f64> {
        let mut frame = Frame { time: SimTime::from_secs(minute * 60), values: values.to_vec() };
        self.scrape += 1;
        self.watch.remember(&frame);
        self.watch.frame(&mut frame, self.scrape, &self.series, &self.map);
        frame.values
    }

    fn log(&self, name: &str, secs: i64) -> LogRecord {
        let (time, entity) = (SimTime::from_secs(secs), self.map.find(name).unwrap());
        LogRecord { time, entity, severity: 0, body: String::new(), trace_id: 0, span_id: 0 }
    }
}

const TRUE: [f64; 6] = [10.0, 0.1, 3.0, 20.0, 0.2, 4.0];

#[track_caller]
fn check(what: What, service: Option<&str>, expected: [f64; 6]) {
    let mut bench = bench();
    assert_eq!(bench.see(0, [1.0; 6]), [1.0; 6]);
    bench.watch.distort(7, Distortion::of(service, what));
    let seen = bench.see(1, TRUE);
    assert_eq!(format!("{seen:?}"), format!("{expected:?}"));
    bench.watch.clear(7);
    assert_eq!(bench.see(2, TRUE), TRUE, "it is over");
}

#[test]
fn columns_are_lost_late_untrue_or_under_another_name() {
    let lie = |reads| What::Lie { metric: names::ERROR_RATIO.to_owned(), reads };
    let nan = f64::NAN;
    check(What::Lose { share: 1.0 }, Some("cart"), [nan, nan, nan, 20.0, 0.2, 4.0]);
    check(What::Lose { share: 0.0 }, None, TRUE);
    let by = SimDuration::from_secs(60);
    check(What::Delay { by }, Some("web"), [10.0, 0.1, 3.0, 1.0, 1.0, 1.0]);
    check(What::Duplicate, None, [20.0, 0.1, 3.0, 40.0, 0.2, 4.0]);
    let with = "web".to_owned();
    check(What::Swap { with }, Some("cart"), [20.0, 0.2, 4.0, 10.0, 0.1, 3.0]);
    check(lie(Reading::Constant(0.0)), Some("cart"), [10.0, 0.0, 3.0, 20.0, 0.2, 4.0]);
    check(lie(Reading::Times(10.0)), None, [10.0, 1.0, 3.0, 20.0, 2.0, 4.0]);
    check(What::Behind { by }, None, TRUE);
}

#[test]
fn a_frozen_metric_and_a_counter_that_begins_anew() {
    let mut bench = bench();
    bench.see(0, [5.0; 6]);
    let reads = Reading::Frozen;
    let lie = What::Lie { metric: names::REQUEST_RATE.to_owned(), reads };
    bench.watch.distort(1, Distortion::of(Some("cart"), lie));
    bench.watch.distort(2, Distortion::of(None, What::Reset { base: None }));
    assert_eq!(bench.see(1, TRUE)[0], bench.see(2, TRUE)[0], "it stands still");
    let later = bench.see(3, [10.0, 0.1, 5.0, 20.0, 0.2, 4.0]);
    assert_eq!((later[2], later[5]), (2.0, 0.0), "counters go on from 0");
}

#[test]
fn half_of_the_samples_are_lost_evenly() {
    let mut bench = bench();
    bench.watch.distort(1, Distortion::of(None, What::Lose { share: 0.5 }));
    let lost: usize =
        (0..200).map(|minute| bench.see(minute, TRUE).iter().filter(|v| v.is_nan()).count()).sum();
    assert!((500..700).contains(&lost), "{lost} of 1200");
}

#[test]
fn lines_come_late_twice_or_never() {
    let now = SimTime::from_secs(100);
    let by = SimDuration::from_secs(60);
    for (what, at_once, later) in [
        (What::Lose { share: 1.0 }, 1, 0),
        (What::Delay { by }, 1, 1),
        (What::Duplicate, 3, 0),
        (What::Behind { by }, 2, 0),
        (What::Swap { with: "web".to_owned() }, 2, 0),
    ] {
        let mut bench = bench();
        bench.watch.distort(1, Distortion::of(Some("cart"), what.clone()));
        let mut logs = vec![bench.log("cart", 90), bench.log("web", 95)];
        bench.watch.logs(&mut logs, 0, now, &bench.map);
        assert_eq!(logs.len(), at_once, "{what:?}");
        let behind = logs.iter().filter(|log| log.time == SimTime::from_secs(30)).count();
        assert_eq!(behind, usize::from(matches!(what, What::Behind { .. })), "{what:?}");
        if matches!(what, What::Swap { .. }) {
            assert_eq!(logs[0].entity, bench.map.find("web").unwrap());
        }
        let mut logs = Vec::new();
        bench.watch.logs(&mut logs, 0, now + by, &bench.map);
        assert_eq!(logs.len(), later, "{what:?}");
    }
}

#[test]
fn a_flapping_monitor_rings_once_a_period() {
    let mut bench = bench();
    let period = SimDuration::from_secs(60);
    let what = What::FlappingAlert { period, rang: None };
    bench.watch.distort(1, Distortion::of(Some("cart"), what));
    let mut events = Vec::new();
    for second in (0..300).step_by(15) {
        let from = events.len();
        bench.watch.events(&mut events, from, SimTime::from_secs(second), &bench.map);
    }
    assert_eq!(events.len(), 5);
}
