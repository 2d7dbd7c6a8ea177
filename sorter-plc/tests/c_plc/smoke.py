#!/usr/bin/env python3
"""Smoke test of c_plc: a small host written from the contract alone.

usage: smoke.py PATH/TO/c_plc [test name ...]      (needs Python 3.8, nothing else)
"""
import csv, os, socket, struct, subprocess, sys, tempfile, time

LAST = 65520
nxt = lambda s: 1 if s == LAST else s + 1
S_LIVE, S_RUNNING, S_ESTOP, S_EV_OVER, S_FULL, S_CHECK, S_SC_OVER = 1, 2, 4, 32, 64, 128, 512
INDUCTED, SEEN, FIRED, DISCHARGED, MISSED, LEFT, REFUSED, LOST, UNEXPECTED, CHUTE, HOST_LOST, STATE, _, ENDED = range(1, 15)
DIVERT, CANCEL, ENABLE, DISABLE, LAMP = range(1, 6)
signed = lambda v: (v & 0xFFFFFFFF) - (1 << 32 if v & 0x80000000 else 0)


class ModbusError(Exception):
    pass


class Link:
    def __init__(self, port, unit=1):
        self.s = socket.create_connection(("127.0.0.1", port), 1)
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.unit, self.tid = unit, 0

    def call(self, pdu):
        self.tid = self.tid + 1 & 0xFFFF
        self.s.sendall(struct.pack(">HHHB", self.tid, 0, len(pdu) + 1, self.unit) + pdu)
        head = self._get(7)
        tid, proto, n, unit = struct.unpack(">HHHB", head)
        body = self._get(n - 1)
        assert (tid, proto, unit) == (self.tid, 0, self.unit)
        if body[0] & 0x80:
            raise ModbusError(body[1])
        assert body[0] == pdu[0]
        return body

    def _get(self, n):
        b = b""
        while len(b) < n:
            c = self.s.recv(n - len(b))
            if not c:
                raise ConnectionError("closed")
            b += c
        return b

    def read(self, at, n):
        b = self.call(struct.pack(">BHH", 3, at, n))
        assert b[1] == 2 * n
        return list(struct.unpack(">%dH" % n, b[2:]))

    def write(self, at, w):
        self.call(struct.pack(">BHHB%dH" % len(w), 16, at, len(w), 2 * len(w), *w))

    def write_read(self, wat, w, rat, n):
        b = self.call(struct.pack(">BHHHHB%dH" % len(w), 23, rat, n, wat, len(w), 2 * len(w), *w))
        return list(struct.unpack(">%dH" % n, b[2:]))


class Plc:
    def __init__(self, *options):
        self.log = tempfile.NamedTemporaryFile(delete=False, suffix=".csv").name
        self.p = subprocess.Popen([BINARY, "--log", self.log, *map(str, options)], stdout=subprocess.PIPE, text=True)
        first = self.p.stdout.readline().strip()
        assert first.startswith("listening 127.0.0.1:"), first
        self.port = int(first.rsplit(":", 1)[1])

    def end(self, code=0):
        out, _ = self.p.communicate(timeout=60)
        assert self.p.returncode == code, (self.p.returncode, out)
        self.rows = [r for r in csv.reader(open(self.log))][1:]
        os.unlink(self.log)
        self.items = [r for r in self.rows if r[0] != "order"]
        self.orders = [r for r in self.rows if r[0] == "order"]
        self.summary = dict((k, int(v)) for k, v in (f.split("=") for f in out.split("\n")[-2].split())) if code != 9 else {}
        return self

    def stop(self):
        self.p.terminate()
        return self.end(4)


