//! A line of text put together from parts, numbers included, without the formatting machinery.
//!
//! In: text, whole numbers, decimals. Out: a `String`. A decimal is rounded half up as a float, so
//! that a tie may fall otherwise than with `format!`.

/// The line so far.
#[derive(Debug)]
pub(super) struct Words(String);

impl Words {
    /// Begins with some text, in the room of a line that nobody needs any more.
    pub(super) fn new(mut spare: String, text: &str) -> Self {
        spare.clear();
        // Ordinary lines have some 60 letters.
        spare.reserve(80);
        spare.push_str(text);
        Self(spare)
    }

    /// Adds text.
    pub(super) fn text(mut self, text: &str) -> Self {
        self.0.push_str(text);
        self
    }

    /// Adds a whole number.
    pub(super) fn number(mut self, number: u64) -> Self {
        let mut digits = [0_u8; 20];
        let (mut first, mut rest) = (digits.len(), number);
        loop {
            first -= 1;
            digits[first] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.0.push_str(std::str::from_utf8(&digits[first..]).expect("digits are ASCII"));
        self
    }

    /// Adds a number that is not negative with so many places behind the point.
    pub(super) fn decimal(self, value: f64, places: u32) -> Self {
        let one = 10_u64.pow(places);
        let scaled = (value * one as f64 + 0.5) as u64;
        let mut line = self.number(scaled / one);
        if places > 0 {
            line.0.push('.');
            let part = scaled % one;
            (1..places).filter(|place| part < 10_u64.pow(*place)).for_each(|_| line.0.push('0'));
            line = line.number(part);
        }
        line
    }

    /// The whole line.
    pub(super) fn end(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_look_as_they_do_with_the_formatting_machinery() {
        for value in [0.0, 0.004, 0.06, 0.5004, 1.0, 9.996, 99.951, 123.456, 1e6, 7.009, 3.3333] {
            let found =
                [0, 1, 3].map(|places| Words::new(String::new(), "").decimal(value, places).end());
            assert_eq!(found, [0, 1, 3].map(|p| format!("{value:.p$}")));
        }
        for number in (0..64).map(|bits| (u64::MAX >> bits).wrapping_mul(bits | 1)) {
            let found = Words::new(String::new(), "").number(number).end();
            assert_eq!(found, number.to_string());
        }
        assert_eq!(
            Words::new("old".to_owned(), "a").number(0).text("-").number(u64::MAX).end(),
            format!("a0-{}", u64::MAX)
        );
    }
}
