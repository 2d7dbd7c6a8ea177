//! Documents that are made from code say what the code says.
//!
//! To renew them: `UPDATE_DOCS=1 cargo test -p sorter-sim --test documents`.

use std::path::Path;

use sorter_sim::scenario::describe;

/// The document about scenario files.
fn scenarios() -> String {
    format!(
        "# Scenarios\n\n\
         A scenario is a simulated day or week as data: the same scenario, seed and version give the same run, byte \
         for byte. It is a TOML file; `sorter-sim day --scenario FILE` runs it, and options of the command line \
         override it. A key that is not in the file has its default, so the empty file is the standard network.\n\n\
         `sorter-sim week --scenario FILE` has the same keys and other defaults: `days = 7`, \
         `profile = \"flights\"` and `parcels = 35000000`.\n\n\
         Every key with its default for `sorter-sim day`. Shares are written as decimals and kept as whole parts in a billion.\n\n\
         ```toml\n{}```\n\n\
         ## Problems\n\n\
         All problems of a file are told at once, each with its line; the exit code is 2.\n\n\
         | code | what |\n| --- | --- |\n\
         | SC0001 | the text is not TOML |\n\
         | SC0002 | unknown key |\n\
         | SC0003 | value of the wrong kind |\n\
         | SC0004 | value outside its range |\n\
         | SC0005 | values that contradict each other |\n\n\
         ## Example\n\n\
         A busy day of one hub with three times as many no-reads:\n\n\
         ```toml\n{BUSY}```\n",
        describe()
    )
}

/// The example of the document.
const BUSY: &str = "parcels = 800_000\nhubs = 1\n\n[reads]\nno_read = 0.045\n";

#[test]
fn the_document_about_scenarios_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/scenarios.md");
    let expected = scenarios();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &expected).expect("the document is writable");
    }
    let found = std::fs::read_to_string(&path).expect("the document is there");
    assert!(
        found == expected,
        "docs/scenarios.md is out of date; renew it with UPDATE_DOCS=1 cargo test -p sorter-sim --test documents"
    );
}

#[test]
fn the_example_of_the_document_is_a_scenario() {
    let busy = sorter_sim::scenario::Scenario::from_toml("busy.toml", BUSY).expect("it has no problems");
    assert_eq!((busy.parcels, busy.reads.no_read.to_string().as_str()), (800_000, "0.045"));
}
