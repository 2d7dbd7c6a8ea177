//! Runnable examples live in the files named in the manifest; this library has the parcels and the sorter that
//! those with a link need, and tests what surrounds the examples.

#![forbid(unsafe_code)]

mod hall;

pub use hall::{Boxes, MANIFEST, OUTLETS, PARCELS, label, virtual_sorter};

#[cfg(test)]
mod tests {
    use sorter_core::layout::Layout;
    use sorter_core::plan::PlanSource;

    /// The program of an example, without the text above its first line of code.
    fn program(source: &str) -> &str {
        let start = source.find("\nuse ").expect("an example begins with its imports");
        source[start..].trim()
    }

    #[test]
    fn the_program_in_the_readme_is_the_quickstart() {
        let readme = include_str!("../../README.md");
        assert!(
            readme.contains(program(include_str!("../quickstart.rs"))),
            "the program in README.md is not that of examples/quickstart.rs"
        );
    }

    #[test]
    fn the_sorter_in_the_documents_is_that_of_the_loopback() {
        let source = include_str!("../plc_loopback.rs");
        let start = source.find("fn run_sorter").expect("the part of an embedder");
        let length = source[start..].find("\n}\n").expect("a function ends") + 2;
        let part = &source[start..start + length];
        let documents = [
            ("README.md", include_str!("../../README.md")),
            ("docs/embedding.md", include_str!("../../docs/embedding.md")),
        ];
        for (name, text) in documents {
            assert!(text.contains(part), "the sorter in {name} is not that of examples/plc_loopback.rs");
        }
    }

    #[test]
    fn the_plans_of_the_examples_pass_their_check() {
        for name in ["monday", "tuesday"] {
            let path = format!("{}/plans/{name}.toml", env!("CARGO_MANIFEST_DIR"));
            let problems =
                PlanSource::read(path).expect("a plan beside the examples").check(&Layout::line_100());
            assert!(problems.is_empty(), "{problems}");
        }
    }
}
