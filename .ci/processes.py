"""Processes of the program for the checks that kill them."""

import atexit
import json
import os
import signal
import socket
import subprocess
import time

problems = []


def check(holds, what):
    print(("  ok   " if holds else "  FAIL ") + what)
    if not holds:
        problems.append(what)


def free_ports(count):
    """The first of so many free ports in a row."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            first = probe.getsockname()[1]
        sockets = []
        try:
            for port in range(first, first + count):
                sockets.append(socket.socket())
                sockets[-1].bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
        finally:
            for open_socket in sockets:
                open_socket.close()


class Program:
    """One process of the program, with its output in a file."""

    def __init__(self, program, folder, name, *arguments):
        self.name, self.path = name, os.path.join(folder, name)
        self.out = open(self.path + ".log", "w")
        command = [program, *arguments, "--json", self.path + ".json"]
        self.process = subprocess.Popen(command, stdout=self.out, stderr=subprocess.STDOUT)
        # Whatever ends the check, nothing of it runs on.
        atexit.register(self.process.kill)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self, within=120):
        self.process.wait(timeout=within)
        self.out.close()
        return self.process.returncode

    def report(self):
        with open(self.path + ".json") as file:
            return json.load(file)

    def says(self, text, within=60):
        """Waits until it has said so."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            with open(self.path + ".log") as file:
                if text in file.read():
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise SystemExit(f"{self.name} did not say {text!r}")


