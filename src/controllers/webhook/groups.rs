//! When which group of alerts is sent, in simulated time.
//!
//! In: alerts that fire and resolve. Out: groups that are due. A new group waits `group_wait`; then
//! it is looked at every `group_interval` and sent if it changed, or if `repeat_interval` has
//! passed. Source: Alertmanager's dispatcher and its deduplication (`needsUpdate`). Limit: one
//! route, no inhibition, no silences.

use std::collections::{BTreeMap, BTreeSet};

use super::alerts::{Alert, Labels};
use crate::model::Webhook;
use crate::unit::SimTime;

/// All groups.
#[derive(Debug, Default)]
pub(super) struct Groups {
    groups: BTreeMap<Labels, Group>,
}

#[derive(Debug)]
struct Group {
    /// Alerts by fingerprint.
    alerts: BTreeMap<u64, Alert>,
    /// When it is looked at next.
    next: SimTime,
    sent: Option<Sent>,
}

/// What was sent last.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sent {
    at: SimTime,
    firing: BTreeSet<u64>,
    resolved: BTreeSet<u64>,
}

impl Groups {
    /// An alert fires, or ends.
    pub(super) fn put(&mut self, now: SimTime, alert: Alert, spec: &Webhook) {
        let pick = |name: &String| Some((name.clone(), alert.labels.get(name)?.clone()));
        let key: Labels = spec.group_by.iter().filter_map(pick).collect();
        let group = self.groups.entry(key).or_insert_with(|| Group {
            alerts: BTreeMap::new(),
            next: now + spec.group_wait,
            sent: None,
        });
        group.alerts.insert(alert.fingerprint(), alert);
    }

    /// The groups to be sent now, in the order of their labels.
    pub(super) fn due(&mut self, now: SimTime, spec: &Webhook) -> Vec<(Labels, Vec<Alert>)> {
        let mut due = Vec::new();
        for (labels, group) in self.groups.iter_mut().filter(|(_, group)| group.next <= now) {
            group.next = now + spec.group_interval;
            let (firing, resolved) = group.split();
            if needs_update(group.sent.as_ref(), &firing, &resolved, now, spec) {
                let all = spec.send_resolved || !firing.is_empty();
                let told = |alert: &&Alert| spec.send_resolved || alert.ends.is_none();
                let alerts: Vec<Alert> = group.alerts.values().filter(told).cloned().collect();
                if all && !alerts.is_empty() {
                    due.push((labels.clone(), alerts));
                }
                group.sent = Some(Sent { at: now, firing, resolved });
            }
            group.alerts.retain(|_, alert| alert.ends.is_none());
        }
        self.groups.retain(|_, group| !group.alerts.is_empty());
        due
    }
}

impl Group {
    fn split(&self) -> (BTreeSet<u64>, BTreeSet<u64>) {
        let of = |ended: bool| {
            let mine = self.alerts.iter().filter(|(_, alert)| alert.ends.is_some() == ended);
            mine.map(|(fingerprint, _)| *fingerprint).collect()
        };
        (of(false), of(true))
    }
}

/// Whether a group that was sent so is to be sent again.
fn needs_update(
    sent: Option<&Sent>,
    firing: &BTreeSet<u64>,
    resolved: &BTreeSet<u64>,
    now: SimTime,
    spec: &Webhook,
) -> bool {
    let Some(sent) = sent else { return !firing.is_empty() };
    if !firing.is_subset(&sent.firing) {
        return true;
    }
    if firing.is_empty() {
        return !sent.firing.is_empty();
    }
    if spec.send_resolved && !resolved.is_subset(&sent.resolved) {
        return true;
    }
    now.since(sent.at) > spec.repeat_interval
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::SimDuration;

    fn set(numbers: &[u64]) -> BTreeSet<u64> {
        numbers.iter().copied().collect()
    }

    #[test]
    fn a_group_is_sent_when_alertmanager_would_send_it() {
        // (sent: age in s, firing, resolved), firing, resolved, send_resolved -> is it sent?
        type Row = (
            Option<(i64, &'static [u64], &'static [u64])>,
            &'static [u64],
            &'static [u64],
            bool,
            bool,
        );
        let rows: &[Row] = &[
            (None, &[2, 3, 4], &[], false, true),
            (None, &[], &[2, 3, 4], false, false),
            (Some((0, &[1, 2, 3], &[])), &[2, 3, 4], &[], false, true),
            (Some((540, &[1, 2, 3], &[])), &[1, 2, 3], &[], false, false),
            (Some((660, &[1, 2, 3], &[])), &[1, 2, 3], &[], false, true),
            (Some((540, &[1, 2, 3], &[])), &[1], &[2, 3], true, true),
            (Some((540, &[1, 2, 3], &[])), &[1], &[2, 3], false, false),
            (Some((540, &[1], &[2, 3])), &[1], &[2, 3], true, false),
            (Some((540, &[1, 2, 3], &[])), &[], &[1, 2, 3], true, true),
            (Some((660, &[], &[1, 2, 3])), &[], &[1, 2, 3], true, false),
        ];
        let now = SimTime::from_secs(10_000);
        for (sent, firing, resolved, send_resolved, expected) in rows {
            let spec = Webhook {
                repeat_interval: SimDuration::from_secs(600),
                send_resolved: *send_resolved,
                ..Webhook::default()
            };
            let sent = sent.map(|(age, firing, resolved)| Sent {
                at: now - SimDuration::from_secs(age),
                firing: set(firing),
                resolved: set(resolved),
            });
            let found = needs_update(sent.as_ref(), &set(firing), &set(resolved), now, &spec);
            assert_eq!(found, *expected, "{sent:?} {firing:?} {resolved:?} {send_resolved}");
        }
    }

    #[test]
    fn a_new_group_waits_and_a_changed_one_waits_for_its_interval() {
        let at = SimTime::from_secs;
        let alert = |signal: &str| Alert {
            labels: [("service", "cart"), ("signal", signal)]
                .map(|(n, v)| (n.to_owned(), v.to_owned()))
                .into(),
            annotations: Labels::new(),
            starts: at(0),
            ends: None,
        };
        let (mut groups, spec) = (Groups::default(), Webhook::default());
        groups.put(at(0), alert("a"), &spec);
        assert!(groups.due(at(15), &spec).is_empty(), "group_wait is 30 s");
        assert_eq!(groups.due(at(30), &spec)[0].1.len(), 1);
        groups.put(at(45), alert("b"), &spec);
        assert!(groups.due(at(300), &spec).is_empty(), "group_interval is 5 m");
        assert_eq!(groups.due(at(330), &spec)[0].1.len(), 2);
        assert!(groups.due(at(630), &spec).is_empty(), "nothing changed");
        for signal in ["a", "b"] {
            groups.put(at(640), Alert { ends: Some(at(640)), ..alert(signal) }, &spec);
        }
        assert_eq!(groups.due(at(930), &spec)[0].1.len(), 2, "both are over");
        assert!(groups.due(at(99_999), &spec).is_empty(), "the group is gone");
    }
}
