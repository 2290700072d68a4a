//! Aligned columns and wrapped text, by characters.

/// Rows under a head, two spaces in and two between; columns not in `left` are right-aligned.
pub(in crate::report) fn columns(
    head: &[&str],
    rows: &[Vec<String>],
    left: &[usize],
) -> Vec<String> {
    let head: Vec<String> = head.iter().map(|h| (*h).to_owned()).collect();
    let all: Vec<&Vec<String>> = std::iter::once(&head).chain(rows).collect();
    let width = |i: usize| all.iter().filter_map(|r| r.get(i)).map(|c| c.chars().count()).max();
    let widths: Vec<usize> = (0..head.len()).map(|i| width(i).unwrap_or(0)).collect();
    let line = |row: &&Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate().map(|(i, (cell, w))| {
            if left.contains(&i) { format!("{cell:<w$}") } else { format!("{cell:>w$}") }
        });
        format!("  {}", cells.collect::<Vec<_>>().join("  ")).trim_end().to_owned()
    };
    all.iter().map(line).collect()
}

/// Text broken at spaces into lines of at most `width` characters; longer words are cut.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let word = crate::report::format::cut(word, width);
        let long = line.chars().count() + 1 + word.chars().count() > width;
        if !line.is_empty() && long {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}
