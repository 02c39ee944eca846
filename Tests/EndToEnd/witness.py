"""Watches a server's system calls (strace) and judges whether each change was on disk before it was acknowledged.

The tracer sees a call begin and end in the order in which it stopped the threads: what ended before another began
stands before it. A change is on disk when, after its command was read, something was written and a synchronisation of
that file began after the write and ended before the write of the OK began.
"""

import contextlib
import dataclasses
import pathlib
import re
import signal
import subprocess
import time

READS = ("read", "readv", "recvfrom", "recvmsg")
WRITES = ("write", "writev", "sendto", "sendmsg", "pwrite64", "pwritev", "pwritev2")
SYNCS = ("fsync", "fdatasync", "sync_file_range", "msync", "syncfs", "sync")
BEGUN = re.compile(r"^(\d+) +(\w+)\((.*)$")
RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>(.*)$")
FILE = re.compile(r"^\d+<(/[^>]*)>")
UNFINISHED = "<unfinished ...>"
ATTEMPTS = 10


class Unobservable(Exception):
    """This machine lets nobody trace."""


@dataclasses.dataclass
class Call:
    """One system call; `begin` and `end` are lines of the trace."""

    begin: int
    end: int
    name: str
    text: str

    @property
    def file(self):
        """The file it works on, when it does on one."""
        found = FILE.match(self.text)
        return found.group(1) if found else None


@contextlib.contextmanager
def watched(processes, trace):
    """Traces the processes and all that they start while the block runs; the file `trace` has it afterwards.

    `processes` is called for their numbers: a server's processes come and go, and strace attaches to all that it was
    given or to none, so that one which has just ended means asking anew."""
    trace = pathlib.Path(trace)
    spoken = trace.with_suffix(".strace")
    for _ in range(ATTEMPTS):
        tracer, said = attach(processes(), trace, spoken)
        if tracer:
            break
        if "No such process" not in said:
            raise Unobservable(f"strace could not attach: {said}")
    else:
        raise Unobservable(f"strace could not attach, {ATTEMPTS} times: {said}")
    try:
        yield
    finally:
        let_go(tracer)


def attach(processes, trace, spoken):
    """(the tracer, what it said), once it has attached to all of them; without a tracer when it could not."""
    command = ["strace", "-f", "-y", "-s", "4096", "-e", "signal=none", "-o", trace,
               "-e", "trace=" + ",".join((*READS, *WRITES, *SYNCS))]
    for pid in processes:
        command += ["-p", str(pid)]
    with open(spoken, "wb") as said:
        try:
            tracer = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        except FileNotFoundError:
            raise Unobservable("strace is not installed") from None
    end = time.monotonic() + 60
    while spoken.read_text().count(" attached") < len(processes):
        if tracer.poll() is not None or time.monotonic() > end:
            let_go(tracer)
            return None, spoken.read_text().strip()
        time.sleep(0.02)
    return tracer, spoken.read_text().strip()


def let_go(tracer):
    """Ends the tracer; what it traced goes on."""
    if tracer.poll() is None:
        tracer.send_signal(signal.SIGINT)
    tracer.wait(60)


def calls(lines):
    """The calls of a trace in the order of their ends; one that never ended is left out."""
    open_calls, found = {}, []
    for number, line in enumerate(lines):
        if resumed := RESUMED.match(line):
            begun = open_calls.pop((resumed.group(1), resumed.group(2)), None)
            if begun:
                found.append(Call(begun[0], number, resumed.group(2), begun[1] + resumed.group(3)))
        elif begun := BEGUN.match(line):
            text = begun.group(3)
            if text.endswith(UNFINISHED):
                open_calls[begun.group(1), begun.group(2)] = (number, text.removesuffix(UNFINISHED))
            else:
                found.append(Call(number, number, begun.group(2), text))
    return found


def commands(found, tag, count):
    """When the commands TAG0, TAG1, … had been read and their OKs began to be written: (end, begin) for each."""
    read, answered = {}, {}
    asked, told = re.compile(rf'(?:"|\\n){tag}(\d+) '), re.compile(rf'(?:"|\\n){tag}(\d+) OK')
    for call in found:
        if call.file is None and call.name in READS:
            for number in asked.findall(call.text):
                read.setdefault(int(number), call.end)
        elif call.file is None and call.name in WRITES:
            for number in told.findall(call.text):
                answered.setdefault(int(number), call.begin)
    return [(read[number], answered[number]) for number in range(count) if number in read and number in answered]


def deliveries(found):
    """When LMTP's 354 had been written and the 250 after it began to be."""
    pairs, began = [], None
    for call in found:
        if call.file is None and call.name in WRITES:
            if re.search(r'(?:"|\\n)354', call.text):
                began = call.end
            elif began is not None and '"250' in call.text:
                pairs.append((began, call.begin))
                began = None
    return pairs


def synchronisations(found, pairs):
    """How many began and ended well between the first command and the last OK."""
    if not pairs:
        return 0
    first, last = pairs[0][0], max(end for _, end in pairs)
    return sum(call.name in SYNCS and first < call.begin and call.end < last and call.text.endswith("= 0")
               for call in found)


def early(found, pairs, *, suffix=""):
    """Those of the changes that were acknowledged before they were on disk, in a file whose name ends so."""
    writes = [call for call in found if call.name in WRITES and (call.file or "").endswith(suffix) and call.file]
    syncs = [call for call in found if call.name in SYNCS and (call.file or "").endswith(suffix)
             and call.text.endswith("= 0")]

    def is_on_disk(asked, answered):
        return any(asked < write.begin and write.end < sync.begin and sync.end < answered and sync.file == write.file
                   for sync in syncs if asked < sync.begin and sync.end < answered
                   for write in writes if asked < write.begin < answered)
    return [pair for pair in pairs if not is_on_disk(*pair)]
