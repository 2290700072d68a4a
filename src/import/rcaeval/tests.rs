//! Tests of the RCAEval importer: fixtures in, cases or complaints out.

use proptest::prelude::*;

use super::*;
use crate::model::{SeriesMeta, names};
use crate::unit::Name;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/import/rcaeval");
const TABLE: &str =
    include_str!("../../../tests/fixtures/import/rcaeval/cart_cpu/1/simple_metrics.csv");

fn first() -> (Run, Draft) {
    let config = Config::default();
    let run = runs(Path::new(FIXTURES), &config).unwrap().remove(0);
    let draft = read(&run, &config, &BTreeSet::from([run.service.clone()])).unwrap();
    (run, draft)
}

#[test]
fn a_run_has_metrics_logs_traces_and_truth() {
    let (run, draft) = first();
    assert_eq!(run.name, "cart_cpu.1");
    let cart = draft.topology.find("cart").unwrap();
    let p90 = |m: &SeriesMeta| m.entity == cart && m.metric == names::DURATION;
    let (_, meta) = draft.series.iter().find(|(_, m)| p90(m)).unwrap();
    assert_eq!((meta.unit.as_str(), meta.stat()), ("s", Some("p90")));
    assert_eq!((draft.logs.len(), draft.spans.len()), (2, 2));
    let web = draft.topology.find("web").unwrap();
    assert_eq!(draft.topology.callees(web).collect::<Vec<_>>(), [cart]);
    let incident = &draft.truth.unwrap().incidents[0];
    assert_eq!(incident.root_causes, [Name::from("cart")]);
    assert_eq!(incident.cause, Some(Cause::ResourceExhaustion));
    assert_eq!(incident.window.start, SimTime::from_secs(1_700_000_002));
    assert_eq!(incident.window.end, SimTime::from_secs(1_700_000_004));
    assert_eq!(incident.alarm.as_ref().unwrap().time, incident.window.start);
}

#[test]
fn faults_tell_their_cause() {
    for (fault, expected) in [
        ("mem", Some(Cause::ResourceExhaustion)),
        ("delay", Some(Cause::NetworkFault)),
        ("f3", Some(Cause::CodeDefect)),
        ("f", None),
        ("service", None),
    ] {
        assert_eq!(cause(fault), expected, "{fault}");
    }
    assert_eq!(split_label("ts-auth_service_loss").unwrap().0, "ts-auth_service");
    assert_eq!(split_label("my_folder"), None);
}

#[test]
fn an_injection_outside_the_table_is_refused() {
    let config = Config { inject_time: Some(1.0), ..Config::default() };
    let run = runs(Path::new(FIXTURES), &config).unwrap().remove(0);
    let error = read(&run, &config, &BTreeSet::new()).unwrap_err().to_string();
    assert!(error.contains("expected an injection between 2023-11-14T22:13:20Z"), "{error}");
}

#[test]
fn a_single_table_needs_its_label() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("table.csv");
    std::fs::write(&table, TABLE).unwrap();
    let error = runs(&table, &Config::default()).err().unwrap();
    assert!(error.problem.contains("or parameters `service` and `fault`"), "{error}");
    let config = Config {
        inject_time: Some(1_700_000_001.0),
        service: Some("cart".to_owned()),
        fault: Some("loss".to_owned()),
        ..Config::default()
    };
    let run = runs(&table, &config).unwrap().remove(0);
    let draft = read(&run, &config, &BTreeSet::new()).unwrap();
    assert_eq!(draft.truth.unwrap().incidents[0].cause, Some(Cause::NetworkFault));
}

proptest! {
    #[test]
    fn mutated_tables_are_read_or_refused(at in 0_usize..400, byte in any::<u8>()) {
        let mut bytes = TABLE.as_bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        let path = Path::new("x");
        let _ = metrics(path, bytes.as_slice(), &BTreeSet::new(), &mut Draft::default());
        let _ = signals::logs(path, &bytes[at..], &mut Draft::default());
        let _ = signals::traces(path, &bytes[at..], &mut Draft::default());
    }
}
