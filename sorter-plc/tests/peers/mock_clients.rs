//! Clients that others wrote against the virtual PLC of the simulator, and a capture of our own link with it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{SyncSender, sync_channel};

use sorter_core::ids::ChuteId;
use sorter_core::units::Micros;
use sorter_plc::contract::{Event, ORDER_SLOTS, Order, OrderOp, Seq};
use sorter_plc::controller::Inputs;
use sorter_plc::cycle::{CycleConfig, CycleThread, Scheduling, Sorter};
use sorter_plc::exchange::SessionState;
use sorter_plc::host::{Host, Resync};
use sorter_plc::link::{Function23, LinkConfig};

use crate::process::{Peer, installed};

/// One virtual PLC with as many parcels as its belt takes.
fn mock() -> Peer {
    Peer::start(Command::new(installed("SORTER_SIM")).args(["mock", "--duration", "120"]))
}

/// What a program says that ends by itself, and whether it is content.
fn run(command: &mut Command) -> (bool, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
    (status.success(), text)
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(name)
}

/// Reads or writes with mbpoll: registers from 0, one time.
fn mbpoll(mock: &Peer, arguments: &[&str], values: &[u16]) -> (bool, String) {
    let port = mock.address.port().to_string();
    let mut command = Command::new("mbpoll");
    command.args(["-m", "tcp", "-0", "-1", "-a", "1", "-p", &port]).args(arguments).arg("127.0.0.1");
    run(command.args(values.iter().map(ToString::to_string)))
}

/// The registers that mbpoll printed, as `[5]:     1234`.
fn registers(text: &str) -> BTreeMap<u16, u16> {
    let pairs = text.lines().filter_map(|line| line.strip_prefix('[')?.split_once("]:"));
    let number = |value: &str| value.split_whitespace().next().and_then(|value| value.parse().ok());
    pairs.filter_map(|(address, value)| Some((address.parse().ok()?, number(value)?))).collect()
}

#[test]
#[ignore = "needs mbpoll, run by .ci/peers"]
fn mbpoll_reads_the_blocks_of_the_mock() {
    let mock = mock();
    let (done, text) = mbpoll(&mock, &["-r", "0", "-c", "121"], &[]);
    let status = registers(&text);
    assert!(done && status.len() == 121, "{text}");
    let words: Vec<u16> = (0..=5).map(|word| status[&word]).collect();
    assert_eq!(words[1..], [0x5052, 1, 0x0102, 0x0304, 0], "magic, version, word order, no session");
    assert_eq!(status[&120], words[0], "both scan counters");
    for (base, count) in [("128", "96"), ("256", "122"), ("384", "81"), ("1024", "125")] {
        let (done, text) = mbpoll(&mock, &["-r", base, "-c", count], &[]);
        assert!(done && registers(&text).len().to_string() == count, "{text}");
    }
}

#[test]
#[ignore = "needs mbpoll, run by .ci/peers"]
fn mbpoll_writes_orders_and_nothing_else() {
    let mock = mock();
    let image: Vec<u16> = (0..96).map(|word| if word == 1 { 77 } else { 0 }).collect();
    let (done, text) = mbpoll(&mock, &["-r", "128"], &image);
    assert!(done, "{text}");
    let (_, text) = mbpoll(&mock, &["-r", "128", "-c", "96"], &[]);
    assert_eq!(registers(&text).into_values().collect::<Vec<_>>(), image);
    for base in ["0", "384", "5000"] {
        let (done, text) = mbpoll(&mock, &["-r", base], &[1, 2]);
        assert!(!done || text.contains("llegal data address"), "a write at {base}: {text}");
        assert!(text.contains("llegal data address"), "a write at {base}: {text}");
    }
}

#[test]
#[ignore = "needs pymodbus, run by .ci/peers"]
fn a_host_on_pymodbus_opens_a_session_and_sorts_parcels() {
    let mock = mock();
    let mut host = Command::new(installed("SORTER_PYMODBUS_PYTHON"));
    let (done, text) = run(host.arg(script("pymodbus_host.py")).arg(mock.address.port().to_string()));
    assert!(done, "{text}");
    print!("pymodbus: {text}");
}

