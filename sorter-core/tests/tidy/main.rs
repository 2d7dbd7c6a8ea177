//! The house rules that a program can check, over every file of the repository.
//!
//! Each rule is a function of one file or of the list of files; `rules` has them with tests that show each one
//! failing. To see all findings: `cargo test -p sorter-core --test tidy`.

mod links;
mod rules;
mod source;

use std::fmt;
use std::path::{Path, PathBuf};

use source::Source;

/// Folders that are not of the repository.
const FOREIGN_FOLDERS: [&str; 6] = [".git", "target", "out", "corpus", "artifacts", "proptest-regressions"];
/// The kinds of file that people write. Data files have no comments and any length.
const KINDS: [&str; 5] = ["rs", "md", "toml", "py", "run"];

/// One offence against a rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    file: String,
    /// From 1; 0 when it is about the file as a whole.
    line: usize,
    message: String,
}

impl Finding {
    fn new(source: &Source, line: usize, message: impl Into<String>) -> Self {
        Self { file: source.path.clone(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every file that people write, by path from the root, in the order of the paths.
fn repository() -> Vec<Source> {
    let mut sources = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folders of the repository are readable") {
            let path = entry.expect("an entry of a readable folder").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                if !FOREIGN_FOLDERS.contains(&name.as_str()) {
                    folders.push(path);
                }
                continue;
            }
            if !KINDS.contains(&name.rsplit('.').next().unwrap_or_default()) {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("files that people write are UTF-8 text");
            let relative = path.strip_prefix(root()).expect("found under the root");
            sources.push(Source::new(&relative.to_string_lossy().replace('\\', "/"), &text));
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

#[test]
fn the_repository_keeps_its_house_rules() {
    let sources = repository();
    assert!(sources.len() > 100, "only {} files found: the walk is broken", sources.len());
    let mut findings: Vec<Finding> = sources.iter().flat_map(rules::of_file).collect();
    findings.extend(rules::median_length(&sources));
    let listing: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), listing.join("\n"));
}

#[test]
fn the_documents_exist_and_what_they_point_to_exists() {
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/glossary.md"] {
        assert!(root().join(document).is_file(), "{document} is missing");
    }
    let exists = |path: &str| root().join(path).exists();
    let findings: Vec<String> = repository()
        .iter()
        .filter(|source| source.is("md"))
        .flat_map(|source| links::dead(source, &exists))
        .map(|finding| finding.to_string())
        .collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[test]
fn every_problem_of_a_plan_is_in_its_document() {
    let document =
        std::fs::read_to_string(root().join("docs/plan-format.md")).expect("the document is there");
    let mut found = 0;
    for source in repository().iter().filter(|source| source.path.starts_with("sorter-core/src/plan/")) {
        for code in
            source.lines.iter().flat_map(|line| line.text.split('"')).filter(|text| is_plan_code(text))
        {
            found += 1;
            assert!(document.contains(&format!("| {code} |")), "{code} of {} is not explained", source.path);
        }
    }
    assert!(found > 20, "only {found} codes found: the search is broken");
}

fn is_plan_code(text: &str) -> bool {
    let digits = text.strip_prefix("SP").unwrap_or_default();
    digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit())
}
