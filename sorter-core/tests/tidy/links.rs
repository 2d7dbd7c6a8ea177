//! What documents point to: other files, and the crates, examples and benches of their commands.

use crate::Finding;
use crate::source::Source;

/// Where the things live that a command names after an option.
const OPTIONS: [(&str, &str, &str); 3] =
    [("--example", "examples/", ".rs"), ("--bench", "benches/benches/", ".rs"), ("--manifest-path", "", "")];
/// The crates by name, with their folders.
const CRATES: [(&str, &str); 5] = [
    ("sorter-core", "sorter-core"),
    ("sorter-plc", "sorter-plc"),
    ("sorter-sim", "sorter-sim"),
    ("sorter-examples", "examples"),
    ("sorter-benches", "benches"),
];

/// Links and commands of a document that lead nowhere. `exists` knows paths from the root.
pub(crate) fn dead(source: &Source, exists: &dyn Fn(&str) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (n, line) in source.numbered() {
        for target in links(&line.text) {
            let path = target.split('#').next().unwrap_or_default();
            let foreign = target.contains("://") || path.is_empty();
            if !foreign && !exists(&from_root(&source.path, path)) {
                findings.push(Finding::new(source, n, format!("the link to {target} leads nowhere")));
            }
        }
        for path in command_paths(&line.text) {
            if !exists(&path) {
                findings.push(Finding::new(
                    source,
                    n,
                    format!("the command needs {path}, which is not there"),
                ));
            }
        }
    }
    findings
}

/// The targets of `[text](target)`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

/// A path that is written in one file, from the root.
fn from_root(file: &str, target: &str) -> String {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            ".." => {
                parts.pop();
            }
            "." | "" => {}
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// The files and folders that a cargo command in a line needs.
fn command_paths(text: &str) -> Vec<String> {
    let Some(start) = text.find("cargo ") else { return Vec::new() };
    let clean = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let words: Vec<&str> = text[start..].split_whitespace().collect();
    let mut paths = Vec::new();
    for pair in words.windows(2) {
        let name = clean(pair[1]);
        if pair[0] == "-p" {
            let folder = CRATES.iter().find(|(crate_name, _)| *crate_name == name);
            paths.push(folder.map_or(name, |(_, folder)| (*folder).to_owned()));
        } else if let Some((_, before, after)) = OPTIONS.iter().find(|(option, ..)| *option == pair[0]) {
            paths.push(format!("{before}{name}{after}"));
        }
    }
    paths
}

#[test]
fn finds_links_and_commands_that_lead_nowhere() {
    let exists =
        |path: &str| ["docs/a.md", "README.md", "examples", "examples/quickstart.rs"].contains(&path);
    let check = |path: &str, text: &str| {
        let findings = dead(&Source::new(path, text), &exists);
        findings.into_iter().map(|finding| finding.message).collect::<Vec<_>>()
    };
    assert_eq!(check("README.md", "[a](docs/a.md#part) [b](https://b.example)"), [""; 0]);
    assert_eq!(check("docs/a.md", "[up](../README.md)"), [""; 0]);
    assert_eq!(check("docs/a.md", "[b](b.md)"), ["the link to b.md leads nowhere"]);
    assert_eq!(check("README.md", "`cargo run -p sorter-examples --example quickstart`"), [""; 0]);
    assert_eq!(
        check("README.md", "cargo run -p sorter-nothing --example slowstart"),
        [
            "the command needs sorter-nothing, which is not there",
            "the command needs examples/slowstart.rs, which is not there"
        ]
    );
}
