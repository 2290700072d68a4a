//! Log lines -> templates, online: what the program wrote, without what varies.
//!
//! In: the text of a log record. Out: a template id, and whether it is new. Lines are grouped by
//! number of words and first words, then joined with the most similar template of the group; where
//! they differ the template gets `<*>`. Words with a digit vary by assumption.
//! A line whose words (digits masked) were seen before is answered by one hash of its bytes: logs
//! repeat themselves, so that is nearly every line.
//! Source: He, Zhu, Zheng and Lyu, "Drain: An Online Log Parsing Approach with Fixed Depth Tree",
//! ICWS 2017. Known limits: only the first line of a record and its first `MOST_WORDS` words;
//! lines that vary in their number of words get several templates; two lines of one 64-bit hash
//! are taken for the same.

use std::collections::BTreeMap;

/// Words of a line that count.
pub const MOST_WORDS: usize = 64;
/// Templates kept; further ones fall into one catch-all.
pub const MOST_TEMPLATES: usize = 4096;
/// Distinct words kept; further ones count as varying.
pub const MOST_TOKENS: usize = 65_536;

/// Identifies a template of one miner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TemplateId(pub u32);

/// Learns templates.
#[derive(Debug, Clone)]
pub struct Miner {
    similarity: f64,
    tokens: BTreeMap<Box<str>, Token>,
    texts: Vec<Box<str>>,
    templates: Vec<Vec<Token>>,
    groups: BTreeMap<Group, Vec<TemplateId>>,
    line: Vec<Token>,
    seen: Vec<(u64, TemplateId)>,
}

/// Slots of the memory of whole lines; a power of two.
const SEEN: usize = 1 << 13;
/// Stands for a word that varies by assumption, in a line's hash.
const MASKED_WORD: u64 = 0x9e37_79b9_7f4a_7c15;

/// A word's number; 0 and 1 vary.
type Token = u32;
/// Number of words and the first two.
type Group = (usize, Token, Token);

/// Varies by assumption: has a digit.
const MASKED: Token = 0;
/// Was seen to vary.
const VARIES: Token = 1;

impl Miner {
    /// An empty miner; lines join a template if at least this share of their words agree.
    ///
    /// Panics if `similarity` is outside 0..=1.
    #[must_use]
    pub fn new(similarity: f64) -> Self {
        assert!((0.0..=1.0).contains(&similarity), "a share, found {similarity}");
        Self {
            similarity,
            tokens: BTreeMap::new(),
            texts: vec!["<*>".into(), "<*>".into()],
            templates: vec![vec![VARIES]],
            groups: BTreeMap::new(),
            line: Vec::new(),
            seen: vec![(0, TemplateId(0)); SEEN],
        }
    }

    /// Takes in a line: its template, and whether that is new.
    pub fn learn(&mut self, body: &str) -> (TemplateId, bool) {
        let hash = hash_of(body);
        let slot = hash as usize & (SEEN - 1);
        if self.seen[slot].0 == hash {
            return (self.seen[slot].1, false);
        }
        let (id, new) = self.learn_line(first_line(body));
        self.seen[slot] = (hash, id);
        (id, new)
    }

    /// The same for a line that is not remembered.
    fn learn_line(&mut self, line: &str) -> (TemplateId, bool) {
        self.read(line);
        let group = self.group();
        let known = self.groups.get(&group).map_or(&[][..], Vec::as_slice);
        let best = known
            .iter()
            .map(|id| (agreement(&self.templates[id.0 as usize], &self.line), *id))
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        match best {
            Some((share, id)) if share >= self.similarity => {
                generalise(&mut self.templates[id.0 as usize], &self.line);
                (id, false)
            }
            _ if self.templates.len() >= MOST_TEMPLATES => (TemplateId(0), false),
            _ => {
                let id = TemplateId(self.templates.len() as u32);
                self.templates.push(self.line.clone());
                self.groups.entry(group).or_default().push(id);
                (id, true)
            }
        }
    }

    /// The text of a template as it is now, with `<*>` where lines vary.
    #[must_use]
    pub fn text(&self, id: TemplateId) -> String {
        let words = self.templates[id.0 as usize].iter().map(|t| &*self.texts[*t as usize]);
        words.collect::<Vec<_>>().join(" ")
    }

    /// Number of templates, the catch-all included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.templates.len()
    }

    /// Whether nothing was learnt.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.templates.len() == 1
    }

    fn read(&mut self, line: &str) {
        self.line.clear();
        for word in line.split_ascii_whitespace().take(MOST_WORDS) {
            let token = if word.bytes().any(|b| b.is_ascii_digit()) {
                MASKED
            } else if let Some(token) = self.tokens.get(word) {
                *token
            } else if self.texts.len() >= MOST_TOKENS {
                VARIES
            } else {
                let token = self.texts.len() as Token;
                self.tokens.insert(word.into(), token);
                self.texts.push(word.into());
                token
            };
            self.line.push(token);
        }
    }

    fn group(&self) -> Group {
        let word = |i: usize| self.line.get(i).copied().unwrap_or(MASKED);
        (self.line.len(), word(0), word(1))
    }
}

/// The first line that is not blank.
fn first_line(body: &str) -> &str {
    body.lines().find(|line| !line.trim().is_empty()).unwrap_or_default()
}

