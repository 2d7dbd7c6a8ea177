//! The map as CSV: one line for each word, as an import list for a PLC or a SCADA system.

use std::fmt::Write;

use sorter_plc::register_map::{BLOCKS, BaseAddresses, Block, Direction, Field};

/// The whole file.
pub(crate) fn document() -> String {
    let bases = BaseAddresses::default();
    let mut lines = String::from("block,address,offset,words,name,unit,meaning,direction\n");
    for block in &BLOCKS {
        let mut out = Lines { lines: &mut lines, block, base: bases.of(block.id) };
        block.fields.iter().for_each(|field| out.field(field));
    }
    lines
}

struct Lines<'a> {
    lines: &'a mut String,
    block: &'a Block,
    base: u16,
}

impl Lines<'_> {
    fn field(&mut self, field: &Field) {
        let Some(record) = field.record else { return self.words(field.word, "", field) };
        for slot in 0..field.words / record.words {
            let prefix = format!("{}[{slot}].", field.name);
            for inner in record.fields {
                self.words(field.word + slot * record.words + inner.word, &prefix, inner);
            }
        }
    }

    fn words(&mut self, word: u16, prefix: &str, field: &Field) {
        for part in 0..field.words {
            let suffix = match (field.is_long(), field.words, part) {
                (_, 1, _) => String::new(),
                (true, _, 0) => "_hi".to_owned(),
                (true, ..) => "_lo".to_owned(),
                (false, ..) => format!("[{part}]"),
            };
            let name = format!("{prefix}{}{suffix}", field.name);
            self.line(word + part, field, &name);
        }
    }

    fn line(&mut self, offset: u16, field: &Field, name: &str) {
        let direction = match self.block.direction {
            Direction::PlcToHost => "PLC to host",
            Direction::HostToPlc => "host to PLC",
        };
        let address = self.base + offset;
        let (block, words, unit) = (self.block.name, field.words, field.unit);
        let meaning = quoted(field.meaning);
        writeln!(self.lines, "{block},{address},{offset},{words},{name},{unit},{meaning},{direction}")
            .expect("a string takes every text");
    }
}

fn quoted(text: &str) -> String {
    let plain = text.replace('`', "");
    if plain.contains([',', '"']) { format!("\"{}\"", plain.replace('"', "\"\"")) } else { plain }
}

#[test]
fn every_word_of_a_block_has_its_line_and_its_address() {
    let document = document();
    let words: usize = BLOCKS.iter().map(|block| usize::from(block.words)).sum();
    assert_eq!(document.lines().count(), 1 + words);
    for line in [
        "STATUS,8,8,2,encoder_hi,pulses,",
        "STATUS,34,34,1,events[1].seq,seq,",
        "ORDER,218,90,1,orders[14].seq,seq,",
        "PLANT,464,80,1,scan_counter_b,,",
        "BELT,1028,4,1,items[0].item,item,",
    ] {
        assert!(document.contains(&format!("\n{line}")), "{line}");
    }
}
