//! Byte streams of scanner tunnels: framing, telegrams, and the binder that they go to.

use std::sync::LazyLock;

use sorter_core::ids::{EyeId, ItemId};
use sorter_core::layout::Layout;
use sorter_core::units::{EncoderCount, Millimetres, Pulses};
use sorter_plc::contract::{Event, EventRecord, ScanRecord, Seq, Status};
use sorter_plc::scanner::{
    Binder, BinderConfig, Binding, Deframer, FrameRefusal, Framing, From, Latch, MOST_CODE_BYTES, MOST_CODES,
    Telegram, TelegramFormat, TriggerRange,
};

static LAYOUT: LazyLock<Layout> = LazyLock::new(Layout::line_100);

/// What a stream gives: telegrams and refusals.
type Pieces = Vec<Result<Vec<u8>, FrameRefusal>>;

/// A stream of a scanner. Its first byte picks the framing, the fields and the pieces in which it comes.
///
/// Any split gives the same telegrams, none longer than the limit; what is read of a telegram is read again
/// when it is written anew; and whatever the telegrams say, each item has one whole set of records.
pub fn scanner(data: &[u8]) {
    let Some((choice, stream)) = data.split_first() else { return };
    let choice = usize::from(*choice);
    let framing = framings()[choice % 4];
    let whole = pieces(framing, stream, stream.len().max(1));
    assert_eq!(pieces(framing, stream, choice / 16 + 1), whole);
    let (format, separator) = &formats()[choice / 4 % 4];
    let mut telegrams = Vec::new();
    for piece in &whole {
        let Ok(text) = piece else { continue };
        assert!(text.len() <= framing.longest());
        if let Ok(Some(telegram)) = format.parse(text) {
            check(format, *separator, &telegram);
            telegrams.push(telegram);
        }
    }
    bind(format, &telegrams);
}

fn framings() -> [Framing; 4] {
    let odd = Framing::new(Some(b'<'), b">", 100).expect("two bytes and a length within the limit");
    [Framing::stx_etx(), Framing::cr_lf(), Framing::lf(), odd]
}

fn formats() -> [(TelegramFormat, u8); 4] {
    let format = |pattern| TelegramFormat::new(pattern).expect("a pattern of known fields");
    let few = TriggerRange::new(1, 100).expect("as many numbers as there have to be");
    [
        (TelegramFormat::default(), b';'),
        (format("trigger,travel,weight,codes").with_no_reads(&["", "E"]), b','),
        (format("skip|count|trigger|codes#").with_triggers(few), b'|'),
        (format("trigger;encoder;length;width;height;weight;codes@").with_heartbeats(&["ALIVE"]), b';'),
    ]
}

fn pieces(framing: Framing, stream: &[u8], size: usize) -> Pieces {
    let mut deframer = Deframer::new(framing);
    let mut pieces = Vec::new();
    for mut input in stream.chunks(size) {
        while let Some(piece) = deframer.next(&mut input) {
            pieces.push(piece.map(<[u8]>::to_vec));
        }
        assert!(input.is_empty());
    }
    pieces
}

/// Writes what was read in the order of the default format, and reads it again.
fn check(format: &TelegramFormat, separator: u8, telegram: &Telegram) {
    assert!(format.triggers().contains(telegram.trigger));
    assert!(telegram.codes().len() <= MOST_CODES);
    let mut text = telegram.trigger.get().to_string().into_bytes();
    let latch = match telegram.latch {
        Some(Latch::Encoder(count)) => u64::from(count.get()),
        Some(Latch::Travel(travel)) => travel & u64::from(u32::MAX),
        None => 0,
    };
    text.push(separator);
    text.extend(latch.to_string().bytes());
    for code in telegram.codes() {
        assert!((1..=MOST_CODE_BYTES).contains(&code.bytes().len()));
        assert!(!code.bytes().contains(&separator));
        text.push(separator);
        text.extend_from_slice(code.bytes());
        text.push(0x1f);
        text.extend(code.position.unwrap_or(Millimetres::ZERO).get().to_string().bytes());
    }
    if telegram.codes().is_empty() {
        text.extend([&[separator][..], b"NONE"].concat());
    }
    let pattern = format!("trigger{0}encoder{0}codes\u{1f}", char::from(separator));
    let anew = TelegramFormat::new(&pattern).expect("a pattern of known fields").with_no_reads(&["NONE"]);
    let again = anew.parse(&text).map(|it| it.expect("no heartbeat"));
    // A code that is itself the text for a no-read is left out.
    if telegram.codes().iter().all(|code| code.bytes() != b"NONE") {
        let again = again.unwrap_or_else(|error| panic!("{}: {error}", text.escape_ascii()));
        assert_eq!(again.trigger, telegram.trigger);
        assert!(again.codes().iter().map(|it| it.bytes()).eq(telegram.codes().iter().map(|it| it.bytes())));
    }
}

/// Items every 800 mm, and the telegrams as they come.
fn bind(format: &TelegramFormat, telegrams: &[Telegram]) {
    let by_number = Binding::ByNumber {
        from: From::LeadingEdge,
        least: Millimetres::ZERO,
        most: Millimetres::new(1_000),
        agreeing: 2,
    };
    let binding = if format.has_latch() { Binding::ByCount } else { by_number };
    let config = BinderConfig { binding, ..BinderConfig::default() };
    let mut binder = Binder::new(config, format, &LAYOUT).expect("settings that fit the layout");
    let mut telegrams = telegrams.iter().peekable();
    let mut records = Vec::new();
    for item in 1..=40_u16 {
        let encoder = EncoderCount::new(u32::from(item) * 80);
        let event = Event::Inducted { eye: EyeId::new(0), length: Pulses::new(60) };
        let event = EventRecord { seq: Seq::NONE, item: ItemId::new(item), encoder, event };
        binder.observe(&Status { encoder, ..Status::default() }, &[event]);
        while let Some(telegram) = telegrams.next_if(|_| binder.has_room()) {
            binder.take(telegram);
        }
        binder.drained();
        binder.bind(&mut records);
    }
    let mut next = [0_u8; 41];
    for ScanRecord { item, index, count, .. } in &records {
        let next = &mut next[item.index()];
        assert!(*index == *next && index < count, "{item} has records {index} of {count} after {next}");
        *next += 1;
    }
}
