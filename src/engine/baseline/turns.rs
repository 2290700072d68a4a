//! When the baseline of a series is taken anew.
//!
//! In: the number of a frame and of a series. Out: the last and the next turn of that series.
//! Turns are told by the frame before which the past that is looked at ends: whoever leaves out
//! more or fewer of the newest frames looks at the same past, sooner or later. The longer the past,
//! the less a few frames change it: turns come when at most a quarter of the values may have
//! changed. Series take turns, so that frames cost alike and no two frames see all bounds move.

use crate::unit::SeriesId;

/// From a past of so many frames on, every so many. Each stride is a multiple of the one before.
const STRIDES: [(u64, u64); 5] = [(256, 64), (128, 32), (64, 16), (32, 8), (0, 4)];

/// Whose turns, and how many of the newest frames it leaves out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turns {
    shift: u64,
    exclude: u64,
}

impl Turns {
    pub(super) fn of(id: SeriesId, exclude: usize) -> Self {
        Self { shift: u64::from(id.0), exclude: exclude as u64 }
    }

    /// The last turn up to `frame`, that included; 0 if there was none.
    #[inline]
    pub(super) fn last(self, frame: u64) -> u64 {
        let Some(mut until) = frame.checked_sub(self.exclude) else { return 0 };
        for (start, stride) in STRIDES {
            if until < start {
                continue;
            }
            let since = (until + self.shift) % stride;
            if since <= until - start {
                return until - since + self.exclude;
            }
            until = start - u64::from(start > 0);
        }
        0
    }

    /// The first turn from `frame` on, that included.
    #[inline]
    pub(super) fn next(self, frame: u64) -> u64 {
        let mut from = frame.saturating_sub(self.exclude);
        loop {
            let at = STRIDES.iter().position(|(start, _)| *start <= from).unwrap_or(0);
            let stride = STRIDES[at].1;
            let turn = from + (stride - (from + self.shift) % stride) % stride;
            let end = at.checked_sub(1).map_or(u64::MAX, |later| STRIDES[later].0);
            if turn < end {
                return turn + self.exclude;
            }
            from = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_and_next_tell_the_same_turns() {
        for (series, exclude) in (0..80).flat_map(|series| [(series, 6), (series, 45)]) {
            let turns = Turns::of(SeriesId(series), exclude);
            let all: Vec<u64> = (1..900).filter(|frame| turns.last(*frame) == *frame).collect();
            for frame in 1..800 {
                let before = all.iter().rev().find(|turn| **turn <= frame).copied();
                assert_eq!(turns.last(frame), before.unwrap_or(0), "{turns:?} at {frame}");
                let after = all.iter().find(|turn| **turn >= frame).copied();
                assert_eq!(Some(turns.next(frame)), after, "{turns:?} at {frame}");
            }
            for pair in all.windows(2) {
                let past = pair[1] - exclude as u64;
                let most = if past < 20 { 4 } else { past / 4 };
                assert!(pair[1] - pair[0] <= most, "{pair:?} of {turns:?}");
            }
        }
    }

    #[test]
    fn who_leaves_out_more_looks_at_the_same_later() {
        let ends = |exclude: usize| {
            let turns = Turns::of(SeriesId(7), exclude);
            let all = (1..900).filter(move |frame| turns.last(*frame) == *frame);
            all.map(move |frame| frame - exclude as u64).filter(|end| (1..800).contains(end))
        };
        assert!(ends(6).count() > 20);
        assert!(ends(6).eq(ends(12)));
    }

    #[test]
    fn every_frame_has_its_series() {
        let settled = |series| {
            let turns = Turns::of(SeriesId(series), 6);
            (400..800).filter(move |frame| turns.last(*frame) == *frame)
        };
        let at = |frame: u64| (0..128).filter(|s| settled(*s).any(|turn| turn == frame)).count();
        assert!((400..464).all(|frame| at(frame) == 2));
    }
}
