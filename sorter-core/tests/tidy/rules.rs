//! The rules.

use crate::Finding;
use crate::source::Source;

/// The longest file.
const MAX_LINES: usize = 800;
/// The longest median of the Rust files.
const MAX_MEDIAN: usize = 260;
/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 7] = ["mod", "util", "utils", "helper", "helpers", "common", "types"];
/// What is left over from writing.
const LEFTOVERS: [&str; 3] = ["TODO", "FIXME", "XXX"];
const LEFTOVER_MACROS: [&str; 3] = ["dbg!", "todo!", "unimplemented!"];
/// The only places with `unsafe`.
const UNSAFE_PLACES: [&str; 3] = ["sorter-core/src/sync/", "sorter-core/src/sync.rs", "sorter-core/src/mem/"];
/// Words with the one to use instead. A hyphen or an underscore is part of a word.
const BANNED_WORDS: [(&str, &str); 18] = [
    ("package", "parcel"),
    ("packages", "parcels"),
    ("slave", "server or follower"),
    ("slaves", "servers or followers"),
    ("master", "client or leader"),
    ("masters", "clients or leaders"),
    ("whitelist", "allow list"),
    ("blacklist", "deny list"),
    ("dieback", "the behaviour itself"),
    ("photoeye", "photo-eye"),
    ("photoeyes", "photo-eyes"),
    ("lightbarrier", "photo-eye"),
    ("missread", "misread"),
    ("mis-sort", "missort"),
    ("mis-sorts", "missorts"),
    ("re-circulation", "recirculation"),
    ("reject-chute", "exception chute"),
    ("sanity", "what is checked"),
];
/// A line that speaks of a cargo package, or of one of these, may say so.
const SOFTWARE: [&str; 6] = ["cargo", "crate", "pip", "python", "registry", "debian"];
/// Lines above an atomic operation in which its reason may stand.
const ORDERING_REACH: usize = 4;
const ORDERINGS: [&str; 5] = ["Relaxed", "Acquire", "Release", "AcqRel", "SeqCst"];

/// Every finding in one file.
pub(crate) fn of_file(source: &Source) -> Vec<Finding> {
    [length, name, leftovers, unsafe_places, sleeps, orderings, words]
        .iter()
        .flat_map(|rule| rule(source))
        .collect()
}

fn length(source: &Source) -> Vec<Finding> {
    let lines = source.lines.len();
    if lines <= MAX_LINES {
        return Vec::new();
    }
    vec![Finding::new(source, 0, format!("{lines} lines (at most {MAX_LINES})"))]
}

/// Rust files are short in the middle of their distribution.
pub(crate) fn median_length(sources: &[Source]) -> Vec<Finding> {
    let mut lengths: Vec<(usize, &Source)> =
        sources.iter().filter(|source| source.is("rs")).map(|source| (source.lines.len(), source)).collect();
    lengths.sort_by_key(|(length, _)| *length);
    match lengths.get(lengths.len() / 2) {
        Some((median, source)) if *median > MAX_MEDIAN => {
            vec![Finding::new(
                source,
                0,
                format!("the median file has {median} lines (at most {MAX_MEDIAN})"),
            )]
        }
        _ => Vec::new(),
    }
}

fn name(source: &Source) -> Vec<Finding> {
    let file = source.path.rsplit('/').next().unwrap_or_default();
    match file.strip_suffix(".rs") {
        Some(stem) if EMPTY_NAMES.contains(&stem) => {
            vec![Finding::new(source, 0, "the name does not say what is inside")]
        }
        _ => Vec::new(),
    }
}

fn leftovers(source: &Source) -> Vec<Finding> {
    if source.is("md") {
        return Vec::new();
    }
    let found = |line: &crate::source::Line| {
        let words = words_of(&line.prose).chain(words_of(&line.code)).find(|word| LEFTOVERS.contains(word));
        let macros = LEFTOVER_MACROS.iter().find(|name| source.is("rs") && line.code.contains(*name));
        words.map(str::to_owned).or_else(|| macros.map(|name| (*name).to_owned()))
    };
    let lines = source.numbered();
    lines
        .filter_map(|(n, line)| found(line).map(|it| Finding::new(source, n, format!("{it} is left over"))))
        .collect()
}

fn unsafe_places(source: &Source) -> Vec<Finding> {
    if !source.is("rs") || UNSAFE_PLACES.iter().any(|place| source.path.starts_with(place)) {
        return Vec::new();
    }
    let lines = source.numbered().filter(|(_, line)| words_of(&line.code).any(|word| word == "unsafe"));
    lines.map(|(n, _)| Finding::new(source, n, "unsafe outside sync and mem of sorter-core")).collect()
}

fn sleeps(source: &Source) -> Vec<Finding> {
    let sleeps = |code: &str| code.contains("thread::sleep") || code.contains("time::sleep");
    let lines = source.numbered().filter(|(_, line)| source.is("rs") && sleeps(&line.code));
    lines.map(|(n, _)| Finding::new(source, n, "a sleep: time is an argument")).collect()
}

