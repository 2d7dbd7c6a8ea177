"""A small host on pymodbus that knows the host-PLC contract and nothing of the adapter.

    pymodbus_host.py PORT

Opens a session through zero on the PLC at 127.0.0.1:PORT, lets parcels in, sends each into a chute as soon as it enters,
and follows one of them until it is there. Leaves by closing the session. Says what it has seen; exit code 1 with an
assertion when something is not as the contract has it.
"""

import asyncio
import sys

from pymodbus.client import AsyncModbusTcpClient

STATUS, ORDER, SCAN, PLANT, BELT = 0, 128, 256, 384, 1024
STATUS_WORDS, ORDER_WORDS, SCAN_WORDS, PLANT_WORDS = 121, 96, 122, 81
EVENT_SLOTS, SCAN_SLOTS, ORDER_SLOTS = 15, 6, 15
WINDOW, RING = 28, 6
INDUCTED, FIRED, DISCHARGED, REFUSED, ENDED = 1, 3, 4, 7, 14
DIVERT = 1
PERIOD_S = 0.01
CYCLES = 6000


def after(seq: int) -> int:
    return 1 if seq == 65520 else seq + 1


def check(session: int, words: list[int]) -> int:
    c = session ^ 0xA5A5
    for word in words:
        c = ((c << 5 | c >> 11) & 0xFFFF) ^ word
    return c


class Host:
    def __init__(self, client: AsyncModbusTcpClient) -> None:
        self.client = client
        self.session = self.heartbeat = self.event_ack = self.scan_ack = self.permit = 0
        self.ring = [[0] * 6 for _ in range(ORDER_SLOTS)]
        self.sent = 0
        self.status: list[int] = []
        self.events: list[tuple[int, int, int, int]] = []
        self.scans = 0

    async def read(self, address: int, count: int) -> list[int]:
        answer = await self.client.read_holding_registers(address, count=count)
        assert not answer.isError() and len(answer.registers) == count, f"{count} registers at {address}: {answer}"
        return answer.registers

    def image(self) -> list[int]:
        self.heartbeat = (self.heartbeat + 1) & 0xFFFF
        head = [self.session, self.heartbeat, self.event_ack, self.scan_ack, self.permit, 0]
        return head + [word for slot in self.ring for word in slot]

    async def cycle(self, in_one: bool) -> None:
        """Writes ORDER and reads STATUS: by function 23, or by 16 and 3."""
        await asyncio.sleep(PERIOD_S)
        if in_one:
            answer = await self.client.readwrite_registers(
                read_address=STATUS, read_count=STATUS_WORDS, write_address=ORDER, values=self.image()
            )
            assert not answer.isError() and len(answer.registers) == STATUS_WORDS, f"function 23: {answer}"
            self.status = answer.registers
        else:
            answer = await self.client.write_registers(ORDER, self.image())
            assert not answer.isError() and (answer.address, answer.count) == (ORDER, ORDER_WORDS), f"{answer}"
            self.status = await self.read(STATUS, STATUS_WORDS)
        s = self.status
        assert s[0] == s[120], f"scan counters {s[0]} and {s[120]}"
        assert s[1:5] == [0x5052, 1, 0x0102, 0x0304], f"magic, version, word order: {s[1:5]}"

    async def until_echo(self, session: int) -> int:
        """Writes a session word until it is echoed; in how many cycles."""
        self.session = session
        for n in range(1, 200):
            await self.cycle(in_one=n % 2 == 0)
            if self.status[5] == session:
                return n
        raise AssertionError(f"no echo of session {session}, but {self.status[5]}")

    def take_events(self) -> None:
        """Takes each event that is the next one."""
        for _ in range(EVENT_SLOTS):
            seq = after(self.event_ack)
            slot = WINDOW + (seq - 1) % EVENT_SLOTS * 6
            record = self.status[slot : slot + 6]
            if record[0] != seq:
                return
            self.events.append((record[1] >> 8, record[1] & 0xFF, record[2], record[3]))
            self.event_ack = seq

    async def take_scans(self) -> None:
        words = await self.read(SCAN, SCAN_WORDS)
        assert words[0] == words[-1], "SCAN is torn"
        for _ in range(SCAN_SLOTS):
            seq = after(self.scan_ack)
            slot = 1 + (seq - 1) % SCAN_SLOTS * 20
            if words[slot] != seq:
                return
            self.scan_ack = seq
            self.scans += 1

    def divert(self, item: int, chute: int) -> None:
        self.sent = after(self.sent)
        words = [self.sent, DIVERT << 12 | chute, item, 0, 0]
        self.ring[(self.sent - 1) % ORDER_SLOTS] = words + [check(self.session, words)]

    def unacknowledged(self) -> int:
        ack = self.status[14]
        return self.sent - ack if self.sent >= ack else self.sent - ack + 65520


