"""Has tshark decode a capture of Modbus/TCP and checks what it says.

    capture_check.py CAPTURE PORT

- no expert message of the level of a warning or an error, in any layer
- every request has one answer: next on its connection, with its transaction id, unit and function, and no exception
- registers and byte counts are those of the blocks of the contract, and the answers have as many as were asked for
- heartbeats of ORDER go up by one from write to write on a connection

Prints what was seen of each function; exit code 1 with an assertion when something is not so.
"""

import collections
import subprocess
import sys

STATUS, ORDER, SCAN, PLANT, BELT = (0, 121), (128, 96), (256, 122), (384, 81), 1024
FIELDS = {
    "frame": "frame.number",
    "stream": "tcp.stream",
    "to": "tcp.dstport",
    "id": "mbtcp.trans_id",
    "protocol": "mbtcp.prot_id",
    "unit": "mbtcp.unit_id",
    "function": "modbus.func_code",
    "exception": "modbus.exception_code",
    "at": "modbus.reference_num",
    "count": "modbus.word_cnt",
    "read_at": "modbus.read_reference_num",
    "read_count": "modbus.read_word_cnt",
    "write_at": "modbus.write_reference_num",
    "write_count": "modbus.write_word_cnt",
    "bytes": "modbus.byte_cnt",
    "values": "modbus.regval_uint16",
    "data": "modbus.data",
    "asked_in": "modbus.request_frame",
}


def tshark(capture: str, port: str, *arguments: str) -> list[str]:
    command = ["tshark", "-r", capture, "-o", f"mbtcp.tcp.port:{port}", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def packets(capture: str, port: str) -> list[dict[str, str]]:
    asked = [word for field in FIELDS.values() for word in ("-e", field)]
    lines = tshark(capture, port, "-Y", "mbtcp", "-T", "fields", "-E", "separator=/t", *asked)
    return [dict(zip(FIELDS, line.split("\t"), strict=True)) for line in lines]


def heartbeat_of(request: dict[str, str]) -> int:
    """Word 1 of ORDER. tshark takes the words of function 16 apart, and not those of function 23."""
    if request["function"] == "16":
        return int(request["values"].split(",")[1])
    return int(request["data"].replace(":", "")[4:8], 16)


def check_blocks(request: dict[str, str], answer: dict[str, str]) -> None:
    function = int(request["function"])
    if function == 3:
        at, count = int(request["at"]), int(request["count"])
        assert (at, count) in (STATUS, SCAN, PLANT) or at >= BELT and count <= 125, f"reads {count} at {at}"
        assert int(answer["bytes"]) == 2 * count
    elif function == 16:
        assert (int(request["at"]), int(request["count"])) == ORDER
        assert int(request["bytes"]) == 2 * ORDER[1]
        assert (int(answer["at"]), int(answer["count"])) == ORDER
    else:
        assert function == 23, f"function {function}"
        assert (int(request["read_at"]), int(request["read_count"])) == STATUS
        assert (int(request["write_at"]), int(request["write_count"])) == ORDER
        assert int(answer["bytes"]) == 2 * STATUS[1]


def main() -> None:
    capture, port = sys.argv[1:]
    loud = tshark(capture, port, "-Y", "_ws.expert.severity >= 0x600000", "-T", "fields", "-e", "frame.number",
                  "-e", "_ws.expert.message")
    assert not loud, f"expert warnings: {loud[:5]}"
    seen: collections.Counter[int] = collections.Counter()
    waiting: dict[str, dict[str, str]] = {}
    heartbeats: dict[str, int] = {}
    for packet in packets(capture, port):
        stream = packet["stream"]
        assert packet["protocol"] == "0", f"{packet}"
        if packet["to"] == port:
            assert stream not in waiting, f"asked before the answer came: {packet}"
            waiting[stream] = packet
            if packet["function"] in ("16", "23"):
                heartbeat = heartbeat_of(packet)
                before = heartbeats.get(stream)
                assert before is None or heartbeat == (before + 1) % 65536, f"{before}, then {heartbeat}: {packet}"
                heartbeats[stream] = heartbeat
            continue
        request = waiting.pop(stream, None)
        assert request, f"an answer to nothing: {packet}"
        assert all(packet[field] == request[field] for field in ("id", "unit", "function")), f"{request}, {packet}"
        assert packet["asked_in"] == request["frame"], f"tshark pairs it otherwise: {packet}"
        assert not packet["exception"], f"{packet}"
        check_blocks(request, packet)
        seen[int(packet["function"])] += 1
    assert not waiting, f"requests without an answer: {waiting}"
    print(f"{sum(seen.values())} requests with their answers on {len(heartbeats)} connections:", dict(sorted(seen.items())))
    assert min(seen[3], seen[16], seen[23]) > 100


main()
