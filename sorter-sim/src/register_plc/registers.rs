//! The blocks as they stand in the registers, changed in place.

use sorter_plc::codec::{BeltHead, PlantBlock, RawEvent, RawScan, ScanImage, StatusImage, put_belt_entry};
use sorter_plc::contract::{BeltEntry, EVENT_SLOTS, PlantImage, SCAN_SLOTS, Status};
use sorter_plc::register_map::{
    BELT_ENTRY_WORDS, BELT_HEAD_WORDS, BaseAddresses, BlockId, ORDER_WORDS, PLANT_WORDS, SCAN_WORDS,
    STATUS_WORDS, WordOrder, belt_words,
};

use crate::modbus_server::Exception;

/// The registers of a PLC.
#[derive(Clone, Debug)]
pub(super) struct Registers {
    word_order: WordOrder,
    bases: BaseAddresses,
    status: [u16; STATUS_WORDS],
    order: [u16; ORDER_WORDS],
    scan: [u16; SCAN_WORDS],
    plant: [u16; PLANT_WORDS],
    belt: Vec<u16>,
    /// What STATUS and PLANT say.
    shown: StatusImage,
    plant_shown: PlantBlock,
    scan_counter: u16,
    snapshot: u16,
    /// Where the encoder stands in STATUS.
    encoder: usize,
    written: bool,
}

/// The words of STATUS that count its scans.
const FIRST_COUNTER: usize = 0;
const LAST_COUNTER: usize = STATUS_WORDS - 1;

impl Registers {
    /// The registers of a PLC that has just booted.
    pub(super) fn new(word_order: WordOrder, bases: BaseAddresses, belt_capacity: u16, boot: u16) -> Self {
        let status = Status { boot, ..Status::default() };
        let shown = StatusImage { counter: 0, status, events: [RawEvent::EMPTY; EVENT_SLOTS] };
        let encoder = BlockId::Status.map().fields.iter().find(|field| field.name == "encoder");
        let mut registers = Self {
            word_order,
            bases,
            status: [0; STATUS_WORDS],
            order: [0; ORDER_WORDS],
            scan: [0; SCAN_WORDS],
            plant: [0; PLANT_WORDS],
            belt: vec![0; belt_words(belt_capacity)],
            shown,
            plant_shown: PlantBlock::default(),
            scan_counter: 0,
            snapshot: 0,
            encoder: usize::from(encoder.expect("STATUS has an encoder").word),
            written: false,
        };
        shown.encode(&mut registers.status, word_order);
        registers
    }

    /// A PLC has nothing outside its blocks, and a request reaches over one block only.
    pub(super) fn read(&self, address: u16, out: &mut [u16]) -> Result<(), Exception> {
        let blocks: [(BlockId, &[u16]); 5] = [
            (BlockId::Status, &self.status),
            (BlockId::Order, &self.order),
            (BlockId::Scan, &self.scan),
            (BlockId::Plant, &self.plant),
            (BlockId::Belt, &self.belt),
        ];
        for (block, words) in blocks {
            let from = address.checked_sub(self.bases.of(block)).map(usize::from);
            if let Some(words) = from.and_then(|from| words.get(from..from + out.len())) {
                out.copy_from_slice(words);
                return Ok(());
            }
        }
        Err(Exception::IllegalAddress)
    }

    /// Only ORDER can be written.
    pub(super) fn write(&mut self, address: u16, words: &[u16]) -> Result<(), Exception> {
        let from = address.checked_sub(self.bases.order).map(usize::from);
        let place = from.and_then(|from| self.order.get_mut(from..from + words.len()));
        place.ok_or(Exception::IllegalAddress)?.copy_from_slice(words);
        self.written = true;
        Ok(())
    }

    /// The words of ORDER, if they were written since they were asked for last.
    pub(super) fn written_order(&mut self) -> Option<&[u16; ORDER_WORDS]> {
        std::mem::take(&mut self.written).then_some(&self.order)
    }

    /// Writes STATUS for the next scan. In a scan without news only counters and encoder change.
    pub(super) fn show_status(&mut self, status: &Status, window: Option<&[RawEvent; EVENT_SLOTS]>) {
        let shown = &mut self.shown;
        shown.counter = shown.counter.wrapping_add(1);
        shown.status.encoder = status.encoder;
        if window.is_none() && shown.status == *status {
            let count = status.encoder.get();
            let (high, low) = ((count >> 16) as u16, (count & 0xFFFF) as u16);
            let words = match self.word_order {
                WordOrder::HighFirst => [high, low],
                WordOrder::LowFirst => [low, high],
            };
            self.status[self.encoder..][..2].copy_from_slice(&words);
            self.status[FIRST_COUNTER] = shown.counter;
            self.status[LAST_COUNTER] = shown.counter;
            return;
        }
        shown.status = *status;
        if let Some(window) = window {
            shown.events = *window;
        }
        shown.encode(&mut self.status, self.word_order);
    }

    /// Writes SCAN.
    pub(super) fn show_scans(&mut self, records: &[RawScan; SCAN_SLOTS]) {
        self.scan_counter = self.scan_counter.wrapping_add(1);
        ScanImage { counter: self.scan_counter, records: *records }.encode(&mut self.scan);
    }

    /// Writes PLANT, if it says something else.
    pub(super) fn show_plant(&mut self, image: &PlantImage) {
        if self.plant_shown.image != *image {
            let counter = self.plant_shown.counter.wrapping_add(1);
            self.plant_shown = PlantBlock { counter, image: *image };
            self.plant_shown.encode(&mut self.plant, self.word_order);
        }
    }

    /// Writes the next BELT snapshot. Entries beyond the capacity of the block are left out.
    pub(super) fn show_belt(&mut self, entries: &[BeltEntry]) {
        let (head, rest) = self.belt.split_at_mut(BELT_HEAD_WORDS);
        rest.fill(0);
        let mut count = 0;
        for (entry, words) in entries.iter().zip(rest.chunks_exact_mut(BELT_ENTRY_WORDS)) {
            let words = words.try_into().expect("each chunk is one entry");
            put_belt_entry(entry, words, self.word_order);
            count += 1;
        }
        self.snapshot = self.snapshot.checked_add(1).unwrap_or(1);
        let head = head.try_into().expect("the block begins with its head");
        BeltHead { entries: count, snapshot: self.snapshot }.encode(head);
    }
}
