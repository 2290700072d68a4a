//! The house rules of `ARCHITECTURE.md` as tests: floors and walls, size, docs, catalogs.
//!
//! Reads the sources as text; a rule that a reader cannot see broken is no rule. Each failure
//! names file, line and what to do.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The floor of each room. Rooms on one floor never import each other, but for `SAME_FLOOR`.
const FLOORS: &[(&str, u32)] = &[
    ("unit", 0),
    ("stats", 0),
    ("catalog", 0),
    ("model", 1),
    ("kernel", 1),
    ("timeline", 2),
    ("engine", 3),
    ("controllers", 3),
    ("world", 3),
    ("referee", 3),
    ("import", 3),
    ("scenario", 4),
    ("trial", 5),
    ("campaign", 6),
    ("report", 7),
    ("cli", 8),
];

/// The engine and the referee must not even know that recordings exist.
const FORBIDDEN: &[(&str, &str)] = &[
    ("engine", "timeline"),
    ("referee", "timeline"),
    ("engine", "kernel::Queue"),
    ("engine", "model::Truth"),
    ("engine", "model::TrueIncident"),
    ("engine", "model::WorldRecord"),
    ("engine", "model::Deed"),
    ("controllers", "timeline"),
    ("controllers", "kernel"),
    ("controllers", "model::Truth"),
    ("controllers", "model::TrueIncident"),
    ("controllers", "model::WorldRecord"),
    ("controllers", "model::Deed"),
];

/// Folders of kinds: siblings never import each other, the catalog lists every file.
/// The names after the folder are files that are no kinds.
const PLUG_INS: &[(&str, &[&str])] = &[
    ("engine/detect", &["catalog", "detector", "scores"]),
    ("engine/correlate", &["catalog", "correlator"]),
    ("engine/diagnose", &["catalog", "method"]),
    ("engine/remediate", &["catalog", "remedy"]),
    ("engine/guard", &["catalog", "guardrail"]),
    ("world/chaos", &["catalog", "families", "fault", "onset", "site"]),
    (
        "import",
        &[
            "catalog", "clock", "draft", "files", "flaw", "gathered", "labelled", "parallel",
            "store", "table", "tally",
        ],
    ),
];

const LINE_LIMIT: usize = 100;
const FUNCTION_LIMIT: usize = 70;

struct Source {
    path: PathBuf,
    /// Path below `src`, without `.rs`, parts joined by `/`.
    module: String,
    text: String,
}

impl Source {
    fn room(&self) -> &str {
        self.module.split('/').next().unwrap_or_default()
    }

    /// Numbered lines above the file's unit tests.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().take_while(|line| *line != "#[cfg(test)]");
        lines.enumerate().map(|(i, line)| (i + 1, line))
    }

    fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &root, &mut found);
    found.sort_by(|a, b| a.module.cmp(&b.module));
    assert!(found.len() > 40, "the walk over src/ found only {} files", found.len());
    found
}

fn collect(root: &Path, dir: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(dir).expect("src is readable") {
        let path = entry.expect("src is readable").path();
        if path.is_dir() {
            collect(root, &path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let below = path.strip_prefix(root).expect("below src").with_extension("");
            let parts: Vec<_> = below.iter().map(|p| p.to_string_lossy().into_owned()).collect();
            let text = fs::read_to_string(&path).expect("sources are UTF-8");
            found.push(Source { module: parts.join("/"), path, text });
        }
    }
}

#[track_caller]
fn none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

/// What the file imports from this crate above its tests: line number and path, groups flattened.
fn imports(source: &Source) -> Vec<(usize, String)> {
    let lines: Vec<&str> =
        source.code().map(|(_, line)| line.split("//").next().unwrap_or_default()).collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        for (start, _) in line.match_indices("crate::") {
            let rest = format!("{}{}", &line[start + 7..], lines[index + 1..].concat());
            let mut paths = Vec::new();
            flatten("", &rest, &mut paths);
            found.extend(paths.into_iter().map(|path| (index + 1, path)));
        }
    }
    found
}

/// Reads one path or group at the start of `text`; returns what is left of it.
fn flatten<'a>(prefix: &str, text: &'a str, found: &mut Vec<String>) -> &'a str {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let text = text.trim_start();
    let head = &text[..text.find(|c| !is_path(c)).unwrap_or(text.len())];
    let mut rest = &text[head.len()..];
    let path = format!("{prefix}{head}");
    let Some(group) = rest.strip_prefix('{') else {
        found.push(path.trim_end_matches(':').to_owned());
        return rest;
    };
    rest = group;
    loop {
        rest = rest.trim_start_matches([' ', ',']);
        if let Some(after) = rest.strip_prefix('}') {
            return after;
        }
        let left = flatten(&path, rest, found);
        if left.len() == rest.len() {
            return "";
        }
        rest = left;
    }
}

#[test]
fn rooms_import_only_from_lower_floors() {
    let floors: BTreeMap<&str, u32> = FLOORS.iter().copied().collect();
    let mut problems = Vec::new();
    for source in sources().iter().filter(|s| s.module != "main" && s.module != "lib") {
        let room = source.room();
        let Some(own) = floors.get(room) else {
            problems.push(format!("{}: room {room} has no floor", source.path.display()));
            continue;
        };
        for (number, import) in imports(source) {
            let target = import.split("::").next().unwrap_or_default();
            let wrong = floors.get(target).is_none_or(|floor| target != room && floor >= own);
            if wrong {
                let at = source.at(number);
                problems.push(format!("{at}: {room} must not import crate::{import}"));
            }
        }
    }
    none(&problems);
}