class Host:
    def __init__(self, plc, bases=(0, 128, 256, 384, 1024), low=False, fc23=False, capacity=200):
        self.plc, self.low, self.fc23, self.capacity = plc, low, fc23, capacity
        self.status, self.order, self.scan, self.plant, self.belt = bases
        self.link = Link(plc.port)
        self.beat, self.session = 0, 0
        self.permit, self.limit, self.hold = 1, 0, False
        self.on_event = self.on_scan = lambda *a: None
        self.reset()
        self.events, self.scans = [], []  # (seq, type, detail, item, arg, encoder)

    def reset(self):
        self.ev_ack = self.sc_ack = 0
        self.ring, self.next = [0] * 90, 1

    def u32(self, a, b):
        return b << 16 | a if self.low else a << 16 | b

    def split(self, v):
        return [v & 0xFFFF, v >> 16] if self.low else [v >> 16, v & 0xFFFF]

    def cycle(self, take=True, beat=True):
        self.beat = self.beat + (1 if beat else 0) & 0xFFFF
        w = [self.session, self.beat, self.ev_ack, self.sc_ack, self.permit, self.limit] + self.ring
        if self.fc23:
            st = self.link.write_read(self.order, w, self.status, 121)
        else:
            self.link.write(self.order, w)
            st = self.link.read(self.status, 121)
        assert st[0] == st[120] and st[1] == 0x5052 and st[2] == 1
        assert self.u32(st[3], st[4]) == 0x01020304
        self.st = st
        if take and self.session and st[5] == self.session and not self.hold:
            self.take_events()
            if st[18] != self.sc_ack:
                self.take_scans()
        time.sleep(0.001)
        return st

    def take_events(self):
        st = self.st
        while True:
            n = nxt(self.ev_ack)
            r = st[28 + (n - 1) % 15 * 6:][:6]
            if r[0] != n:
                break
            e = (n, r[1] >> 8, r[1] & 255, r[2], r[3], self.u32(r[4], r[5]))
            self.ev_ack = n
            self.events.append(e)
            self.on_event(e)
        assert self.ev_ack == st[16], (self.ev_ack, st[16])

    def take_scans(self):
        b = self.link.read(self.scan, 122)
        assert b[0] == b[121]
        while True:
            n = nxt(self.sc_ack)
            r = b[1 + (n - 1) % 6 * 20:][:20]
            if r[0] != n:
                break
            self.sc_ack = n
            self.scans.append(r)
            self.on_scan(r)

    def zero(self):
        self.session = 0
        self.reset()
        n = 0
        while n < 6 or self.st[5] != 0:
            self.cycle(False)
            time.sleep(0.004)
            n += 1
            assert n < 500

    def open(self, session):
        self.zero()
        assert self.st[16] == self.st[18] == 0 and not any(self.st[28:118])
        self.session = session
        t = time.time()
        while self.cycle(False)[5] != session:
            assert time.time() - t < 1
        self.belt_at = self.st[21]
        self.read_belt()
        return self

    def read_belt(self):
        head = self.link.read(self.belt, 2)
        assert head[1] != 0 and head[0] <= self.capacity
        w = []
        for i in range(0, head[0], 24):
            w += self.link.read(self.belt + 4 + 5 * i, 5 * min(24, head[0] - i))
        assert self.link.read(self.belt, 2) == head
        self.entries = {w[i]: (self.u32(w[i + 1], w[i + 2]), w[i + 3], w[i + 4]) for i in range(0, len(w), 5)}

    def send(self, op, chute, item=0, target=0, spoil=0):
        n = self.next
        w = [n, op << 12 | chute, item] + self.split(target)
        c = self.session ^ 0xA5A5
        for v in w:
            c = ((c << 5 | c >> 11) & 0xFFFF) ^ v
        self.ring[(n - 1) % 15 * 6:(n - 1) % 15 * 6 + 6] = w + [c ^ spoil]
        self.next = nxt(n)
        return n

    def until(self, what, limit=10):
        t = time.time()
        while not what():
            assert time.time() - t < limit, "time-out"
            self.cycle()

    def has(self, type, **kw):
        names = ("seq", "type", "detail", "item", "arg", "encoder")
        for e in self.events:
            if e[1] == type and all(e[names.index(k)] == v for k, v in kw.items()):
                return e
        return None

    def run_out(self, limit=60):
        t = time.time()
        try:
            while time.time() - t < limit:
                self.cycle()
        except (ConnectionError, OSError):
            return
        raise AssertionError("the PLC did not end")

    def read_plant(self):
        w = self.link.read(self.plant, 81)
        assert w[0] == w[80]
        n = [self.u32(w[i], w[i + 1]) for i in range(2, 14, 2)]
        assert n[0] + n[1] == sum(n[2:]) + w[14], w
        return w, n

    def encoder(self):
        return self.u32(self.st[8], self.st[9])


