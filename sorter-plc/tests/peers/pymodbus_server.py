"""A plain register server on pymodbus: no program behind the registers.

    pymodbus_server.py REGISTERS UNIT [PORT]

Serves holding registers 0 .. REGISTERS-1; register n holds (7 n + 3) mod 65536 at first. UNIT 0 answers to all unit ids,
otherwise others get an exception. The first line of the output is `listening 127.0.0.1:PORT`.
"""

import asyncio
import logging
import sys

from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice


async def main() -> None:
    registers, unit = int(sys.argv[1]), int(sys.argv[2])
    port = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    # It reports requests to unit ids that it does not have, and answers them all the same.
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    values = [(7 * n + 3) % 65536 for n in range(registers)]
    device = SimDevice(id=unit, simdata=[SimData(0, values=values, datatype=DataType.REGISTERS)])
    server = ModbusTcpServer(device, address=("127.0.0.1", port))
    await server.serve_forever(background=True)
    port = server.transport.sockets[0].getsockname()[1]
    print(f"listening 127.0.0.1:{port}", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
