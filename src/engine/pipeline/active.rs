//! Which signals of an incident are not over, and whose they are.
//!
//! In: an incident, the numbers of its active signals and, where an effect is judged, the metrics
//! remembered. Out: whether anything goes on, whether anything lasts that matters, and whether what
//! one entity showed is over. An alarm stays for minutes after its trouble, and a share of failures
//! that was nearly nothing before is hardly ever quite that again: the effect of a remedy is read
//! from newest values. A caller's view of its calls counts for both ends. Log templates fade long
//! after the trouble that wrote them, so they count only where nothing else was seen. Limit: an
//! entity that showed nothing, and that nobody looked at, is never known to be well.

use std::collections::BTreeSet;

use crate::engine::History;
use crate::engine::alarm::signal_name;
use crate::model::{Anomaly, Incident, Role, SeriesCatalog, SignalClass, Topology};
use crate::stats::robust::median;
use crate::unit::{Name, SeriesId};

/// Newest frames of which the middle one says whether a signal lasts.
const FRAMES: usize = 3;

/// What newest values are read from.
pub(super) struct Newest<'a> {
    pub(super) topology: &'a Topology,
    pub(super) series: &'a SeriesCatalog,
    pub(super) history: &'a History,
}

/// Entities with signals, with signals that are not over and with signals that last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Active {
    known: BTreeSet<Name>,
    on: BTreeSet<Name>,
    lasting: BTreeSet<Name>,
}

impl Active {
    /// Reads them from an incident; `numbers` are its active signals. Without newest values all of
    /// them last.
    pub(super) fn of(incident: &Incident, numbers: &[u32], newest: Option<&Newest<'_>>) -> Self {
        let is_log = |a: &Anomaly| a.class == SignalClass::Log;
        let only_logs = incident.anomalies.iter().all(is_log);
        let mut found = Self::default();
        for anomaly in incident.anomalies.iter().filter(|a| only_logs || !is_log(a)) {
            let on = numbers.contains(&anomaly.id);
            let lasting = on && newest.is_none_or(|newest| newest.lasts(anomaly));
            let ends = [Some(anomaly.entity.clone()), callee(&anomaly.signal)];
            for end in ends.into_iter().flatten() {
                if on {
                    found.on.insert(end.clone());
                }
                if lasting {
                    found.lasting.insert(end.clone());
                }
                found.known.insert(end);
            }
        }
        found
    }

    /// Whether anything goes on.
    pub(super) fn any(&self) -> bool {
        !self.on.is_empty()
    }

    /// Whether anything goes on that matters.
    pub(super) fn lasts(&self) -> bool {
        !self.lasting.is_empty()
    }

    /// Whether an entity had signals and none of them lasts.
    pub(super) fn is_over(&self, entity: &Name) -> bool {
        self.known.contains(entity) && !self.lasting.contains(entity)
    }
}

impl Newest<'_> {
    /// Whether a signal's newest values are still away from the expected by an effect that matters.
    /// More traffic, and what nobody can name, is context and no trouble.
    fn lasts(&self, anomaly: &Anomaly) -> bool {
        if matches!(anomaly.role, Role::Traffic | Role::Network | Role::Other) {
            return false;
        }
        let Some((series, expected)) = self.column(anomaly).zip(anomaly.expected) else {
            return true;
        };
        let column = self.history.column(series).iter().rev().take(FRAMES);
        let mut newest: Vec<f64> = column.filter(|v| v.is_finite()).collect();
        let smallest = self.history.effect(series).smallest(expected);
        median(&mut newest).is_some_and(|now| (now - expected).abs() >= smallest)
    }

    fn column(&self, anomaly: &Anomaly) -> Option<SeriesId> {
        let owner = anomaly.instance.as_ref().unwrap_or(&anomaly.entity);
        let owner = self.topology.lookup(owner)?;
        let known = self.series.iter().take(self.history.width());
        let mut mine = known.filter(|(_, meta)| {
            meta.entity == owner
                && anomaly.signal.starts_with(&meta.metric)
                && signal_name(meta) == anomaly.signal
        });
        mine.next().map(|(id, _)| id).filter(|_| anomaly.class == SignalClass::Metric)
    }
}

/// Whom a caller's view is of: the `callee` label in a signal's name.
fn callee(signal: &str) -> Option<Name> {
    let (_, labels) = signal.split_once('{')?;
    let pairs = labels.trim_end_matches('}').split(',');
    let found = pairs.filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == "callee");
    found.map(|(_, name)| Name::from(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_of_the_callee_whatever_stands_beside_it() {
        let view = "http.client.request.duration{callee=db,stat=mean}";
        assert_eq!(callee(view), Some(Name::from("db")));
        assert_eq!(callee("http.client.request.error_ratio{callee=db}"), Some(Name::from("db")));
        assert_eq!(callee("call to <*> failed"), None);
    }
}