def sorting(h, chutes=20):
    """Orders every item at its first scan record or as it turns up unexpected."""
    wanted = {}

    def order(item):
        if item not in wanted:
            wanted[item] = item % chutes
            waiting.append(item)
    waiting = []

    def pump(e=None):
        while waiting and (h.next - 1 - h.st[14]) % LAST < 15:
            i = waiting.pop(0)
            h.send(DIVERT, wanted[i], i)
    def on_event(e):
        if e[1] == UNEXPECTED:
            order(e[3])
    h.on_event = on_event
    h.on_scan = lambda r: order(r[1])
    cycle = h.cycle

    def with_pump(*a, **k):
        st = cycle(*a, **k)
        if h.session and st[5] == h.session:
            pump()
        return st
    h.cycle = with_pump
    return wanted


def run_sort(options=(), host=None, n=60):
    codes = tempfile.NamedTemporaryFile("w", delete=False, suffix=".txt")
    codes.write("".join(("" if i % 10 == 9 else "C%05d" % i + "x" * (40 if i % 7 == 3 else 0)) + "\n" for i in range(n)))
    codes.close()
    plc = Plc("--items", n, "--codes", codes.name, *options)
    h = Host(plc, **(host or {}))
    sorting(h)
    h.cycle(False)
    h.open(4711)
    h.run_out()
    plc.end()
    return plc, h


def check_books(plc, h):
    s, ev = plc.summary, h.events
    count = lambda t: sum(e[1] == t for e in ev)
    assert s["items"] == count(INDUCTED) and s["discharged"] == count(DISCHARGED) and s["left"] == count(LEFT)
    assert s["lost"] == count(LOST) and s["unexpected"] == count(UNEXPECTED) and s["refused"] == count(REFUSED)
    assert s["items"] + s["unexpected"] == s["discharged"] + s["left"] + s["lost"] == len(plc.items)
    assert s["orders_taken"] == len(plc.orders) == h.next - 1
    assert not [o for o in plc.orders if o[-1] == "in_force"]


def test_sort():
    plc, h = run_sort()
    check_books(plc, h)
    assert plc.summary["discharged"] == 60, plc.summary
    for r in plc.items:
        assert r[3] == r[4] == r[6] == str(int(r[0]) % 20), r
    text = {}
    for r in h.scans:
        kind, length = r[2] >> 8, r[2] & 255
        if kind in (1, 4):
            raw = b"".join(struct.pack(">H", x) for x in r[4:])[:length].decode()
            text[r[1]] = text.get(r[1], "") + raw
    for r in plc.items:
        assert text.get(int(r[0]), "") == r[2]
    for e in h.events:
        if e[1] == SEEN:
            assert abs(signed(e[4] << 16) >> 16) <= 5, e


def test_variants():
    plc, h = run_sort(["--word-order", "low", "--status-base", 500, "--order-base", 0, "--scan-base", 700, "--plant-base", 900,
                       "--belt-base", 2000, "--encoder-start", 4294960000, "--first-item", 65500],
                      {"bases": (500, 0, 700, 900, 2000), "low": True, "fc23": True})
    check_books(plc, h)
    assert plc.summary["discharged"] == 60
    assert h.has(INDUCTED, item=1) and h.has(INDUCTED, item=65535) and not h.has(INDUCTED, item=0)


def test_unverified():
    plc, h = run_sort(["--unverified", 0, "--miss-ppm", 200000, "--exit", "60000", "--eyes", "4000,36000"])
    check_books(plc, h)
    assert all(e[2] == 0 for e in h.events if e[1] == DISCHARGED) and h.st[7] & 4 == 0
    assert plc.summary["unexpected"] > 0, plc.summary


def test_faults():
    plc, h = run_sort(["--miss-ppm", 100000, "--lose-ppm", 100000, "--extra-ppm", 200000, "--jitter", 200, "--pitch", 1200,
                       "--seed", 7], n=150)
    check_books(plc, h)
    assert plc.summary["lost"] > 3 and plc.summary["unexpected"] > 3 and h.has(MISSED), plc.summary


def test_chute_full():
    plc, h = run_sort(["--chute-capacity", 2, "--empty-ms", 300, "--chutes", "14000:500:20"], n=80)
    check_books(plc, h)
    assert h.has(CHUTE)


def test_scan_overflow():
    plc = Plc("--items", 90, "--event-store", 2000)
    h = Host(plc)
    h.cycle(False)
    h.open(9)
    h.hold = True
    h.until(lambda: h.st[11] & S_SC_OVER)
    h.hold = False
    h.run_out()
    plc.end()
    assert plc.summary["left"] == 90
    of = {}
    for r in h.scans:
        of.setdefault(r[1], []).append(r[3])
    assert all(v == [2, 258] for v in of.values()), of
    assert 30 <= len(of) < 90