async def belt(host: Host, capacity: int) -> int:
    """Reads the BELT snapshot in parts of 24 entries; how many items it has."""
    entries, snapshot, *_ = await host.read(BELT, 4)
    assert snapshot != 0 and entries <= capacity
    for first in range(0, entries, 24):
        part = await host.read(BELT + 4 + 5 * first, 5 * min(24, entries - first))
        assert all(item != 0 for item in part[::5])
    assert await host.read(BELT, 2) == [entries, snapshot]
    return entries


async def plant_adds_up(host: Host) -> None:
    words = await host.read(PLANT, PLANT_WORDS)
    assert words[0] == words[80], "PLANT is torn"
    inducted, unexpected, verified, unverified, left, lost = (words[n] << 16 | words[n + 1] for n in range(2, 14, 2))
    assert inducted + unexpected == verified + unverified + left + lost + words[14], f"PLANT: {words[:16]}"


async def main() -> None:
    client = AsyncModbusTcpClient("127.0.0.1", port=int(sys.argv[1]), timeout=2, retries=0)
    assert await client.connect()
    host = Host(client)
    host.status = await host.read(STATUS, STATUS_WORDS)
    assert host.status[1:5] == [0x5052, 1, 0x0102, 0x0304] and host.status[5] == 0, f"{host.status[:8]}"
    for _ in range(6):
        await host.cycle(in_one=False)
    assert host.status[5] == 0
    opening = await host.until_echo(0x1234)
    on_belt = await belt(host, 200)
    host.permit = 1
    chute_of: dict[int, int] = {}
    chute = fired = discharged = taken = 0
    for n in range(CYCLES):
        await host.cycle(in_one=n % 2 == 0)
        assert host.status[5] == host.session, f"the session has become {host.status[5]}"
        before = len(host.events)
        host.take_events()
        if host.status[18] != host.scan_ack:
            await host.take_scans()
        for kind, detail, item, arg in host.events[before:]:
            assert kind not in (REFUSED, ENDED), f"an order ended with type {kind}, detail {detail}"
            if kind == INDUCTED and host.unacknowledged() < ORDER_SLOTS:
                chute_of[item] = chute
                host.divert(item, chute)
                chute = (chute + 1) % 8
            elif kind == FIRED and item in chute_of:
                assert arg == chute_of[item]
                fired += 1
            elif kind == DISCHARGED:
                assert arg == chute_of[item], f"item {item} is in chute {arg}, ordered to {chute_of[item]}"
                discharged += 1
        taken = host.sent - host.unacknowledged()
        if discharged >= 3 and taken >= 5 and host.scans >= 5:
            break
    assert discharged >= 3 and fired >= discharged, f"{fired} fired, {discharged} discharged in {CYCLES} cycles"
    await plant_adds_up(host)
    host.permit = host.event_ack = host.scan_ack = 0
    host.ring = [[0] * 6 for _ in range(ORDER_SLOTS)]
    closing = await host.until_echo(0)
    outside = await client.read_holding_registers(60000, count=2)
    assert outside.isError() and outside.exception_code == 2, f"registers that are not there: {outside}"
    client.close()
    print(
        f"echo after {opening} cycles, {on_belt} on the belt, {len(host.events)} events, {host.scans} scan records, "
        f"{taken} orders taken, {fired} fired, {discharged} discharged, closed after {closing} cycles"
    )


asyncio.run(main())
