//! How quantities are written for a person: times, durations, numbers with their unit.
//!
//! Values in, short text out; one place, so that terminal, HTML and plots say the same. Units are
//! UCUM as in `model::SeriesMeta`. Absent is always `–`. Known limit: clocks are UTC only.

use crate::unit::{SimDuration, SimTime};

/// What stands where there is no value.
pub const ABSENT: &str = "–";

/// A duration to a person's precision: `850ms`, `47s`, `6m12s`, `1h02m`.
#[must_use]
pub fn short(duration: SimDuration) -> String {
    let sign = if duration.nanos() < 0 { "-" } else { "" };
    let secs = duration.secs_f64().abs();
    if secs > 0.0 && secs < 1.0 {
        return format!("{sign}{:.0}ms", secs * 1e3);
    }
    let whole = secs.round() as u64;
    let text = match whole {
        0..60 => format!("{whole}s"),
        60..3_600 => format!("{}m{:02}s", whole / 60, whole % 60),
        3_600..172_800 => format!("{}h{:02}m", whole / 3_600, whole % 3_600 / 60),
        _ => format!("{}d{:02}h", whole / 86_400, whole % 86_400 / 3_600),
    };
    format!("{sign}{text}")
}

/// The same where there may be none.
#[must_use]
pub fn short_or_absent(duration: Option<SimDuration>) -> String {
    duration.map_or_else(|| ABSENT.to_owned(), short)
}

/// Time from `origin` as `+06:12`, `-00:30` or `+1:02:03`.
#[must_use]
pub fn offset(time: SimTime, origin: SimTime) -> String {
    let nanos = time.since(origin).nanos();
    let secs = (nanos as f64 / 1e9).round() as i64;
    let sign = if secs < 0 { '-' } else { '+' };
    let secs = secs.unsigned_abs();
    if secs < 3_600 {
        return format!("{sign}{:02}:{:02}", secs / 60, secs % 60);
    }
    format!("{sign}{}:{:02}:{:02}", secs / 3_600, secs % 3_600 / 60, secs % 60)
}

/// The time of day in UTC: `02:47:10`.
#[must_use]
pub fn clock(time: SimTime) -> String {
    let secs = time.nanos().div_euclid(1_000_000_000).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", secs / 3_600, secs % 3_600 / 60, secs % 60)
}

/// A number with about three significant digits and no needless zeros.
#[must_use]
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return ABSENT.to_owned();
    }
    let size = value.abs();
    if size >= 1e6 || (size > 0.0 && size < 1e-3) {
        return format!("{value:.2e}");
    }
    let decimals = match size {
        s if s >= 100.0 => 0,
        s if s >= 10.0 => 1,
        s if s >= 1.0 => 2,
        _ => 3,
    };
    let text = format!("{value:.decimals$}");
    if !text.contains('.') {
        return text;
    }
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// A value in its unit, scaled to what a person reads: `1.7 GiB`, `850 ms`, `4.2 %`.
#[must_use]
pub fn quantity(value: f64, unit: &str) -> String {
    let (scale, shown) = scale_of(value, unit);
    match shown.as_str() {
        "" => number(value * scale),
        shown => format!("{} {shown}", number(value * scale)),
    }
}

/// The factor and the unit's name in which values as large as `value` are best read.
#[must_use]
pub fn scale_of(value: f64, unit: &str) -> (f64, String) {
    let size = value.abs();
    let (scale, shown) = match unit {
        "By" if size >= 1_073_741_824.0 => (1.0 / 1_073_741_824.0, "GiB"),
        "By" if size >= 1_048_576.0 => (1.0 / 1_048_576.0, "MiB"),
        "By" if size >= 1_024.0 => (1.0 / 1_024.0, "KiB"),
        "By" => (1.0, "B"),
        "MiBy" => (1.0, "MiB"),
        "GiBy" => (1.0, "GiB"),
        "s" if size > 0.0 && size < 1.0 => (1e3, "ms"),
        "1" => (100.0, "%"),
        "{request}/s" => (1.0, "req/s"),
        other => return (1.0, other.replace(['{', '}'], "")),
    };
    (scale, shown.to_owned())
}

/// A share in 0..=1 as `91 %`.
#[must_use]
pub fn percent(share: f64) -> String {
    if share.is_finite() { format!("{:.0} %", share * 100.0) } else { ABSENT.to_owned() }
}

/// `1 signal`, `12 signals`.
#[must_use]
pub fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// At most `width` characters, the last one `…` if something was cut.
#[must_use]
pub fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(width.saturating_sub(1)).collect();
    kept.push('…');
    kept
}

/// The text with every RFC 3339 stamp in whole seconds, and without its date unless `dated`.
#[must_use]
pub fn stamps(text: &str, dated: bool) -> String {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00";
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let fits = |(byte, shape): (u8, &u8)| match shape {
        b'0' => byte.is_ascii_digit(),
        other => byte == *other,
    };
    let stamp = |rest: &str| {
        let shaped = rest.len() >= SHAPE.len() && rest.bytes().zip(SHAPE).all(fits);
        shaped.then_some(SHAPE.len())
    };
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(first) = rest.chars().next() {
        let Some(end) = stamp(rest) else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        out.push_str(if dated { &rest[..end] } else { &rest["0000-00-00T".len()..end] });
        rest = &rest[end..];
        if let Some(fraction) = rest.strip_prefix('.').filter(|f| digits(f) > 0) {
            rest = &fraction[digits(fraction)..];
        }
    }
    out
}

/// Words of a snake_case name with spaces.
#[must_use]
pub fn words(name: &str) -> String {
    name.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        for (millis, text) in [
            (0, "0s"),
            (850, "850ms"),
            (47_000, "47s"),
            (372_000, "6m12s"),
            (3_720_000, "1h02m"),
            (-90_000, "-1m30s"),
            (200_000_000, "2d07h"),
        ] {
            assert_eq!(short(SimDuration::from_millis(millis)), text);
        }
    }

    #[test]
    fn quantities_are_scaled_to_what_a_person_reads() {
        for (value, unit, text) in [
            (1.825e9, "By", "1.7 GiB"),
            (0.85, "s", "850 ms"),
            (2.5, "s", "2.5 s"),
            (0.042, "1", "4.2 %"),
            (120.0, "{request}/s", "120 req/s"),
            (0.0, "", "0"),
            (2.0, "{line}/s", "2 line/s"),
            (f64::NAN, "", "–"),
        ] {
            assert_eq!(quantity(value, unit), text);
        }
    }

    #[test]
    fn stamps_are_whole_seconds() {
        for (text, dated, shown) in [
            ("applied at 2026-01-06T02:35:03.203829581Z: é", false, "applied at 02:35:03Z: é"),
            ("since 2026-01-06T02:35:03Z.", true, "since 2026-01-06T02:35:03Z."),
            ("2026-01-06T02:35:03.2Z, z 4.25", true, "2026-01-06T02:35:03Z, z 4.25"),
            ("2026-01-06 is a day", false, "2026-01-06 is a day"),
        ] {
            assert_eq!(stamps(text, dated), shown);
        }
    }

    #[test]
    fn offsets_have_a_sign() {
        let at = SimTime::from_secs;
        assert_eq!(offset(at(372), at(0)), "+06:12");
        assert_eq!(offset(at(0), at(30)), "-00:30");
        assert_eq!(offset(at(3_723), at(0)), "+1:02:03");
        assert_eq!(clock(at(10_030)), "02:47:10");
    }
}
