//! The map as constants of an IEC 61131-3 Structured Text program.

use std::fmt::Write;

use sorter_plc::contract::{EVENT_SLOTS, ORDER_SLOTS, SCAN_SLOTS, Seq};
use sorter_plc::register_map::{
    BELT_CAPACITY, BELT_ENTRY, BELT_ENTRY_WORDS, BELT_HEAD_WORDS, BLOCKS, BlockId, CAPABILITIES,
    CHECK_ROTATION, CHECK_SEED, ENDINGS, EVENT_RECORD, EVENT_STORE, EVENT_TYPES, Field, MAGIC, NO_CHUTE,
    Named, OPERATIONS, ORDER_RECORD, REFUSALS, SCAN_KINDS, SCAN_RECORD, SCAN_STORE, STATE_BITS, VERSION,
    WORD_ORDER_PROBE,
};

const HEAD: &str = "\
(* The register map of the host-PLC contract as constants. Written from the map: do not edit.
   Word numbers count from the base of their block, so the addresses of the blocks stand only where
   you map them. Names: SX_<block>_<word>, SXE_ event types, SXO_ operations, SXR_ reasons of refusal,
   SXN_ reasons of ending, SXK_ kinds of scan records, SXB_ state bits, SXC_ capabilities. *)
VAR_GLOBAL CONSTANT
";

/// The whole file.
pub(crate) fn document() -> String {
    let mut out = String::from(HEAD);
    contract(&mut out);
    for block in &BLOCKS {
        section(&mut out, &format!("{}: words of the block", block.name));
        let last = match block.id {
            // The size of BELT is configuration.
            BlockId::Belt => BELT_HEAD_WORDS + BELT_ENTRY_WORDS * usize::from(BELT_CAPACITY) - 1,
            _ => usize::from(block.words) - 1,
        };
        constant(&mut out, &format!("SX_{}_LAST", block.name), "INT", &last.to_string(), "last word");
        words(&mut out, block.name, block.fields);
    }
    let records =
        [("EVENT", EVENT_RECORD), ("ORD", ORDER_RECORD), ("SCANREC", SCAN_RECORD), ("ITEM", BELT_ENTRY)];
    for (prefix, record) in records {
        section(&mut out, &format!("{}: words of one record", record.name));
        constant(&mut out, &format!("SX_{prefix}_WORDS"), "INT", &record.words.to_string(), "its length");
        words(&mut out, prefix, record.fields);
    }
    section(&mut out, "event types");
    for event in EVENT_TYPES {
        let note = format!("detail: {}; arg: {}", event.detail, event.arg);
        constant(&mut out, &format!("SXE_{}", event.name), "UINT", &event.number.to_string(), &note);
    }
    numbers(&mut out, "operations", "SXO", &OPERATIONS);
    numbers(&mut out, "reasons of refusal", "SXR", &REFUSALS);
    numbers(&mut out, "reasons of ending", "SXN", &ENDINGS);
    numbers(&mut out, "kinds of scan records", "SXK", &SCAN_KINDS);
    masks(&mut out, "state bits", "SXB", &STATE_BITS);
    masks(&mut out, "capabilities", "SXC", &CAPABILITIES);
    out.push_str("END_VAR\n");
    out
}

fn contract(out: &mut String) {
    section(out, "the contract");
    let (high, low) = (WORD_ORDER_PROBE >> 16, WORD_ORDER_PROBE & 0xFFFF);
    word(out, "SX_MAGIC", MAGIC, "word 1 of STATUS");
    word(out, "SX_VERSION", VERSION, "word 2 of STATUS");
    word(out, "SX_PROBE_HI", high as u16, "high word of the word order probe");
    word(out, "SX_PROBE_LO", low as u16, "low word of the word order probe");
    word(out, "SX_CHECK_SEED", CHECK_SEED, "the session is mixed with it at the start of an order check");
    word(out, "SX_NO_CHUTE", NO_CHUTE, "chute word of a BELT entry without an order");
    let rotation = CHECK_ROTATION.to_string();
    constant(out, "SX_CHECK_ROTATION", "INT", &rotation, "bits to the left before each word of the check");
    let last = Seq::LAST.to_string();
    constant(out, "SX_LAST_SEQ", "UINT", &last, "the last sequence number, then comes 1");
    constant(out, "SX_EVENT_SLOTS", "UINT", &EVENT_SLOTS.to_string(), "records in the event window");
    constant(out, "SX_ORDER_SLOTS", "UINT", &ORDER_SLOTS.to_string(), "records in the order ring");
    constant(out, "SX_SCAN_SLOTS", "UINT", &SCAN_SLOTS.to_string(), "records in the scan window");
    let stored = (EVENT_STORE + EVENT_SLOTS).to_string();
    constant(out, "SX_EVENT_STORE", "UINT", &stored, "events kept: window and backlog");
    let stored = (SCAN_STORE + SCAN_SLOTS).to_string();
    constant(out, "SX_SCAN_STORE", "UINT", &stored, "scan records kept: window and backlog");
    let last = (EVENT_STORE + EVENT_SLOTS - 1).to_string();
    constant(out, "SX_EVENT_STORE_LAST", "INT", &last, "last place of the event store");
    let last = (SCAN_STORE + SCAN_SLOTS - 1).to_string();
    constant(out, "SX_SCAN_STORE_LAST", "INT", &last, "last place of the scan store");
    let capacity = BELT_CAPACITY.to_string();
    constant(
        out,
        "SX_BELT_CAPACITY",
        "INT",
        &capacity,
        "items on the belt at most; the host must know it too",
    );
}

fn words(out: &mut String, prefix: &str, fields: &[Field]) {
    for field in fields.iter().filter(|field| !field.is_reserved()) {
        let name = format!("SX_{prefix}_{}", field.name.to_uppercase());
        let note = if field.is_long() { "32 bits, high word here; " } else { "" };
        let note = format!("{note}{}", field.meaning.replace('`', ""));
        constant(out, &name, "INT", &field.word.to_string(), &note);
    }
}

fn numbers(out: &mut String, title: &str, prefix: &str, list: &[Named]) {
    section(out, title);
    for named in list {
        constant(out, &format!("{prefix}_{}", named.name), "UINT", &named.number.to_string(), named.meaning);
    }
}

fn masks(out: &mut String, title: &str, prefix: &str, list: &[Named]) {
    section(out, title);
    for named in list {
        word(out, &format!("{prefix}_{}", named.name), 1 << named.number, named.meaning);
    }
}

fn section(out: &mut String, title: &str) {
    writeln!(out, "\n    (* {title} *)").expect("a string takes every text");
}

fn word(out: &mut String, name: &str, value: u16, note: &str) {
    constant(out, name, "WORD", &format!("16#{value:04X}"), note);
}

fn constant(out: &mut String, name: &str, kind: &str, value: &str, note: &str) {
    assert!(note.is_ascii() && !note.contains("*)"), "{note}");
    writeln!(out, "    {name} : {kind} := {value}; (* {} *)", note.replace('`', ""))
        .expect("a string takes every text");
}
