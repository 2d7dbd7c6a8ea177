//! `mock` and `drive` as two processes over sockets.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::Value;

const LOAD: [&str; 4] = ["--seed", "11", "--parcels-per-hour", "7200"];

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sorter-sim"));
    command.args(arguments);
    command
}

/// PLCs in a process of their own, which is ended with the test.
struct Mock {
    process: Child,
    out: BufReader<ChildStdout>,
    addresses: Vec<String>,
}

impl Mock {
    fn start(sorters: usize, arguments: &[&str]) -> Self {
        let count = sorters.to_string();
        let mut process = command(&["mock", "--sorters", &count, "--duration", "120"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut out = BufReader::new(process.stdout.take().expect("stdout is a pipe"));
        let addresses = (0..sorters).map(|_| {
            let mut line = String::new();
            out.read_line(&mut line).expect("a line for each sorter");
            line.trim().rsplit(' ').next().expect("an address").to_owned()
        });
        let addresses = addresses.collect();
        Self { process, out, addresses }
    }

    /// Ends it, and gives what it said and its exit code.
    fn end(mut self) -> Option<i32> {
        let told = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        assert!(told.expect("kill runs").success());
        // It would wait for somebody to read what it says.
        for line in self.out.lines() {
            line.expect("it is a text");
        }
        self.process.wait().expect("it ends").code()
    }
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().expect("the program runs")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).expect("a report")).expect("it is JSON")
}

#[test]
fn sorts_the_parcels_of_a_mock_in_another_process() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mocked, driven) = (folder.path().join("mock.json"), folder.path().join("drive.json"));
    let manifest = folder.path().join("day.csv");
    let (mocked_path, manifest_path) = (mocked.to_str().unwrap(), manifest.to_str().unwrap());
    let written = ["--json", mocked_path, "--manifest-out", manifest_path];
    let mock = Mock::start(2, &[&LOAD[..], &written].concat());
    let connect = mock.addresses.join(",");
    let arguments =
        ["drive", "--connect", &connect, "--duration", "14", "--plain", "--json", driven.to_str().unwrap()];
    let output = run(&[&arguments[..], &LOAD].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    // The second host has the announcements from the file, and finds what the first one left on the belts.
    let again = folder.path().join("again.json");
    let arguments =
        ["drive", "--connect", &connect, "--duration", "3", "--plain", "--manifest", manifest_path];
    let output = run(&[&arguments[..], &["--json", again.to_str().unwrap()]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(mock.end(), Some(0));

    let (mocked, driven, again) = (json(&mocked), json(&driven), json(&again));
    let total = &driven["total"];
    assert!(total["inducted"].as_u64() > Some(20) && total["orders"].as_u64() > Some(10), "{total}");
    assert_eq!(
        (&total["late_orders"], &total["deviations"], &total["unknown_items"]),
        (&0.into(), &0.into(), &0.into())
    );
    assert!(driven["links"][1]["round_trip_us"]["p9999"].as_u64() > Some(0));
    for sorter in 0..2 {
        let truth = &mocked["sorters"][sorter];
        assert_eq!((&truth["unaccounted"], &truth["order_faults"]), (&0.into(), &0.into()), "{truth}");
        assert!(truth["astray"].as_u64() <= truth["plant_faults"]["caught_neighbour"].as_u64(), "{truth}");
        assert!(truth["bodies"]["distinct_in_chutes"].as_u64() > Some(0), "{truth}");
        let found = &again["links"][sorter]["found"];
        assert!(found["found"].as_u64() > Some(0) && found["ordered"] == 0, "{found}");
    }
}

#[test]
fn tells_what_is_wrong_with_a_plc_and_ends_with_1() {
    let mock = Mock::start(1, &["--parcels-per-hour", "0", "--word-order", "low"]);
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.local_addr().expect("it is bound")
    };
    let rubbish = speaks_rubbish();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let report = folder.path().join("drive.json");
    let connect = format!("{},{closed},{rubbish}", mock.addresses[0]);
    let output = run(&[
        "drive",
        "--connect",
        &connect,
        "--duration",
        "2",
        "--plain",
        "--parcels-per-hour",
        "0",
        "--json",
        report.to_str().unwrap(),
    ]);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let expected = [
        format!(
            "{}: STATUS has the word order probe 0x0304 0x0102, expected 0x0102 0x0304",
            mock.addresses[0]
        ),
        format!("problem: {closed} is not up, its session is Disconnected: "),
        format!("problem: {rubbish} is not up, its session is "),
    ];
    assert!(expected.iter().all(|line| text.contains(line)), "{text}");
    let report = json(&report);
    assert!(report["links"][0]["state"].as_str().unwrap().starts_with("Faulted("), "{report}");
    assert_eq!(report["links"][0]["counts"]["orders"], 0);
    assert_eq!(mock.end(), Some(0));
}

/// A server that answers everything with bytes that are no Modbus.
fn speaks_rubbish() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            // Who hangs up has seen enough.
            let _ = stream.write_all(b"220 mail.example.org ESMTP\r\n");
        }
    });
    address
}

#[test]
fn refuses_what_cannot_be_driven() {
    for (arguments, part) in [
        (&["--connect", "plc"][..], "\"plc\" is not HOST:PORT or HOST:PORT+N"),
        (&["--connect", "127.0.0.1:502+2,127.0.0.1:503"], "names an address twice"),
        (
            &["--connect", "127.0.0.1:502", "--manifest", "/nowhere/day.csv"],
            "/nowhere/day.csv cannot be read",
        ),
        (&["--connect", "127.0.0.1:502", "--plan", "/nowhere/plan.toml"], "/nowhere/plan.toml"),
        (&["--connect", "127.0.0.1:502", "--json", "/nowhere/drive.json"], "cannot be opened for the report"),
        (&["--connect", "127.0.0.1:502", "--period-ms", "500"], "plc watchdog"),
        (&["--connect", "127.0.0.1:502+2", "--commission"], "one PLC is commissioned at a time"),
        (
            &["--connect", "127.0.0.1:502", "--commission", "--chute", "100"],
            "chute 100 is not on layout line_100",
        ),
    ] {
        let output = run(&[&["drive"][..], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(part), "{}", stderr(&output));
    }
}

#[test]
fn commissions_a_plc_of_the_mock_with_the_right_figures() {
    let mock = Mock::start(1, &LOAD);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let report = folder.path().join("commission.json");
    let output = run(&[
        "drive",
        "--connect",
        &mock.addresses[0],
        "--commission",
        "--yes",
        "--plain",
        "--chute",
        "3",
        "--json",
        report.to_str().unwrap(),
    ]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{text}{}", stderr(&output));
    for part in
        ["scan_counter_a", "magic", "0x5052", "orders_pending", "events[14]", "FIRE_POINTS", "200 of 200"]
    {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let report = json(&report);
    let findings = report["findings"].as_array().expect("a table");
    assert_eq!(findings.len(), 10);
    assert!(findings.iter().all(|finding| finding["verdict"] == "good"), "{report:#}");
    assert_eq!(mock.end(), Some(0));
}

#[test]
fn a_commissioning_that_nobody_confirms_writes_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mocked = folder.path().join("mock.json");
    let mock = Mock::start(1, &["--json", mocked.to_str().unwrap()]);
    let output = command(&["drive", "--connect", &mock.addresses[0], "--commission", "--plain"])
        .stdin(Stdio::null())
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).starts_with("stopped: before the step: open a session"), "{}", stderr(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("scan time"));
    assert_eq!(mock.end(), Some(0));
    let truth = json(&mocked);
    assert_eq!(truth["sorters"][0]["host"]["sessions"], 0);
}
