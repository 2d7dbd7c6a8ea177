//! Runnable examples live in the files named in the manifest; this library only tests what surrounds them.

#![forbid(unsafe_code)]

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
    fn the_plans_of_the_examples_pass_their_check() {
        for name in ["monday", "tuesday"] {
            let path = format!("{}/plans/{name}.toml", env!("CARGO_MANIFEST_DIR"));
            let problems =
                PlanSource::read(path).expect("a plan beside the examples").check(&Layout::line_100());
            assert!(problems.is_empty(), "{problems}");
        }
    }
}
