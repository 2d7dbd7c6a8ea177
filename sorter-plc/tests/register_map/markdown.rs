//! The map as a page for controls engineers: the text of a template with the tables of the map.

use std::fmt::Write;

use sorter_plc::register_map::{
    BELT_ENTRY, BELT_FLAGS, BLOCKS, BaseAddresses, BlockId, CAPABILITIES, Direction, ENDINGS, EVENT_RECORD,
    EVENT_TYPES, Field, Named, OPERATIONS, ORDER_RECORD, PERMIT_BITS, REFUSALS, SCAN_KINDS, SCAN_RECORD,
    STATE_BITS,
};

const TEMPLATE: &str = include_str!("register-map.template");

/// The whole page.
pub(crate) fn document() -> String {
    let mut text = TEMPLATE.to_owned();
    let mut tables = vec![("blocks".to_owned(), blocks()), ("event types".to_owned(), event_types())];
    tables.extend(BLOCKS.iter().map(|block| (block.name.to_owned(), fields(block.fields))));
    for record in [EVENT_RECORD, ORDER_RECORD, SCAN_RECORD, BELT_ENTRY] {
        tables.push((record.name.to_owned(), fields(record.fields)));
    }
    let lists: [(&str, &str, &[Named]); 8] = [
        ("state bits", "bit", &STATE_BITS),
        ("capabilities", "bit", &CAPABILITIES),
        ("permit bits", "bit", &PERMIT_BITS),
        ("belt flags", "bit", &BELT_FLAGS),
        ("refusals", "reason", &REFUSALS),
        ("endings", "reason", &ENDINGS),
        ("operations", "operation", &OPERATIONS),
        ("scan kinds", "kind", &SCAN_KINDS),
    ];
    tables.extend(lists.map(|(place, head, list)| (place.to_owned(), named(head, list))));
    for (place, table) in tables {
        let mark = format!("{{{{{place}}}}}\n");
        assert!(text.contains(&mark), "the template has no place for {place}");
        text = text.replace(&mark, &table);
    }
    assert!(!text.contains("{{"), "the template has a place that nothing fills");
    text
}

fn blocks() -> String {
    let bases = BaseAddresses::default();
    let mut table =
        String::from("| block | base | words | direction | when |\n| --- | --- | --- | --- | --- |\n");
    for block in &BLOCKS {
        let direction = match block.direction {
            Direction::PlcToHost => "PLC to host",
            Direction::HostToPlc => "host to PLC",
        };
        let words = match block.id {
            BlockId::Belt => "4 + 5 x capacity".to_owned(),
            _ => block.words.to_string(),
        };
        row(&mut table, &[block.name, &bases.of(block.id).to_string(), &words, direction, block.when]);
    }
    table
}

fn fields(fields: &[Field]) -> String {
    let mut table = String::from("| word | name | unit | meaning |\n| --- | --- | --- | --- |\n");
    for field in fields {
        let word = match field.words {
            1 => field.word.to_string(),
            words => format!("{}-{}", field.word, field.word + words - 1),
        };
        let meaning = match field.record {
            Some(record) => {
                let slots = field.words / record.words;
                format!("{slots} x {} words; {}", record.words, field.meaning)
            }
            None => field.meaning.to_owned(),
        };
        row(&mut table, &[&word, &format!("`{}`", field.name), field.unit, &meaning]);
    }
    table
}

fn named(head: &str, list: &[Named]) -> String {
    let mut table = format!("| {head} | name | meaning |\n| --- | --- | --- |\n");
    for named in list {
        row(&mut table, &[&named.number.to_string(), &format!("`{}`", named.name), named.meaning]);
    }
    table
}

fn event_types() -> String {
    let mut table =
        String::from("| type | name | detail | arg | meaning |\n| --- | --- | --- | --- | --- |\n");
    for event in EVENT_TYPES {
        let name = format!("`{}`", event.name);
        row(&mut table, &[&event.number.to_string(), &name, event.detail, event.arg, event.meaning]);
    }
    table
}

fn row(table: &mut String, cells: &[&str]) {
    assert!(cells.iter().all(|cell| !cell.contains('|')), "{cells:?}");
    writeln!(table, "| {} |", cells.join(" | ")).expect("a string takes every text");
}
