//! A file, line by line, with code and comments apart.

/// One line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// What is code, with the insides of strings left out. Empty in documents.
    pub(crate) code: String,
    /// What is for people: comments, or the whole line of a document.
    pub(crate) prose: String,
    /// The line as it is.
    pub(crate) text: String,
}

/// One file.
pub(crate) struct Source {
    /// From the root of the repository, with `/`.
    pub(crate) path: String,
    pub(crate) lines: Vec<Line>,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let lines = match path.rsplit('.').next() {
            Some("rs") => rust_lines(text),
            Some("md") => text.lines().map(document_line).collect(),
            _ => text.lines().map(script_line).collect(),
        };
        Self { path: path.to_owned(), lines }
    }

    /// Whether it is a file of this kind.
    pub(crate) fn is(&self, kind: &str) -> bool {
        self.path.rsplit('.').next() == Some(kind)
    }

    /// The lines with their numbers, from 1.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (usize, &Line)> {
        (1..).zip(&self.lines)
    }
}

fn document_line(text: &str) -> Line {
    Line { prose: text.to_owned(), text: text.to_owned(), ..Line::default() }
}

/// A line of a file whose comments begin with `#` at the start of the line or after a space.
fn script_line(text: &str) -> Line {
    let start = if text.starts_with('#') { Some(0) } else { text.find(" #") };
    let (code, prose) = text.split_at(start.unwrap_or(text.len()));
    Line { code: code.to_owned(), prose: prose.to_owned(), text: text.to_owned() }
}

/// Where the scanner is between two characters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Code,
    /// In block comments, so many deep.
    Block(u32),
    Text,
    /// In a raw string that ends with a quote and so many hashes.
    Raw(usize),
}

/// Splits Rust by its comments and strings.
fn rust_lines(text: &str) -> Vec<Line> {
    let mut state = State::Code;
    text.lines()
        .map(|text| {
            let mut line = Line { text: text.to_owned(), ..Line::default() };
            let mut rest = text;
            while !rest.is_empty() {
                rest = step(&mut state, rest, &mut line);
            }
            line
        })
        .collect()
}

/// Takes one piece off the front of `rest`.
fn step<'a>(state: &mut State, rest: &'a str, line: &mut Line) -> &'a str {
    match *state {
        State::Code => code_step(state, rest, line),
        State::Block(depth) => {
            if let Some(after) = rest.strip_prefix("*/") {
                *state = if depth == 1 { State::Code } else { State::Block(depth - 1) };
                after
            } else if let Some(after) = rest.strip_prefix("/*") {
                *state = State::Block(depth + 1);
                after
            } else {
                push_first(&mut line.prose, rest)
            }
        }
        State::Text => {
            if let Some(after) = rest.strip_prefix('"') {
                *state = State::Code;
                line.code.push('"');
                return after;
            }
            let escaped = rest.starts_with('\\');
            let mut characters = rest.chars();
            characters.next();
            if escaped {
                characters.next();
            }
            characters.as_str()
        }
        State::Raw(hashes) => match rest.strip_prefix('"') {
            Some(after) if after.starts_with(&"#".repeat(hashes)) => {
                *state = State::Code;
                line.code.push('"');
                &after[hashes..]
            }
            _ => without_first(rest),
        },
    }
}

fn code_step<'a>(state: &mut State, rest: &'a str, line: &mut Line) -> &'a str {
    if let Some(comment) = rest.strip_prefix("//") {
        line.prose.push_str(comment);
        return "";
    }
    if let Some(after) = rest.strip_prefix("/*") {
        *state = State::Block(1);
        return after;
    }
    if let Some(after) = rest.strip_prefix('"') {
        *state = State::Text;
        line.code.push('"');
        return after;
    }
    let after_word = line.code.ends_with(|last: char| last.is_alphanumeric() || last == '_');
    let raw = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r')).filter(|_| !after_word);
    if let Some(opening) = raw {
        let after = opening.trim_start_matches('#');
        if let Some(inside) = after.strip_prefix('"') {
            *state = State::Raw(opening.len() - after.len());
            line.code.push('"');
            return inside;
        }
    }
    match character_literal(rest) {
        Some(after) => {
            line.code.push_str("''");
            after
        }
        None => push_first(&mut line.code, rest),
    }
}

/// What follows a character literal, so that `'"'` opens no string. A lifetime is no literal.
fn character_literal(rest: &str) -> Option<&str> {
    let inside = rest.strip_prefix('\'')?;
    if inside.starts_with('\\') {
        let close = inside.get(2..)?.find('\'')? + 2;
        return Some(&inside[close + 1..]);
    }
    without_first(inside).strip_prefix('\'')
}

fn push_first<'a>(to: &mut String, rest: &'a str) -> &'a str {
    to.extend(rest.chars().next());
    without_first(rest)
}

fn without_first(rest: &str) -> &str {
    let mut characters = rest.chars();
    characters.next();
    characters.as_str()
}

#[test]
fn code_comments_and_strings_are_told_apart() {
    let text = "let a = \"// no // comment\"; // one \"two\"\n\
                let b = '\"'; let c: &'static str = r#\"raw \" // \"#; /* in /* deep */ side */ end();\n\
                let d = \"open\nstill open\\\"\"; f('\\'', b'\\\\');\n\
                /// Docs.\n";
    let lines = rust_lines(text);
    let code: Vec<&str> = lines.iter().map(|line| line.code.trim_end()).collect();
    assert_eq!(
        code,
        [
            "let a = \"\";",
            "let b = ''; let c: &'static str = \"\";  end();",
            "let d = \"",
            "\"; f('', b'');",
            ""
        ]
    );
    let prose: Vec<&str> = lines.iter().map(|line| line.prose.trim()).collect();
    assert_eq!(prose, ["one \"two\"", "in  deep  side", "", "", "/ Docs."]);
}
