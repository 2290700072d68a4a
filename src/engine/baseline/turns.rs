//! When the baseline of a series is taken anew.
//!
//! In: the number of a frame and of a series. Out: the last and the next turn of that series.
//! Series take turns, so that every frame costs alike. The longer the past, the less a few frames
//! change it: turns come when at most a quarter of the values may have changed, later an eighth.
//! From then on they are counted by where the frames end that are looked at: whoever leaves out
//! more or fewer of the newest looks at the same ones, sooner or later.

use crate::unit::SeriesId;

/// From the frame on, every so many frames. Each stride is a multiple of the one before.
const STRIDES: [(u64, u64); 3] = [(SETTLED, 32), (64, 16), (0, 4)];
const SETTLED: u64 = 256;

/// Whose turns, and how many of the newest frames it leaves out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turns {
    series: u64,
    exclude: u64,
}

impl Turns {
    pub(super) fn of(id: SeriesId, exclude: usize) -> Self {
        Self { series: u64::from(id.0), exclude: exclude as u64 }
    }

    /// The last turn up to `frame`, that included; 0 if there was none.
    #[inline]
    pub(super) fn last(self, frame: u64) -> u64 {
        let mut until = frame;
        for (start, stride) in STRIDES {
            if until < start {
                continue;
            }
            let since = self.since(until, start, stride);
            if since <= until - start {
                return until - since;
            }
            until = start - u64::from(start > 0);
        }
        0
    }

    /// The first turn from `frame` on, that included.
    #[inline]
    pub(super) fn next(self, frame: u64) -> u64 {
        let mut from = frame;
        loop {
            let at = STRIDES.iter().position(|(start, _)| *start <= from).unwrap_or(0);
            let (start, stride) = STRIDES[at];
            let turn = from + (stride - self.since(from, start, stride)) % stride;
            let end = at.checked_sub(1).map_or(u64::MAX, |later| STRIDES[later].0);
            if turn < end {
                return turn;
            }
            from = end;
        }
    }

    /// Frames since the last turn of the regime that begins at `start`, as if it had no beginning.
    #[inline]
    fn since(self, frame: u64, start: u64, stride: u64) -> u64 {
        let ahead = if start >= SETTLED { stride - self.exclude % stride } else { 0 };
        (frame + self.series + ahead) % stride
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_and_next_tell_the_same_turns() {
        for (series, exclude) in (0..80).flat_map(|series| [(series, 6), (series, 45)]) {
            let turns = Turns::of(SeriesId(series), exclude);
            let all: Vec<u64> = (1..600).filter(|frame| turns.last(*frame) == *frame).collect();
            for frame in 1..500 {
                let before = all.iter().rev().find(|turn| **turn <= frame).copied();
                assert_eq!(turns.last(frame), before.unwrap_or(0), "{turns:?} at {frame}");
                let after = all.iter().find(|turn| **turn >= frame).copied();
                assert_eq!(Some(turns.next(frame)), after, "{turns:?} at {frame}");
            }
            for pair in all.windows(2) {
                let most = if pair[0] < 16 { 4 } else { pair[1] / 4 };
                assert!(pair[1] - pair[0] <= most, "{pair:?} of {turns:?}");
            }
        }
    }

    #[test]
    fn who_leaves_out_more_looks_at_the_same_later() {
        let ends = |exclude: usize| {
            let turns = Turns::of(SeriesId(7), exclude);
            let settled = (300..900).filter(move |frame| turns.last(*frame) == *frame);
            settled.map(move |frame| frame - exclude as u64).filter(|end| (400..800).contains(end))
        };
        assert!(ends(6).count() > 10);
        assert!(ends(6).eq(ends(12)));
    }
}