def one_item(*options, eyes=True):
    """A slow belt with one item on it, inducted, in session 7."""
    plc = Plc("--items", 10, "--speed", 3000, "--pitch", 30000, "--timeout-s", 60, *options)
    h = Host(plc)
    h.cycle(False)
    h.open(7)
    h.until(lambda: h.has(INDUCTED))
    h.item = h.has(INDUCTED)[3]
    return plc, h


def taken(h, n):
    h.until(lambda: h.st[14] == n)
    h.cycle()


def test_orders():
    plc, h = one_item()
    i = h.item
    a = h.send(DIVERT, 19, i); taken(h, a)
    for _ in range(20): h.cycle()  # written again and again, taken once
    assert h.st[15] == 1 and h.st[14] == a
    b = h.send(DIVERT, 18, i); taken(h, b)
    assert h.has(ENDED, detail=1, item=i, arg=a) and h.st[15] == 1
    c = h.send(DIVERT, 300, i); taken(h, c)
    assert h.has(REFUSED, detail=3, arg=c)
    c = h.send(DIVERT, 3, 999); taken(h, c)
    assert h.has(REFUSED, detail=2, arg=c, item=999)
    c = h.send(DIVERT, 3, 999, h.encoder() + 500); taken(h, c)
    assert h.has(REFUSED, detail=2, arg=c)
    c = h.send(DIVERT, 3, i, h.encoder() + 5); taken(h, c)
    assert h.has(REFUSED, detail=1, arg=c)
    c = h.send(DIVERT, 3, i, h.encoder() + 100000); taken(h, c)
    assert h.has(REFUSED, detail=1, arg=c)
    c = h.send(7, 3, i); taken(h, c)
    assert h.has(REFUSED, detail=3, arg=c)
    c = h.send(DISABLE, 4); taken(h, c)
    assert h.has(CHUTE, arg=4, item=0) and h.read_plant()[0][48] == 1 << 4
    c = h.send(DIVERT, 4, i); taken(h, c)
    assert h.has(REFUSED, detail=5, arg=c) and h.st[15] == 1  # the earlier order stays
    c = h.send(ENABLE, 4); taken(h, c)
    c = h.send(LAMP, 4, 0, 5); taken(h, c)
    c = h.send(CANCEL, 0, 998); taken(h, c)
    assert h.has(REFUSED, detail=2, arg=c)
    c = h.send(CANCEL, 0, i); taken(h, c)
    assert h.has(ENDED, detail=2, arg=b) and h.st[15] == 0
    bad = h.send(DIVERT, 0, i, spoil=1)
    h.until(lambda: h.st[11] & S_CHECK, 2)
    assert h.st[14] == c and h.st[15] == 0
    h.next = bad
    h.send(DIVERT, 0, i); taken(h, bad)
    assert not h.st[11] & S_CHECK
    h.until(lambda: h.has(FIRED, item=i))
    c = h.send(CANCEL, 0, i); h.cycle(); h.cycle(); taken(h, c)
    assert h.has(REFUSED, detail=8, arg=c)
    h.until(lambda: h.has(DISCHARGED, item=i, detail=1, arg=0))
    f, ind = h.has(FIRED, item=i), h.has(INDUCTED, item=i)
    assert abs(signed(f[5] - ind[5]) - 1400) <= 8, (f, ind)
    h.until(lambda: h.has(INDUCTED, item=i + 1), 20)
    t = h.send(DIVERT, 2, i + 1, h.has(INDUCTED, item=i + 1)[5] + 1601); taken(h, t)
    h.until(lambda: h.has(DISCHARGED, item=i + 1, arg=2), 20)
    assert h.has(FIRED, item=i + 1)[5] == h.has(INDUCTED, item=i + 1)[5] + 1601
    c = h.send(DIVERT, 3, i); taken(h, c)
    assert h.has(REFUSED, detail=2, arg=c)
    plc.stop()
    assert sum(o[3] == "divert" for o in plc.orders) == 11 and len(plc.orders) == h.next - 1, plc.orders


