"""The shim between martletd and the system (shim.c): compiled here, told over a shared page what to do."""

import mmap
import pathlib
import struct
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
PLACES = {"calls": (0, "I"), "error": (4, "i"), "when": (8, "Q"), "is_lasting": (16, "I"), "skips_logs": (20, "I"),
          "delay": (24, "I"), "records": (28, "I"), "count": (32, "Q"), "fired": (40, "Q"), "clock": (48, "Q"),
          "ahead": (56, "q")}
WHAT = 64
SIZE = WHAT + 256
WRITES, SYNCS, OPENS, TRUNCATES, NAMES, READS = 1, 2, 4, 8, 16, 32
DIES = -1


class Shim:
    """One page, one library; `environment` is what a program needs to be under it."""

    def __init__(self, place, root, *, record=False):
        self.library = pathlib.Path(place) / "shim.so"
        self.control = pathlib.Path(place) / "control"
        self.record = pathlib.Path(place) / "record"
        subprocess.run(["cc", "-std=gnu11", "-O2", "-Wall", "-shared", "-fPIC", "-o", self.library, HERE / "shim.c",
                        "-ldl"], check=True)
        self.control.write_bytes(bytes(SIZE))
        self.record.write_bytes(b"")
        with open(self.control, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), SIZE)
        self.environment = {"LD_PRELOAD": str(self.library), "FAULTS_CONTROL": str(self.control),
                            "FAULTS_ROOT": str(pathlib.Path(root).resolve())}
        if record:
            self.environment["FAULTS_RECORD"] = str(self.record)
            self.set(records=1)

    def get(self, name):
        place, form = PLACES[name]
        return struct.unpack_from(form, self.page, place)[0]

    def set(self, **values):
        for name, value in values.items():
            place, form = PLACES[name]
            struct.pack_into(form, self.page, place, value)

    @property
    def what(self):
        """The first call that failed."""
        return self.page[WHAT:SIZE].split(b"\0")[0].decode(errors="replace")

    def arm(self, calls, error, when, *, is_lasting=False):
        """From now on the calls are counted, and the one of that number fails."""
        self.page[WHAT:SIZE] = bytes(SIZE - WHAT)
        self.set(calls=0, error=error, when=when, is_lasting=is_lasting, count=0, fired=0)
        self.set(calls=calls)

    def disarm(self):
        """Gives how many calls were counted and how many failed."""
        self.set(calls=0)
        return self.get("count"), self.get("fired")