/// Sends each item to one of a few chutes, and says when enough of them are on their way.
struct Spreading {
    sent: Seq,
    next: u16,
    waiting: Vec<Order>,
    enough: Option<SyncSender<()>>,
    polls: u32,
}

impl Spreading {
    fn new(enough: SyncSender<()>) -> Self {
        Self { sent: Seq::NONE, next: 0, waiting: Vec::new(), enough: Some(enough), polls: 0 }
    }
}

impl Host for Spreading {
    fn plc_restarted(&mut self, _now: Micros) {
        panic!("the mock does not restart");
    }

    fn poll(&mut self, _now: Micros, inputs: &Inputs<'_>, orders: &mut Vec<Order>) {
        for record in inputs.events.iter().filter(|record| matches!(record.event, Event::Inducted { .. })) {
            self.next = (self.next + 1) % 40;
            let op = OrderOp::Divert { chute: ChuteId::new(self.next) };
            self.waiting.push(Order { seq: Seq::NONE, item: record.item, op, target: None });
        }
        let room = ORDER_SLOTS - usize::from(inputs.status.order_ack.distance_to(self.sent));
        if inputs.accepts_orders {
            self.polls += 1;
            for order in self.waiting.drain(..self.waiting.len().min(room)) {
                self.sent = self.sent.next();
                orders.push(Order { seq: self.sent, ..order });
            }
        }
        if self.polls > 300
            && self.sent.get() > 3
            && let Some(enough) = self.enough.take()
        {
            enough.send(()).expect("the test waits");
        }
    }

    fn resync(&mut self, _now: Micros, _resync: &Resync<'_>) {
        self.sent = Seq::NONE;
        self.waiting.clear();
    }
}

/// A running dumpcap.
struct Capture(Child);

impl Capture {
    fn start(port: u16, file: &Path) -> Self {
        let mut child = Command::new("dumpcap")
            .args(["-q", "-i", "lo", "-B", "32", "-f", &format!("tcp port {port}"), "-w"])
            .arg(file)
            .stderr(Stdio::piped())
            .spawn()
            .expect("dumpcap starts");
        // It names the file when it has begun.
        let said = BufReader::new(child.stderr.take().expect("it is piped"));
        let begun = said.lines().map_while(Result::ok).any(|line| line.starts_with("File: "));
        assert!(begun, "dumpcap does not capture on loopback");
        Self(child)
    }

    fn stop(mut self) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        self.0.wait().unwrap();
    }
}

#[test]
#[ignore = "needs tshark, run by .ci/peers"]
fn tshark_finds_nothing_to_warn_of_in_what_the_link_and_the_mock_say() {
    let mock = mock();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("link_and_mock.pcapng");
    let capture = Capture::start(mock.address.port(), &file);
    for function_23 in [Function23::Probe, Function23::Never] {
        let (enough, is_enough) = sync_channel(1);
        let link = LinkConfig { function_23, ..LinkConfig::default() };
        let sorter = Sorter::new("captured", mock.address, Spreading::new(enough)).with_link(link);
        let config = CycleConfig { scheduling: Scheduling::plain(), ..CycleConfig::default() };
        let running = CycleThread::start(config, vec![sorter]).unwrap();
        is_enough.recv().unwrap();
        let report = running.stop().unwrap();
        let [link] = &report.links[..] else { panic!("there is one link") };
        assert_eq!((link.exchange.sessions, link.exchange.number_faults), (1, 0), "{:?}", link.incidents);
        assert!(!matches!(link.state, SessionState::Faulted(_)));
    }
    capture.stop();
    let mut python = Command::new(installed("SORTER_PYMODBUS_PYTHON"));
    python.arg(script("capture_check.py")).arg(&file).arg(mock.address.port().to_string());
    let (done, text) = run(&mut python);
    assert!(done, "{text}");
    print!("tshark: {text}");
}