def test_sessions():
    plc = Plc("--items", 1000, "--timeout-s", 60)
    h = Host(plc)
    h.session = 5
    for _ in range(60): h.cycle(False)
    assert h.st[5] == 0 and h.st[20] == 0  # never without zero, no induction
    h.open(5)
    assert h.belt_at == 0 and h.entries == {}
    h.until(lambda: sum(e[1] == INDUCTED for e in h.events) >= 3)
    item = [e[3] for e in h.events if e[1] == INDUCTED][-1]
    n = h.send(DIVERT, 10, item); taken(h, n)
    h.hold = True
    h.until(lambda: h.st[16] == h.ev_ack + 15 and h.st[17])
    h.session = 77  # another one is ignored, and nothing of its image is used
    old = (h.ev_ack, h.st[14])
    h.ev_ack = h.st[16]
    for _ in range(20): h.cycle(False)
    assert h.st[5] == 5 and h.st[14] == old[1]
    h.ev_ack, h.session = old[0], 5
    w = h.cycle(False)
    assert w[16] == old[0] + 15
    h.ev_ack = old[0] + 16  # beyond published: ignored
    for _ in range(10): h.cycle(False)
    assert h.st[16] == old[0] + 15
    h.ev_ack = old[0] - 1   # before the last ack: ignored
    for _ in range(10): h.cycle(False)
    assert h.st[16] == old[0] + 15
    window = [h.st[28 + (k % 15) * 6:][1:6] for k in range(old[0], old[0] + 15)]
    h.hold = False
    h.events = []
    h.zero()
    assert h.st[17] >= 15 and h.st[14] == 0 and h.read_plant()[0][1] == 0
    h.open(6)
    assert item in h.entries and h.entries[item][1] == 10, h.entries
    h.until(lambda: h.ev_ack >= h.belt_at)
    again = [[e[1] << 8 | e[2], e[3], e[4], e[5] >> 16, e[5] & 0xFFFF] for e in h.events[:15]]
    assert again == window and h.events[0][0] == 1
    h.until(lambda: h.has(DISCHARGED, item=item, arg=10))
    for k, v in h.entries.items():
        e = h.has(INDUCTED, item=k)
        assert e is None or e[5] == v[0]
    # an order of this session that ends in the next has arg 0
    x = [e[3] for e in h.events if e[1] == INDUCTED][-1]
    n = h.send(DIVERT, 19, x); taken(h, n)
    h.open(8)
    n = h.send(DIVERT, 18, x); taken(h, n)
    h.until(lambda: h.has(ENDED, item=x, detail=1, arg=0))
    plc.stop()
    assert plc.summary["sessions"] == 3


def test_host_lost():
    plc = Plc("--items", 1000, "--watchdog-ms", 200, "--timeout-s", 60)
    h = Host(plc)
    h.cycle(False)
    h.open(5)
    h.until(lambda: h.has(INDUCTED))
    item = h.has(INDUCTED)[3]
    n = h.send(DIVERT, 2, item); taken(h, n)
    h.link.s.close()
    time.sleep(2.5)
    h.link = Link(plc.port)
    st = h.link.read(0, 121)
    assert not st[11] & S_LIVE and st[5] == 5 and st[20] == 0, st[:28]
    n2 = h.send(DISABLE, 0)
    h.cycle(beat=False)
    time.sleep(0.05)
    assert h.cycle(beat=False)[14] == n  # nothing is taken while not live
    taken(h, n2)
    h.until(lambda: h.has(HOST_LOST, arg=n, item=0))
    h.until(lambda: h.has(DISCHARGED, item=item, arg=2))
    k = sum(e[1] == INDUCTED for e in h.events)
    h.until(lambda: sum(e[1] == INDUCTED for e in h.events) > k)
    h.permit = 0
    for _ in range(10): h.cycle()
    k = sum(e[1] == INDUCTED for e in h.events)
    for _ in range(100): h.cycle()
    assert sum(e[1] == INDUCTED for e in h.events) <= k + 1
    h.permit, h.limit = 1, 300
    t = time.time()
    k = sum(e[1] == INDUCTED for e in h.events)
    while time.time() - t < 2: h.cycle()
    assert 8 <= sum(e[1] == INDUCTED for e in h.events) - k <= 11
    plc.stop()
    assert plc.summary["host_lost"] == 1


