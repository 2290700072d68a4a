//! Persistent small shifts in a stream of standardised values.
//!
//! Two one-sided cumulative sums after Page, "Continuous Inspection Schemes" (1954): each grows by
//! what a value exceeds the allowance `k` and never falls below zero. Values are clipped, so that
//! one wild value is not taken for a shift, and the sums are capped, so that recovery is seen
//! soon. Known limit: the caller must standardise; serial correlation raises false alarms.

/// A two-sided CUSUM.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cusum {
    up: f64,
    down: f64,
    up_steps: u32,
    down_steps: u32,
    up_total: f64,
    down_total: f64,
}

/// Parameters, in standard deviations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CusumLimits {
    /// Deviation that is allowed for ever (half the shift worth finding).
    pub allowance: f64,
    /// Values beyond this are taken as this.
    pub clip: f64,
    /// The sums stop growing here.
    pub cap: f64,
}

/// Where a CUSUM stands on the side that leans further.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// The cumulative sum, 0 or more.
    pub sum: f64,
    /// Whether the values went up.
    pub up: bool,
    /// For how many values the sum has been above zero, the newest included.
    pub steps: u32,
    /// Mean of those values (clipped), in standard deviations.
    pub mean: f64,
}

impl Cusum {
    /// Takes in the next standardised value; NaN changes nothing.
    pub fn push(&mut self, z: f64, limits: CusumLimits) -> Shift {
        if !z.is_nan() {
            let z = z.clamp(-limits.clip, limits.clip);
            side(&mut self.up, &mut self.up_steps, &mut self.up_total, z, limits);
            side(&mut self.down, &mut self.down_steps, &mut self.down_total, -z, limits);
        }
        self.shift()
    }

    /// Whether both sums are 0: values within the allowance leave it so.
    #[inline]
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        self.up == 0.0 && self.down == 0.0
    }

    fn shift(&self) -> Shift {
        let up = self.up >= self.down;
        let (sum, steps, total) = if up {
            (self.up, self.up_steps, self.up_total)
        } else {
            (self.down, self.down_steps, -self.down_total)
        };
        Shift { sum, up, steps, mean: if steps == 0 { 0.0 } else { total / f64::from(steps) } }
    }
}

fn side(sum: &mut f64, steps: &mut u32, total: &mut f64, z: f64, limits: CusumLimits) {
    *sum = (*sum + z - limits.allowance).clamp(0.0, limits.cap);
    if *sum == 0.0 {
        (*steps, *total) = (0, 0.0);
    } else {
        *steps += 1;
        *total += z;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: CusumLimits = CusumLimits { allowance: 0.5, clip: 6.0, cap: 40.0 };

    #[track_caller]
    fn check(values: &[f64], sum: f64, up: bool, steps: u32) {
        let mut cusum = Cusum::default();
        let mut last = cusum.shift();
        for z in values {
            last = cusum.push(*z, LIMITS);
        }
        assert_eq!((last.sum, last.up, last.steps), (sum, up, steps), "{values:?}");
    }

    #[test]
    fn sums_grow_by_the_excess_and_restart_at_zero() {
        check(&[], 0.0, true, 0);
        check(&[0.5, -0.5, 0.0], 0.0, true, 0);
        check(&[1.5, 1.5], 2.0, true, 2);
        check(&[-1.5, -1.5, -1.5], 3.0, false, 3);
        check(&[1.0, -3.0, 2.5], 2.0, true, 1);
        check(&[f64::NAN, 1.5, f64::NAN], 1.0, true, 1);
        check(&[1e9; 20], 40.0, true, 20);
    }

    proptest! {
        #[test]
        fn mirrored_values_give_the_mirrored_shift(
            values in prop::collection::vec(-5.0f64..5.0, 1..60),
        ) {
            let (mut a, mut b) = (Cusum::default(), Cusum::default());
            for z in values {
                let (x, y) = (a.push(z, LIMITS), b.push(-z, LIMITS));
                prop_assert_eq!(x.sum, y.sum);
                prop_assert!(x.sum == 0.0 || a.up == a.down || x.up != y.up);
            }
        }
    }
}
