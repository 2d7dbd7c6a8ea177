//! A line sorter behind registers: what stands behind a Modbus server.

use sorter_core::units::Micros;
use sorter_plc::contract::{EventRecord, Order};

use super::{RegisterPlc, RegisterPlcConfig, SessionStep};
use crate::modbus_server::{Exception, RegisterBank};
use crate::plant::{Labels, Witness};
use crate::virtual_plc::{LineSorter, PlcOutput};

/// One line sorter whose PLC is reached through its registers alone.
///
/// [`NetworkedLine::scan`] is one scan of the PLC: it reads the ORDER block as it was written last, and
/// leaves the other blocks as they stand until the next scan. A PLC that is switched off answers nothing; its belt
/// runs on and nobody tracks what lies on it.
pub struct NetworkedLine {
    line: LineSorter,
    registers: RegisterPlc,
    on: bool,
    out: PlcOutput,
}

impl NetworkedLine {
    /// A line whose PLC has just booted: no session is open and the induction stands.
    ///
    /// The PLC tracks no more items than its BELT block has entries.
    ///
    /// # Panics
    /// As [`RegisterPlc::new`].
    pub fn new(mut line: LineSorter, config: RegisterPlcConfig) -> Self {
        line.plc_mut().limit_items(config.belt_capacity);
        line.restart_plc();
        let mut registers = RegisterPlc::new(config);
        registers.show_plant(&line.plant_image());
        Self { line, registers, on: true, out: PlcOutput::default() }
    }

    /// The line.
    pub fn line(&self) -> &LineSorter {
        &self.line
    }

    /// The line, to be changed.
    pub fn line_mut(&mut self) -> &mut LineSorter {
        &mut self.line
    }

    /// The registers.
    pub fn registers(&self) -> &RegisterPlc {
        &self.registers
    }

    /// What the PLC recorded in the last scan, whether a session is open or not. The numbers are those of the
    /// PLC itself, not those of the session.
    pub fn output(&self) -> &PlcOutput {
        &self.out
    }

    /// The orders that the PLC took in the last scan.
    pub fn orders(&self) -> &[Order] {
        if self.on { self.registers.orders() } else { &[] }
    }

    /// The events that the PLC found acknowledged in the last scan, and forgot.
    pub fn acknowledged(&self) -> &[EventRecord] {
        if self.on { self.registers.acknowledged() } else { &[] }
    }

    /// Whether the PLC is switched on.
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// Switches the PLC off. Its server has to drop its connections: see [`NetworkedLine::is_on`].
    pub fn kill(&mut self) {
        self.on = false;
        self.out.clear();
    }

    /// Switches the PLC on, off before where it was on. It has forgotten its items, and its boot number has changed.
    pub fn restart(&mut self) {
        self.on = true;
        self.out.clear();
        self.line.restart_plc();
        self.registers.restart();
        self.registers.show_plant(&self.line.plant_image());
    }

    /// One scan, with all that happened in the plant since the last one. `now` is a multiple of the scan time and
    /// later than the scan before.
    pub fn scan<L: Labels, W: Witness>(&mut self, now: Micros, labels: &L, witness: &mut W) {
        self.out.clear();
        if !self.on {
            self.line.advance_unattended(now, labels, witness);
            return;
        }
        let had_overflow = self.registers.has_overflow();
        let start = self.registers.begin_scan(now);
        let plc = self.line.plc_mut();
        if start.session == SessionStep::Opened {
            plc.open_session();
            self.registers.put_belt(&plc.belt());
        }
        plc.set_permit(start.permit);
        plc.set_induction_spacing(start.induction_spacing);
        self.line.advance_to(now, self.registers.orders(), labels, witness, &mut self.out);
        self.registers.end_scan(&self.out, &self.line.status(), &self.line.plant_image());
        if self.registers.has_overflow() && !had_overflow {
            // Items that enter from now on leave no event that would keep their numbers apart.
            self.line.plc_mut().keep_numbers(self.registers.items_of_events());
        }
        debug_assert!(
            self.line.status().order_ack == self.registers.order_ack(),
            "the PLC took orders up to {}, its registers up to {}",
            self.line.status().order_ack,
            self.registers.order_ack()
        );
    }
}

impl RegisterBank for NetworkedLine {
    fn read(&mut self, address: u16, out: &mut [u16]) -> Result<(), Exception> {
        if !self.on {
            return Err(Exception::GatewayTarget);
        }
        self.registers.read(address, out)
    }

    fn write(&mut self, address: u16, words: &[u16]) -> Result<(), Exception> {
        if !self.on {
            return Err(Exception::GatewayTarget);
        }
        self.registers.write(address, words)
    }
}
