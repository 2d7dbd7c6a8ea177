//! An exchange, a network, registers and a machine.

use sorter_core::ids::ItemId;
use sorter_core::units::Micros;
use sorter_plc::contract::Seq;
use sorter_plc::exchange::{Exchange, ExchangeConfig, SessionState};
use sorter_sim::modbus_server::RegisterBank;
use sorter_sim::register_plc::{RegisterPlc, RegisterPlcConfig, SessionStep};

use crate::draws::Draws;
use crate::host::{HostAtWork, Memory};
use crate::ledger::Ledger;
use crate::machine::{CAPACITY, Machine, Pace};
use crate::stats::Happened;
use crate::weather::Weather;
use crate::wire::Wire;

/// Shorter than by default, so that a history of a few seconds sees it.
const WATCHDOG: Micros = Micros::from_millis(150);

/// Everything.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) tick: u64,
    pub(crate) draws: Draws,
    pub(crate) weather: Weather,
    pub(crate) exchange: Exchange,
    pub(crate) memory: Memory,
    pub(crate) wire: Wire,
    pub(crate) plc: RegisterPlc,
    pub(crate) machine: Machine,
    pub(crate) ledger: Ledger,
    /// Until when the PLC or the host stands still.
    pub(crate) plc_stands: u64,
    pub(crate) host_stands: u64,
    pub(crate) heartbeat: u16,
}

fn exchange(seed: u64) -> Exchange {
    let config = ExchangeConfig {
        belt_capacity: CAPACITY,
        watchdog: WATCHDOG,
        opening_timeout: Micros::from_millis(200),
        plant_period: Micros::from_millis(100),
        ..ExchangeConfig::default()
    };
    Exchange::new(config, seed).expect("the settings keep the limits of the contract")
}

impl World {
    /// A host and a PLC that have just been switched on.
    pub(crate) fn new() -> Self {
        let config =
            RegisterPlcConfig { belt_capacity: CAPACITY, watchdog: WATCHDOG, ..RegisterPlcConfig::default() };
        Self {
            tick: 0,
            draws: Draws::new(0),
            weather: Weather::default(),
            exchange: exchange(0),
            memory: Memory::default(),
            wire: Wire::default(),
            plc: RegisterPlc::new(config),
            machine: Machine::new(),
            ledger: Ledger::default(),
            plc_stands: 0,
            host_stands: 0,
            heartbeat: 0,
        }
    }

    /// A session in which the numbers of orders, events and scan records, the heartbeat and the scan counter are all
    /// about to wrap.
    pub(crate) fn about_to_wrap() -> Self {
        let mut world = Self::new();
        world.machine.pace = Pace::Metronome;
        while world.exchange.state() != SessionState::Live || world.plc.order_ack().get() < Seq::LAST - 60 {
            world.calm_tick();
            if world.tick.is_multiple_of(1_000) {
                world.ledger.forget_the_past_but_recent();
            }
        }
        world.machine.pace = Pace::Ending;
        while !world.nothing_waits() {
            world.calm_tick();
        }
        world.machine.pace = Pace::Normal;
        world.ledger.forget_the_past();
        world
    }

    /// A tick without faults: the host has its cycle, then the PLC scans.
    pub(crate) fn calm_tick(&mut self) {
        self.tick += 1;
        self.deliver_double();
        self.deliver_late();
        self.host_cycle();
        self.plc_scan();
    }

    pub(crate) fn count(&mut self, what: Happened) {
        self.ledger.stats.count(what);
    }

    /// The exchange begins a cycle.
    pub(crate) fn begin_cycle(&mut self, now: Micros) {
        let Self { memory, ledger, draws, .. } = self;
        let mut host = HostAtWork { memory, ledger, draws, pace: self.machine.pace };
        self.exchange.begin_cycle(now, &mut host).expect("this host gives its orders in polls only");
    }

    /// The exchange takes an answer.
    pub(crate) fn answered(&mut self, now: Micros, words: &[u16]) {
        let Self { memory, ledger, draws, .. } = self;
        let mut host = HostAtWork { memory, ledger, draws, pace: self.machine.pace };
        // What it says was wrong it has dealt with.
        let _ = self.exchange.answered(now, words, &mut host);
    }

