//! What the environment says of a sweep: which shard this process is, and how a bucket is reached.
//!
//! Slurm job arrays: `SLURM_ARRAY_TASK_ID`, `_MIN` and `_COUNT`. Kubernetes Indexed Jobs:
//! `JOB_COMPLETION_INDEX`; they do not tell how many there are, so `--shards` must.

use crate::campaign::sweep::shard::Shard;

/// The shard, if a scheduler gave one.
///
/// # Errors
/// If the scheduler's word makes no sense, or the number of shards is not known.
pub(super) fn shard(shards: Option<usize>) -> Result<Option<Shard>, String> {
    read(shards, variable)
}

fn read(
    shards: Option<usize>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Shard>, String> {
    let number = |name: &str| -> Result<Option<usize>, String> {
        let Some(text) = variable(name) else { return Ok(None) };
        let bad = |_| format!("expected a number in {name}, found {text:?}");
        text.parse().map(Some).map_err(bad)
    };
    let slurm = number("SLURM_ARRAY_TASK_ID")?;
    let kubernetes = number("JOB_COMPLETION_INDEX")?;
    let (index, count) = match (slurm, kubernetes) {
        (Some(id), _) => {
            let first = number("SLURM_ARRAY_TASK_MIN")?.unwrap_or(0);
            (id.saturating_sub(first), number("SLURM_ARRAY_TASK_COUNT")?)
        }
        (None, Some(index)) => (index, None),
        (None, None) if shards.is_some() => {
            return Err(
                "--shards says how many, but nothing says which: add --shard I/N".to_owned()
            );
        }
        (None, None) => return Ok(None),
    };
    let count = shards.or(count).ok_or_else(|| {
        "the environment says which shard but not of how many: add --shards N".to_owned()
    })?;
    Shard::new(index, count).map(Some)
}

/// All of the environment that is text: where a bucket's credentials and endpoint are looked for.
pub(super) fn settings() -> Vec<(String, String)> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}

#[expect(clippy::disallowed_methods, reason = "schedulers speak through the environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(set: &[(&str, &str)], shards: Option<usize>, expected: Result<&str, &str>) {
        let variable =
            |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        match (read(shards, variable), expected) {
            (Ok(found), Ok(expected)) => {
                let text = found.map_or("none".to_owned(), |s| format!("{}/{}", s.index, s.count));
                assert_eq!(text, expected);
            }
            (Err(found), Err(part)) => assert!(found.contains(part), "{found}"),
            (found, expected) => panic!("{found:?} {expected:?}"),
        }
    }

    #[test]
    fn slurm_and_kubernetes_are_understood() {
        check(&[], None, Ok("none"));
        let slurm = [
            ("SLURM_ARRAY_TASK_ID", "3"),
            ("SLURM_ARRAY_TASK_MIN", "1"),
            ("SLURM_ARRAY_TASK_COUNT", "4"),
        ];
        check(&slurm, None, Ok("2/4"));
        check(&[("JOB_COMPLETION_INDEX", "2")], Some(5), Ok("2/5"));
        check(&[("JOB_COMPLETION_INDEX", "2")], None, Err("add --shards"));
        check(&[("JOB_COMPLETION_INDEX", "5")], Some(5), Err("0 to n-1"));
        check(&[("SLURM_ARRAY_TASK_ID", "x")], None, Err("expected a number"));
        check(&[], Some(3), Err("add --shard I/N"));
    }
}
