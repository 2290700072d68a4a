//! A frame of 400 series that Rust and Python build alike, bit by bit: `baro_published.py` does.
//!
//! Noise is the mean of three draws of a linear congruential generator. A tenth of the series step
//! after the cut, some are whole numbers with many ties, some are constant on one side, some are
//! flat with a few spikes, so that their interquartile range is 0.

/// Series of the frame.
pub const SERIES: usize = 400;
/// Rows of the frame.
pub const ROWS: usize = 1200;
/// First row of the trouble.
pub const CUT: usize = 600;

/// The columns.
#[must_use]
pub fn columns() -> Vec<Vec<f64>> {
    let mut state: u64 = 7;
    let mut draw = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / 9_007_199_254_740_992.0
    };
    let column = |series: usize| {
        let mut column = Vec::with_capacity(ROWS);
        for row in 0..ROWS {
            let noise = (draw() + draw() + draw()) / 3.0;
            let stepped = series % 10 == 3 && row >= CUT;
            let base = 10.0 + series as f64 / 4.0;
            let value = base + noise + if stepped { 0.125 * (series as f64) / 16.0 } else { 0.0 };
            column.push(match series % 20 {
                7 => value.floor(),
                11 if row < CUT => base,
                13 if row >= CUT => base,
                17 => {
                    if noise > 0.8 {
                        5.0 + noise
                    } else {
                        5.0
                    }
                }
                _ => value,
            });
        }
        column
    };
    (0..SERIES).map(column).collect()
}