#[test]
fn the_engine_never_sees_the_truth() {
    let mut problems = Vec::new();
    for source in &sources() {
        for (number, import) in imports(source) {
            for (room, forbidden) in FORBIDDEN {
                if source.room() == *room && import.starts_with(forbidden) {
                    let at = source.at(number);
                    problems.push(format!("{at}: {room} must not know crate::{import}"));
                }
            }
        }
    }
    none(&problems);
}

#[test]
fn kinds_are_listed_and_never_import_each_other() {
    let all = sources();
    let mut problems = Vec::new();
    for (folder, not_kinds) in PLUG_INS {
        let catalog = format!("{folder}/catalog");
        let Some(catalog) = all.iter().find(|s| s.module == catalog) else {
            problems.push(format!("src/{folder}/catalog.rs is missing"));
            continue;
        };
        let kinds: Vec<&Source> = all
            .iter()
            .filter(|s| s.module.rsplit_once('/').is_some_and(|(parent, _)| parent == *folder))
            .filter(|s| {
                s.text.contains("pub(super) const ENTRY") || {
                    let name = s.module.rsplit('/').next().unwrap_or_default();
                    !not_kinds.contains(&name)
                }
            })
            .collect();
        for kind in &kinds {
            let name = kind.module.rsplit('/').next().unwrap_or_default();
            if kind.text.contains("const ENTRY")
                && !catalog.text.contains(&format!("{name}::ENTRY"))
            {
                problems.push(format!("{} is not in {folder}/catalog.rs", kind.path.display()));
            }
            for other in &kinds {
                let sibling = other.module.rsplit('/').next().unwrap_or_default();
                let has = |(_, line): &(usize, &str)| line.contains(&format!("super::{sibling}::"));
                let entry = other.text.contains("const ENTRY");
                if entry && sibling != name && kind.code().any(|line| has(&line)) {
                    problems.push(format!("{} imports its sibling {sibling}", kind.module));
                }
            }
        }
    }
    none(&problems);
}

#[test]
fn every_file_opens_with_its_purpose_and_keeps_to_the_limits() {
    let mut problems = Vec::new();
    for source in &sources() {
        if !source.text.starts_with("//! ") {
            problems.push(format!("{}: opens without `//!`", source.path.display()));
        }
        for (number, line) in source.text.lines().enumerate() {
            // rustfmt puts what a derive lists on one line, however long.
            let code = line.trim_start();
            let derive = code.starts_with("#[") || code.starts_with("Debug, Clone");
            if line.chars().count() > LINE_LIMIT && !derive {
                problems.push(format!("{}: over {LINE_LIMIT} columns", source.at(number + 1)));
            }
            if line.contains(concat!("TO", "DO")) || line.contains(concat!("FIX", "ME")) {
                problems.push(format!("{}: open ends belong in an issue", source.at(number + 1)));
            }
        }
        long_functions(source, &mut problems);
    }
    none(&problems);
}

/// Functions over the limit, found by indentation, which rustfmt guarantees.
fn long_functions(source: &Source, problems: &mut Vec<String>) {
    let lines: Vec<&str> = source.code().map(|(_, line)| line).collect();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let indent = line.len() - code.len();
        let words = code.split_whitespace().take(4).collect::<Vec<_>>();
        if !words.contains(&"fn") || code.starts_with("//") || !code.contains('(') {
            continue;
        }
        let close = format!("{}}}", " ".repeat(indent));
        let length = lines[start..].iter().position(|l| **l == close).map_or(0, |n| n + 1);
        let has_body = !line.ends_with(';') && !line.ends_with("{}");
        if length > FUNCTION_LIMIT && has_body {
            problems.push(format!(
                "{}: {length} lines, {FUNCTION_LIMIT} allowed",
                source.at(start + 1)
            ));
        }
    }
}

#[test]
fn no_file_is_dead() {
    let all = sources();
    let mut problems = Vec::new();
    for source in all.iter().filter(|s| s.module != "lib" && s.module != "main") {
        let (parent, name) = source.module.rsplit_once('/').unwrap_or(("lib", &source.module));
        let declared = all
            .iter()
            .filter(|s| s.module == parent)
            .any(|s| s.text.lines().any(|line| line.trim_end().ends_with(&format!("mod {name};"))));
        if !declared {
            problems.push(format!("{}: no module declares it", source.path.display()));
        }
    }
    none(&problems);
}

#[test]
fn the_import_finder_sees_paths_groups_and_broken_lines() {
    let text = "use crate::model::{\n    Frame, // crate::world\n    sub::{A, B},\n};\n\
                fn f() { crate::catalog::find(x) }\n#[cfg(test)]\nuse crate::trial;\n";
    let source = Source { path: PathBuf::new(), module: "x".into(), text: text.into() };
    let found: Vec<String> = imports(&source).into_iter().map(|(_, path)| path).collect();
    assert_eq!(found, ["model::Frame", "model::sub::A", "model::sub::B", "catalog::find"]);
}