def test_overflow():
    plc = Plc("--items", 1000, "--pitch", 600, "--timeout-s", 60)
    h = Host(plc)
    h.cycle(False)
    h.open(5)
    h.hold = True
    h.until(lambda: h.st[11] & S_EV_OVER, 20)
    assert h.st[17] == 512 and h.st[16] == 15
    n = h.send(DISABLE, 3)
    for _ in range(20): h.cycle()
    assert h.st[14] == 0
    h.hold, h.permit = False, 0
    h.until(lambda: h.ev_ack == 527)
    for _ in range(20): h.cycle()
    assert h.st[14] == 0 and h.st[11] & S_EV_OVER and len(h.events) == 527
    h.open(6)
    assert not h.st[11] & S_EV_OVER
    h.permit = 1
    n = h.send(DISABLE, 3); taken(h, n)
    h.read_plant()
    plc.stop()


def test_estop():
    plc = Plc("--items", 200, "--estop", "30:600", "--timeout-s", 60)
    h = Host(plc)
    wanted = sorting(h)
    h.cycle(False)
    h.open(5)
    h.until(lambda: h.has(STATE))
    assert h.has(STATE)[4] & (S_RUNNING | S_ESTOP | S_LIVE) == S_ESTOP | S_LIVE
    n = h.send(DIVERT, 3, 1); taken(h, n)
    assert h.has(REFUSED, detail=6, arg=n)
    h.until(lambda: h.st[10] == 0)
    h.until(lambda: h.st[11] & S_RUNNING)
    assert h.has(ENDED, detail=5)
    h.run_out()
    plc.end()
    check_books(plc, h)


def test_restart():
    d = tempfile.mkdtemp()
    o = ["--items", 60, "--belt-file", d + "/belt", "--timeout-s", 60]
    plc = Plc("--boot", 1, "--kill-at-item", 25, *o)
    h = Host(plc)
    h.cycle(False)
    h.open(5)
    h.run_out()
    plc.end(9)
    plc = Plc("--boot", 2, *o)
    h = Host(plc)
    sorting(h)
    h.cycle(False)
    assert h.st[5] == 0 and h.st[6] == 2
    h.open(6)
    h.run_out()
    plc.end()
    check_books(plc, h)
    assert plc.summary["unexpected"] >= 20 and plc.summary["items"] == 35, plc.summary


def exception(f):
    try:
        f()
    except ModbusError as e:
        return e.args[0]
    return 0


def test_server():
    plc = Plc("--no-fc23", "--unit", 3, "--max-connections", 2, "--belt-capacity", 10, "--timeout-s", 30)
    l = Link(plc.port, 3)
    assert exception(lambda: l.write_read(128, [0] * 96, 0, 121)) == 1
    assert exception(lambda: l.call(struct.pack(">BHH", 4, 0, 1))) == 1
    assert exception(lambda: l.call(struct.pack(">BHH", 1, 0, 1))) == 1
    assert exception(lambda: l.read(1024, 54)) == 0 and exception(lambda: l.read(1025, 54)) == 2
    assert exception(lambda: l.write(0, [1])) == 2 and exception(lambda: l.write(128, [0] * 97)) == 2
    assert exception(lambda: l.call(struct.pack(">BHH", 3, 0, 126))) == 3
    m = Link(plc.port, 1)
    assert exception(lambda: m.read(0, 121)) == 11
    n = Link(plc.port, 3)
    try:
        n.read(0, 1)
        assert False
    except OSError:
        pass
    m.s.sendall(b"\0\1\0\0\0\6")  # half a frame holds nobody up
    a = l.read(0, 1)[0]; time.sleep(0.1); b = l.read(0, 1)[0]
    assert 40 <= (b - a) % 65536 <= 60, (a, b)
    time.sleep(1.2)
    try:
        assert m.s.recv(1) == b""
    except ConnectionResetError:
        pass
    plc.stop()


def test_long():
    """Sequence numbers and item numbers pass their ends (about two minutes; only by name)."""
    plc = Plc("--items", 10000, "--speed", 65000, "--pitch", 600, "--eyes", "4000,6000,8000,10000,12000", "--timeout-s", 300,
              "--transfer-ms", 50, "--min-lead", 5)
    h = Host(plc)
    sorting(h)
    h.cycle(False)
    h.open(1)
    h.run_out(280)
    plc.end()
    print(plc.summary, len(h.events))
    assert len(h.events) > LAST + 1000 and plc.summary["discharged"] + plc.summary["left"] == 10000


if __name__ == "__main__":
    BINARY = sys.argv[1]
    names = sys.argv[2:] or [n[5:] for n in list(globals()) if n.startswith("test_") and n != "test_long"]
    for name in names:
        t = time.time()
        globals()["test_" + name]()
        print("%-14s ok  %.1f s" % (name, time.time() - t), flush=True)