/// Atomics of the core live in `sync`, and each operation tells why its ordering is enough.
fn orderings(source: &Source) -> Vec<Finding> {
    if !source.is("rs") || !source.path.starts_with("sorter-core/src/") {
        return Vec::new();
    }
    let in_sync = source.path.starts_with("sorter-core/src/sync");
    let uses = |code: &str| ORDERINGS.iter().any(|ordering| code.contains(&format!("Ordering::{ordering}")));
    let mut findings = Vec::new();
    for (n, line) in source.numbered().filter(|(_, line)| uses(&line.code)) {
        let above = &source.lines[n.saturating_sub(1 + ORDERING_REACH)..n];
        if !in_sync {
            findings.push(Finding::new(source, n, format!("an atomic outside sync: {}", line.code.trim())));
        } else if !above.iter().any(|line| line.prose.contains("ORDERING:")) {
            findings.push(Finding::new(source, n, "an atomic operation without an ORDERING comment"));
        }
    }
    findings
}

fn words(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (n, line) in source.numbered() {
        let prose = line.prose.to_lowercase();
        let of_software = words_of(&prose).any(|word| SOFTWARE.contains(&word));
        for word in words_of(&prose) {
            let banned = BANNED_WORDS.iter().find(|(banned, _)| *banned == word);
            if let Some((banned, instead)) =
                banned.filter(|(word, _)| !(word.starts_with("package") && of_software))
            {
                findings.push(Finding::new(source, n, format!("\"{banned}\" (say {instead})")));
            }
        }
    }
    findings
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').filter(|word| !word.is_empty())
}

/// The messages about one sample.
#[cfg(test)]
fn findings(path: &str, text: &str) -> Vec<String> {
    of_file(&Source::new(path, text))
        .into_iter()
        .map(|finding| format!("{}: {}", finding.line, finding.message))
        .collect()
}

#[test]
fn finds_long_files_and_empty_names() {
    let long = "\n".repeat(MAX_LINES + 1);
    assert_eq!(findings("a/src/b.rs", &long), ["0: 801 lines (at most 800)"]);
    assert_eq!(findings("a/src/b.rs", &long[1..]), [""; 0]);
    for file in ["a/src/mod.rs", "a/src/utils.rs", "types.rs"] {
        assert_eq!(findings(file, ""), ["0: the name does not say what is inside"], "{file}");
    }
    let file = |lines: usize| Source::new("a/src/b.rs", &"\n".repeat(lines));
    assert!(median_length(&[file(1), file(260), file(700)]).is_empty());
    assert_eq!(median_length(&[file(1), file(261), file(700)]).len(), 1);
}

#[test]
fn finds_leftovers_in_comments_and_code_but_not_in_texts() {
    assert_eq!(findings("a.rs", "// TODO: later\nlet x = \"TODO\";\n"), ["1: TODO is left over"]);
    assert_eq!(findings("a.rs", "dbg!(x);\ntodo!()"), ["1: dbg! is left over", "2: todo! is left over"]);
    assert_eq!(findings("a.toml", "a = 1 # FIXME"), ["1: FIXME is left over"]);
}

#[test]
fn finds_unsafe_in_wrong_places_and_sleeps() {
    let text = "#![forbid(unsafe_code)]\n// unsafe in a comment\nunsafe { f() }\n";
    assert_eq!(findings("sorter-plc/src/a.rs", text), ["3: unsafe outside sync and mem of sorter-core"]);
    assert_eq!(findings("sorter-core/src/mem/a.rs", text), [""; 0]);
    assert_eq!(findings("a.rs", "std::thread::sleep(d);"), ["1: a sleep: time is an argument"]);
}

#[test]
fn finds_atomics_without_a_reason_or_outside_sync() {
    let bare = "x.load(Ordering::Relaxed);\n";
    let sync = "sorter-core/src/sync/a.rs";
    assert_eq!(findings(sync, bare), ["1: an atomic operation without an ORDERING comment"]);
    assert_eq!(findings(sync, &format!("// ORDERING: Relaxed. Why.\n{bare}")), [""; 0]);
    let far = format!("// ORDERING: Relaxed. Why.\n{}{bare}", "\n".repeat(ORDERING_REACH));
    assert_eq!(findings(sync, &far).len(), 1);
    let outside = findings("sorter-core/src/a.rs", bare);
    assert_eq!(outside, ["1: an atomic outside sync: x.load(Ordering::Relaxed);"]);
    assert_eq!(findings("sorter-core/src/a.rs", "Ordering::Less"), [""; 0]);
}

#[test]
fn finds_words_that_the_glossary_does_not_have() {
    assert_eq!(findings("a.md", "The Package left."), ["1: \"package\" (say parcel)"]);
    assert_eq!(findings("a.md", "The Python package is pinned."), [""; 0]);
    assert_eq!(findings("a.rs", "let package = 1; // a slave"), ["1: \"slave\" (say server or follower)"]);
    assert_eq!(findings("a.toml", "[package]\n"), [""; 0]);
}
