//! A scanner tunnel that speaks over a stream, with the faults that tunnels have.
//!
//! ```text
//!   tunnel ── bytes ──▶ port ── telegrams ──▶ binder ── scan records ──▶ host
//!                                               ▲
//!   PLC ── events and encoder, each cycle ──────┘
//! ```
//!
//! Six parcels pass. The telegrams of the tunnel come in odd pieces; one parcel lies askew and has two triggers,
//! two touch and have one between them, one was not read, one telegram is damaged, one comes twice, and somebody
//! reaches into the tunnel with a parcel in his hand.
//!
//! Shows: what a host behind [`WithScanner`] sees is the same as if the PLC had reported the scans; what cannot be
//! bound for certain is not bound; and every telegram that was not used is counted.
//!
//! Run it with `cargo run --release -p sorter-examples --example scanner_tunnel`. Exits with 1 when an item has
//! another outcome than it should.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use sorter_core::ids::{EyeId, ItemId};
use sorter_core::layout::Layout;
use sorter_core::units::{EncoderCount, Micros, Pulses};
use sorter_plc::contract::{Event, EventRecord, Order, ScanData, Seq, Status};
use sorter_plc::controller::Inputs;
use sorter_plc::host::{Host, Resync};
use sorter_plc::link::Dial;
use sorter_plc::scanner::{Binder, BinderConfig, PortConfig, WithScanner, scanner_port};
use tokio::io::{AsyncWriteExt, DuplexStream, duplex};

/// The parcels: where their leading edge was on the encoder at the induction, and how long they are, in pulses of
/// 10 mm. The tunnel of the standard line is 300 pulses further on.
const PARCELS: [(u32, i32); 6] = [(0, 40), (100, 60), (200, 40), (241, 40), (350, 40), (450, 40)];

/// What the tunnel sends, and the encoder count at which it does.
const TUNNEL: [(u32, &[u8]); 9] = [
    (345, b"\x021;300;1;LP263072004SG@210\x03\x02\x03"),
    // Askew: one parcel, two edges. The label is read twice.
    (465, b"\x022;400;1;RB123456785GB@390\x03"),
    (470, b"\x023;425;1;RB123456785GB@140\x03\r\n"),
    // Two that touch, under one trigger.
    (590, b"\x024;500;2;354123455501152989@120;LP00239506206926@600\x03"),
    // Nobody's parcel, held into the gap.
    (600, b"\x025;595;1;YT1234567890123456@30\x03"),
    (695, b"\x026;650;0;NOREAD\x03"),
    (795, b"\x027;750;2;CN12"),
    (796, b"\x027;750;1;CN1234567890123@55\x03"),
    (797, b"\x027;750;1;CN1234567890123@55\x03"),
];

/// One stream that is there already. A scanner on the network is dialled with `TcpDial`.
struct Once(Option<DuplexStream>);

impl Dial for Once {
    type Stream = DuplexStream;

    async fn dial(&mut self) -> io::Result<DuplexStream> {
        self.0.take().ok_or_else(|| io::ErrorKind::ConnectionRefused.into())
    }
}

/// Where a controller would stand: it keeps what was read of each item.
#[derive(Default)]
struct Reads(BTreeMap<ItemId, Vec<String>>);

impl Host for Reads {
    fn plc_restarted(&mut self, _: Micros) {}

    fn poll(&mut self, _: Micros, inputs: &Inputs<'_>, _: &mut Vec<Order>) {
        for record in inputs.scans {
            let codes = self.0.entry(record.item).or_default();
            if let ScanData::Code(code) = record.data {
                codes.push(code.as_slice().escape_ascii().to_string());
            }
        }
    }

    fn resync(&mut self, _: Micros, _: &Resync<'_>) {}
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let layout = Layout::line_100();
    let (near, mut tunnel) = duplex(4_096);
    let config = PortConfig::default();
    let binder = Binder::new(BinderConfig::default(), &config.format, &layout)?;
    let (port, feed) = scanner_port(Once(Some(near)), config, 1);
    let mut report = feed.watch();
    tokio::spawn(port.run());
    let mut host = WithScanner::new(Reads::default(), feed, binder);

    let (mut sent, mut inducted, mut good) = (TUNNEL.iter().peekable(), (1_u16..).zip(PARCELS).peekable(), 0);
    for encoder in 0..1_300 {
        while let Some((_, bytes)) = sent.next_if(|(at, _)| *at == encoder) {
            for piece in bytes.chunks(7) {
                tunnel.write_all(piece).await?;
            }
            if bytes.contains(&0x03) {
                good += 1;
                // The cycle does not wait for a scanner; this program does, so that it always prints the same.
                let arrived = report.wait_for(|report| report.counters.telegrams == good);
                tokio::time::timeout(Duration::from_secs(10), arrived).await??;
            }
        }
        let mut events = Vec::new();
        while let Some((item, (edge, length))) = inducted.next_if(|(_, (edge, _))| *edge == encoder) {
            events.push(EventRecord {
                seq: Seq::NONE,
                item: ItemId::new(item),
                encoder: EncoderCount::new(edge),
                event: Event::Inducted { eye: EyeId::new(0), length: Pulses::new(length) },
            });
        }
        let status = Status { encoder: EncoderCount::new(encoder), ..Status::default() };
        let inputs =
            Inputs { status: &status, events: &events, scans: &[], plant: None, accepts_orders: true };
        host.poll(Micros::from_millis(u64::from(encoder) * 4), &inputs, &mut Vec::new());
    }

    for (item, codes) in &host.inner().0 {
        println!("{item}: {}", if codes.is_empty() { "no read".to_owned() } else { codes.join(", ") });
    }
    let (port, bound) = (host.port_report(), host.binder_counters());
    for refused in &port.last_refused {
        println!("refused: {refused}");
    }
    println!("triggers without a parcel: {}", bound.without_parcel);
    println!("telegrams that came twice: {}", bound.duplicates);
    println!("codes moved to the neighbour that carried them: {}", bound.moved_codes);

    let expected: [&[&str]; 6] = [
        &["LP263072004SG"],
        &["RB123456785GB"],
        &["354123455501152989"],
        &["LP00239506206926"],
        &[],
        &["CN1234567890123"],
    ];
    anyhow::ensure!(host.inner().0.values().eq(expected), "an item has what it did not carry");
    Ok(())
}
