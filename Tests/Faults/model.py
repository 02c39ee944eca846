"""Many clients at once, each against its model: every five seconds all stop, and everything is read and compared.

Sixty-four of them change the mailboxes of two accounts, some of which all use. What each is told must be in order: the
UIDs that its commands give out rise, and neither UIDNEXT nor HIGHESTMODSEQ of a mailbox goes back (`lanes.py`). With
--sanitize thread martletd is built with ThreadSanitizer, and may report nothing.

These are cases 196 and 197 of the catalogue.
"""

import os
import subprocess
import time

import martlet
from house import House
from ledger import Violation

BURST = 5
# Of a client, in seconds: a sanitized server is ten times as slow.
PATIENCE = 300
# Each so many bursts, what was expunged goes, and everything is checked.
PURGED_EACH = 12
REPORT = "WARNING: ThreadSanitizer"


def sanitized(kind):
    """martletd with that sanitizer, and the environment that it wants."""
    scratch = martlet.ROOT / ".build" / "tsan"
    subprocess.run(["swift", "build", "--product", "martletd", f"--sanitize={kind}", "--scratch-path", scratch],
                   cwd=martlet.ROOT, check=True, stdout=subprocess.DEVNULL)
    suppressions = martlet.ROOT / "Tests" / "tsan.suppressions"
    return scratch / "debug" / "martletd", {"TSAN_OPTIONS": f"suppressions={suppressions} halt_on_error=0"}


def run(options, place, say):
    options.clients = options.clients or (16 if options.quick else 64)
    seconds = (options.minutes or (0.5 if options.quick else 30)) * 60
    environment = {}
    if options.sanitize:
        martlet.MARTLETD, environment = sanitized(options.sanitize)
    house = House(place, place / "data", options.seed, lanes=options.clients)
    server = house.server(env=environment, arguments=("--sandbox", "never") if options.sanitize else ())
    for lane in house.lanes:
        lane.patience = PATIENCE
    began, bursts = time.monotonic(), 0
    try:
        # The first login with a password costs what a password costs: sixty-four at once would be too many.
        house.verify(server)
        while time.monotonic() < began + seconds:
            with house.work(server):
                time.sleep(BURST)
            if server.process.poll() is not None:
                raise Violation(f"martletd ended by itself: {server.process.returncode}")
            house.verify(server)
            reports(server)
            bursts += 1
            if bursts % PURGED_EACH == 0:
                house.purge()
                house.directory.check()
                say(f"{bursts} times compared, {house.summary()}")
        house.verify(server, whole=True)
        server.stop(timeout=300)
        reports(server)
    except BaseException:
        print(f"martletd said:\n{server.said()}")
        server.kill()
        raise
    house.directory.check()
    how = f", with the {options.sanitize} sanitizer" if options.sanitize else ""
    return (f"model: {options.clients} clients for {(time.monotonic() - began) / 60:.1f} minutes{how}, {bursts} times "
            f"compared, {house.summary()}; nothing out of order, nothing reported")


def reports(server):
    """Raises with what the sanitizer has said."""
    places = [number for number, line in enumerate(server.log) if REPORT in line]
    if places:
        text = os.linesep.join(server.log[places[0]:places[0] + 60])
        raise Violation(f"{len(places)} reports of the sanitizer; the first:\n{text}")
