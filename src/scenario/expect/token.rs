//! A sentence -> words and signs, each with its place.
//!
//! A word is letters, digits and `-_.@:+`; everything else that is not blank is a sign of one or
//! two characters. Places count characters from 0.

/// One word or sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// Its text.
    pub(super) text: &'a str,
    /// Place of its first character.
    pub(super) at: usize,
    /// Whether it is a word.
    pub(super) word: bool,
}

/// All words and signs of a sentence.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let is_word = |c: char| c.is_alphanumeric() || "-_.@:+".contains(c);
    let all: Vec<(usize, char)> = text.char_indices().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < all.len() {
        let (start, first) = all[at];
        if first.is_whitespace() {
            at += 1;
            continue;
        }
        let begin = at;
        at += 1;
        if is_word(first) {
            while at < all.len() && is_word(all[at].1) {
                at += 1;
            }
        } else if "<>=!".contains(first) && at < all.len() && all[at].1 == '=' {
            at += 1;
        }
        let end = all.get(at).map_or(text.len(), |(place, _)| *place);
        found.push(Token { text: &text[start..end], at: begin, word: is_word(first) });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_signs_have_their_places() {
        let found: Vec<(&str, usize)> =
            tokens("p95(mttr)<= 8m é/bad 2%").iter().map(|t| (t.text, t.at)).collect();
        assert_eq!(
            found,
            [
                ("p95", 0),
                ("(", 3),
                ("mttr", 4),
                (")", 8),
                ("<=", 9),
                ("8m", 12),
                ("é", 15),
                ("/", 16),
                ("bad", 17),
                ("2", 21),
                ("%", 22)
            ]
        );
    }
}