/// A hash of the first `MOST_WORDS` words of the first line that has any, those with a digit all
/// alike; never 0.
fn hash_of(body: &str) -> u64 {
    let (bytes, mut hash, mut words, mut at) = (body.as_bytes(), 1u64, 0, 0);
    loop {
        let gap = bytes[at..].iter().position(|b| SORTS[usize::from(*b)] < SPACE);
        let gap = gap.unwrap_or(bytes.len() - at);
        if gap > 0 && words > 0 && bytes[at..at + gap].contains(&b'\n') {
            break;
        }
        at += gap;
        if at == bytes.len() || words == MOST_WORDS {
            break;
        }
        let (mut word, mut sorts) = (0u64, 0);
        for byte in &bytes[at..] {
            let sort = SORTS[usize::from(*byte)];
            if sort >= SPACE {
                break;
            }
            sorts |= sort;
            // FNV's way, a byte at a time.
            word = (word ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
            at += 1;
        }
        let said = if sorts == DIGIT { MASKED_WORD } else { word };
        hash = (hash.rotate_left(23) ^ said).wrapping_mul(0xff51_afd7_ed55_8ccd);
        words += 1;
    }
    (hash ^ (hash >> 29)) | (1 << 63)
}

/// A digit, among the sorts of bytes.
const DIGIT: u8 = 1;
/// White space, among the sorts of bytes; sorts below stand in words.
const SPACE: u8 = 2;
/// What sort of byte each is.
const SORTS: [u8; 256] = {
    let mut sorts = [0; 256];
    let mut byte = 0_u8;
    while byte < u8::MAX {
        if byte.is_ascii_digit() {
            sorts[byte as usize] = DIGIT;
        } else if byte.is_ascii_whitespace() {
            sorts[byte as usize] = SPACE;
        }
        byte += 1;
    }
    sorts
};

/// Share of the words that agree; places that are known to vary count half.
fn agreement(template: &[Token], line: &[Token]) -> f64 {
    if template.is_empty() {
        return 1.0;
    }
    let score: f64 = template.iter().zip(line).map(|(a, b)| weight(*a, *b)).sum();
    score / template.len() as f64
}

fn weight(template: Token, line: Token) -> f64 {
    match (template, line) {
        (VARIES, _) => 0.5,
        (a, b) if a == b => 1.0,
        _ => 0.0,
    }
}

fn generalise(template: &mut [Token], line: &[Token]) {
    for (slot, word) in template.iter_mut().zip(line) {
        if *slot != *word {
            *slot = VARIES;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(lines: &[&str], expected: &[&str]) {
        let mut miner = Miner::new(0.5);
        let ids: Vec<TemplateId> = lines.iter().map(|line| miner.learn(line).0).collect();
        let texts: Vec<String> = ids.iter().map(|id| miner.text(*id)).collect();
        assert_eq!(texts, expected);
    }

    #[test]
    fn what_varies_becomes_a_wildcard() {
        check(&["GET /cart took 12 ms", "GET /cart took 7 ms"], &["GET /cart took <*> ms"; 2]);
        check(
            &["user alice has logged in", "user alice has logged out"],
            &["user alice has logged <*>"; 2],
        );
        check(&["cache is warm now", "cache is cold now"], &["cache is <*> now"; 2]);
    }

    #[test]
    fn different_lines_stay_apart() {
        check(&["disk is full", "queue is empty"], &["disk is full", "queue is empty"]);
        check(&["a b c", "a b c d"], &["a b c", "a b c d"]);
        check(&["", "  \n java.lang.Error\n  at x.y(Z.java:3)"], &["", "java.lang.Error"]);
    }

    #[test]
    fn the_number_of_templates_is_bounded() {
        let mut miner = Miner::new(0.5);
        for i in 0..MOST_TEMPLATES + 50 {
            let word: String = format!("{i}").bytes().map(|b| (b + 49) as char).collect();
            miner.learn(&format!("{word} {word} happened"));
        }
        assert_eq!(miner.len(), MOST_TEMPLATES);
        assert_eq!(miner.learn("something new altogether"), (TemplateId(0), false));
    }

    /// Word after word, as the hash is told of in words.
    fn hash_by_words(body: &str) -> u64 {
        let blank = |line: &&str| line.split_ascii_whitespace().next().is_none();
        let line = body.split('\n').find(|line| !blank(line)).unwrap_or_default();
        let hash = line.split_ascii_whitespace().take(MOST_WORDS).fold(1u64, |hash, word| {
            let fnv = |w: u64, b: u8| (w ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3);
            let digit = word.bytes().any(|b| b.is_ascii_digit());
            let said = if digit { MASKED_WORD } else { word.bytes().fold(0, fnv) };
            (hash.rotate_left(23) ^ said).wrapping_mul(0xff51_afd7_ed55_8ccd)
        });
        (hash ^ (hash >> 29)) | (1 << 63)
    }

    proptest! {
        #[test]
        fn the_hash_is_that_of_the_words(
            body in "([a-c0-1\u{e9} \t\r]|\n){0,30}",
            repeats in 1usize..40,
        ) {
            prop_assert_eq!(hash_of(&body), hash_by_words(&body));
            let long = body.repeat(repeats);
            prop_assert_eq!(hash_of(&long), hash_by_words(&long));
        }

        #[test]
        fn numbers_that_vary_give_one_template(
            numbers in prop::collection::vec(0u64.., 1..50),
        ) {
            let mut miner = Miner::new(0.5);
            for n in numbers {
                let (id, _) = miner.learn(&format!("order {n} shipped to zone-{n} in {n}ms"));
                prop_assert_eq!(id, TemplateId(1));
            }
            prop_assert_eq!(miner.text(TemplateId(1)), "order <*> shipped to <*> in <*>");
        }

        #[test]
        fn a_line_seen_before_is_never_new(lines in prop::collection::vec("[a-d ]{0,12}", 1..60)) {
            let mut miner = Miner::new(0.5);
            for line in &lines {
                miner.learn(line);
            }
            let before = miner.len();
            let again = miner.learn(lines.last().unwrap());
            prop_assert!(!again.1 && miner.len() == before);
        }
    }
}