    /// One scan of the PLC, unless it stands still.
    pub(crate) fn plc_scan(&mut self) {
        if self.tick < self.plc_stands {
            return;
        }
        let before = self.plc.counters();
        let start = self.plc.begin_scan(self.now());
        if start.session == SessionStep::Opened {
            let session = self.plc.session();
            self.machine.open_session();
            let belt = self.machine.belt();
            self.plc.put_belt(&belt);
            self.ledger.snapshot(session, &belt);
        }
        let Self { plc, machine, ledger, draws, .. } = self;
        machine.scan(start.permit, plc.orders(), ledger, draws);
        plc.end_scan(&machine.out, &machine.status(), &machine.image());
        machine.glitch = false;
        let after = plc.counters();
        let lost = usize::try_from(after.lost_events - before.lost_events).unwrap();
        ledger.lose_last(lost.min(machine.out.events.len()));
        ledger.scans_dropped += after.lost_scans - before.lost_scans;
        ledger.stats.count_many(Happened::HostLost, after.hosts_lost - before.hosts_lost);
    }

    pub(crate) fn restart_plc(&mut self) {
        self.count(Happened::PlcRestart);
        self.machine.restart(&mut self.ledger);
        self.plc.restart();
        assert_eq!(self.plc.boot(), self.machine.boot);
        // A gateway in between may keep the connection.
        if self.draws.permille(700) {
            self.give_up_connection();
        }
    }

    pub(crate) fn restart_host(&mut self) {
        self.count(Happened::HostRestart);
        self.close_books();
        self.exchange = exchange(self.draws.next_u64());
        self.memory = Memory::default();
        self.give_up_connection();
    }

    /// Counts what an exchange did, before it is thrown away.
    pub(crate) fn close_books(&mut self) {
        let counters = self.exchange.counters();
        let stats = &mut self.ledger.stats;
        stats.count_many(Happened::Repeated, counters.repeated_events + counters.repeated_scans);
        stats.count_many(Happened::EventOverflow, counters.event_overflows);
        stats.count_many(Happened::ScanOverflow, counters.scan_overflows);
        stats.count_many(Happened::EventWrap, self.memory.event_wraps);
        stats.count_many(Happened::ScanWrap, self.memory.scan_wraps);
        assert_eq!(counters.setup_faults, 0, "{counters:?}");
        assert_eq!(counters.foreign, 0, "{counters:?}");
        assert_eq!((counters.unknown_events, counters.unknown_scans), (0, 0), "{counters:?}");
    }

    /// Moves the item numbers to their wrap.
    pub(crate) fn wrap_items(&mut self) {
        self.machine.next_item = ItemId::new(65_520);
    }

    /// Counts the wrap of the heartbeat, as it stands in the registers.
    pub(crate) fn watch_heartbeat(&mut self) {
        let mut word = [0];
        self.plc.read(129, &mut word).expect("ORDER has a heartbeat");
        if self.heartbeat > 65_000 && word[0] < 500 && self.plc.is_live() {
            self.count(Happened::HeartbeatWrap);
        }
        self.heartbeat = word[0];
    }
}

impl World {
    /// Whether every order was taken and every record was acknowledged.
    pub(crate) fn nothing_waits(&mut self) -> bool {
        let mut words = [0; sorter_plc::register_map::STATUS_WORDS];
        self.plc.read(0, &mut words).expect("STATUS can be read");
        let order = sorter_plc::register_map::WordOrder::HighFirst;
        let Ok(image) = sorter_plc::codec::StatusImage::decode(&words, order) else { return false };
        let status = image.status;
        let mut acks = [0; 4];
        self.plc.read(128, &mut acks).expect("ORDER can be read");
        status.event_backlog == 0
            && status.scan_backlog == 0
            && acks[0] == status.session_echo
            && acks[2] == status.events_published.get()
            && acks[3] == status.scans_published.get()
            && self.memory.all_acknowledged(status.order_ack)
    }
}
