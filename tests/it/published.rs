//! Ours against what the authors' own code says of the same numbers.

use windtunnel::stats::robust_scorer;

#[path = "../../benches/baro_frame.rs"]
#[allow(unreachable_pub)] // the bench and a test share it
mod baro_frame;

/// Printed by `benches/baro_published.py` with fse-baro 0.2.2.
const RANKS: &str = include_str!("../../benches/baro_published.ranks");

#[test]
fn baros_scorer_ranks_four_hundred_series_as_published() {
    let published: Vec<usize> = RANKS.lines().map(|line| line.parse().unwrap()).collect();
    let ours = robust_scorer::rank(&baro_frame::columns(), baro_frame::CUT);
    let ours: Vec<usize> = ours.into_iter().map(|(column, _)| column).collect();
    assert_eq!(published.len(), 360, "40 of 400 are constant on one side");
    assert_eq!(ours, published);
}
