//! A share of the tests for one machine of a CI matrix: `hash:1/4` or `count:1/4`.
//!
//! `hash` keeps a test on its machine when others come or go; `count` deals them out evenly.

use std::str::FromStr;

/// One of several shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    by_hash: bool,
    share: u64,
    of: u64,
}

impl Partition {
    /// Whether the test at `index` with this id belongs to the share.
    #[must_use]
    pub fn holds(&self, index: usize, id: &str) -> bool {
        let number = if self.by_hash {
            let digest = blake3::hash(id.as_bytes());
            let first: [u8; 8] = digest.as_bytes()[..8].try_into().expect("eight bytes");
            u64::from_le_bytes(first)
        } else {
            index as u64
        };
        number % self.of == self.share - 1
    }
}

impl FromStr for Partition {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("expected hash:1/4 or count:1/4 (share/shares), found {text:?}");
        let (kind, shares) = text.split_once(':').ok_or_else(bad)?;
        let (share, of) = shares.split_once('/').ok_or_else(bad)?;
        let share: u64 = share.parse().map_err(|_| bad())?;
        let of: u64 = of.parse().map_err(|_| bad())?;
        let known = matches!(kind, "hash" | "count");
        if !known || share == 0 || share > of {
            return Err(bad());
        }
        Ok(Self { by_hash: kind == "hash", share, of })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_is_in_exactly_one_share() {
        for kind in ["hash", "count"] {
            for index in 0..50 {
                let id = format!("scenarios/{index}");
                let holds = |share: u64| {
                    let partition: Partition = format!("{kind}:{share}/4").parse().unwrap();
                    partition.holds(index, &id)
                };
                assert_eq!((1..=4).filter(|share| holds(*share)).count(), 1, "{kind} {id}");
            }
        }
    }

    #[test]
    fn wrong_shares_are_refused() {
        for bad in ["1/4", "hash:0/4", "hash:5/4", "hash:a/b", "size:1/2", ""] {
            assert!(bad.parse::<Partition>().is_err(), "{bad}");
        }
    }
}
