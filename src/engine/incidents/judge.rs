//! Combines what the correlators say of two clues into one affinity.
//!
//! In: the policy's correlators, in its order. Out: the product of all filters times the noisy-or
//! of all evidence (independent chances that the two belong together; Pearl, "Probabilistic
//! Reasoning in Intelligent Systems", 1988), with the strongest reasons. Without any evidence kind
//! the filters decide; if every evidence kind is silent, `UNKNOWN` stands in.

use crate::engine::correlate::{Affinity, Clue, Correlator, Part};
use crate::model::Topology;

/// Evidence assumed when every kind is silent.
const UNKNOWN: f64 = 0.6;

/// The policy's correlators.
pub(super) struct Judge {
    correlators: Vec<Box<dyn Correlator + Send>>,
}

impl Judge {
    pub(super) fn new(correlators: Vec<Box<dyn Correlator + Send>>) -> Self {
        Self { correlators }
    }

    pub(super) fn prepare(&mut self, topology: &Topology) {
        self.correlators.iter_mut().for_each(|kind| kind.prepare(topology));
    }

    /// How near two clues are, all correlators together. Without correlators: not at all.
    pub(super) fn affinity(&self, a: &Clue, b: &Clue, topology: &Topology) -> Affinity {
        if self.correlators.is_empty() {
            return Affinity { value: 0.0, reason: "no correlators".to_owned() };
        }
        let (mut filter, mut reasons) = (1.0, Vec::new());
        for kind in self.of(Part::Filter) {
            let Some(said) = kind.affinity(a, b, topology) else { continue };
            filter *= said.value;
            if filter == 0.0 {
                return said;
            }
            reasons.push(said);
        }
        let evidence = self.evidence(a, b, topology, &mut reasons);
        reasons.retain(|said| said.value > 0.0);
        let reason: Vec<String> = reasons.into_iter().map(|said| said.reason).collect();
        Affinity { value: filter * evidence, reason: reason.join("; ") }
    }

    /// How near they are whatever the time.
    pub(super) fn timeless(&self, a: &Clue, b: &Clue, topology: &Topology) -> f64 {
        self.evidence(a, b, topology, &mut Vec::new())
    }

    fn evidence(&self, a: &Clue, b: &Clue, map: &Topology, reasons: &mut Vec<Affinity>) -> f64 {
        let (mut asked, mut heard, mut against) = (false, false, 1.0);
        for kind in self.of(Part::Evidence) {
            asked = true;
            let Some(said) = kind.affinity(a, b, map) else { continue };
            heard = true;
            against *= 1.0 - said.value.clamp(0.0, 1.0);
            reasons.push(said);
        }
        match (asked, heard) {
            (false, _) => 1.0,
            (true, false) => UNKNOWN,
            (true, true) => 1.0 - against,
        }
    }

    fn of(&self, part: Part) -> impl Iterator<Item = &Box<dyn Correlator + Send>> {
        self.correlators.iter().filter(move |kind| kind.part() == part)
    }
}
