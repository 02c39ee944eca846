"""A clock that jumps while clients work: ten years ahead, a day behind, and back.

UIDs, modification sequences, dates, sessions, limits, codes and what was expunged take no harm from it, and when the
clock is right again nothing of the wrong time is left. This is case 189 of the catalogue, and case 121 with the whole
server.

The shim between martletd and the system (`shim.c`) gives it the time of day. What measures spans of time
(CLOCK_MONOTONIC) goes on as ever, as it does when somebody sets a machine's clock; files keep the machine's own times.
"""

import concurrent.futures
import contextlib
import datetime
import os
import re
import sqlite3
import subprocess
import time

from credentials import app_password, code, proxy_header
from house import MAIL, PERSON, House
from killing import wait
from ledger import Violation
from martlet import MARTLET, PASSWORD, run as command, wait_for
from messages import made
from shim import Shim
from wire import IMAP

DAY, DECADE = 86_400, 3_652 * 86_400
JUMPS = (DECADE, -DAY, 0, DECADE + DAY, -3 * DAY, 3_600)
STEPS, GUESSES, GUESSES_A_DAY = 40, 10, 50
PROXY, STRANGER = "127.0.0.9", "203.0.113.7"


class Clock:
    """The machine's time and so many seconds, for whoever runs in its environment."""

    def __init__(self, place):
        self.shim = Shim(place, place / "data")
        self.environment = self.shim.environment
        self.set(0)

    def set(self, offset):
        """Between one reading of the clock and the next."""
        self.shim.set(ahead=offset)
        self.offset = offset

    def now(self):
        return time.time() + self.offset

    def check(self):
        """Whether the shim does what it is to do."""
        said = subprocess.run(["date", "+%s"], env={**os.environ, **self.environment}, capture_output=True, check=True)
        if abs(int(said.stdout) - self.now()) > 60:
            raise Violation("the shim does not change the time of day: the rig shows nothing")


class Bystander:
    """Somebody with a session of each kind that lives through all jumps: one idles, one asks now and then."""

    def __init__(self, server, clock, ledger, secret):
        self.server, self.clock, self.ledger, self.dates = server, clock, ledger, {}
        self.idling, self.asking = self.login(secret), self.login(secret, tls=True)
        for session in (self.idling, self.asking):
            session.command("SELECT INBOX")
        self.known()
        self.idling.idle()

    def login(self, secret, *, tls=False, **options):
        if tls:
            session = IMAP(self.server.imaps, tls=self.server.certificate, **options)
        else:
            session = IMAP(self.server.imap, **options)
        session.login(PERSON, secret)
        return session

    def known(self):
        """Dates that were told once are told for ever."""
        if not re.search(rb"\[UIDNEXT 1\]", b"".join(self.asking.command("STATUS INBOX (UIDNEXT)").lines)):
            rows = self.asking.command("UID FETCH 1:* (UID INTERNALDATE)").fetches().values()
            for row in rows:
                text = row["INTERNALDATE"].decode().strip()
                date = datetime.datetime.strptime(text, "%d-%b-%Y %H:%M:%S %z").timestamp()
                if self.dates.setdefault(int(row["UID"]), date) != date:
                    self.ledger.broken(f"INTERNALDATE of {row['UID']} was {self.dates[int(row['UID'])]}, is {text}")
        return self.dates

    def look(self):
        """New mail by a new login: its date is the server's, who idles is told of it, who asks is answered."""
        began = self.clock.now()
        with self.login(PASSWORD) as other:
            uid = int(other.append("INBOX", made(f"by{self.clock.offset}")).code.split()[2])
        ended = self.clock.now()
        while b" EXISTS" not in self.idling.line():
            pass
        self.idling.done()
        self.idling.idle()
        self.asking.command("NOOP")
        before = max(self.dates, default=0)
        date = self.known()[uid]
        if uid <= before:
            self.ledger.broken(f"UID {uid} came after {before}")
        if not began - 2 <= date <= ended + 2:
            self.ledger.broken(f"INTERNALDATE {date} of mail that came between {began} and {ended}")

    def close(self):
        for session in (self.idling, self.asking):
            session.close()


def jump(house, clock, server, offset):
    """Sets the clock; everybody goes on."""
    clock.set(offset)
    before = house.acknowledged()
    wait(lambda: house.acknowledged() > before + len(house.lanes) or server.process.poll() is not None)
    if house.acknowledged() == before:
        raise Violation(f"no work is done since the clock was set {offset:+d} s off\n{server.said()}")


@contextlib.contextmanager
def served(house, clock, **options):
    """A server under that clock; what is wrong is told with what it said."""
    server = house.server(
        env={**clock.environment, "MARTLET_PROXY_NETWORKS": f"{PROXY}/32"}, **options)
    try:
        yield server
        house.ledger.hold()
    except BaseException:
        print(f"clock {clock.offset:+d} s; martletd said:\n{server.said()}")
        raise
    finally:
        server.kill()


def cycle(house, clock, options):
    """Starts at one time, works through others, is killed at another."""
    chance = house.chance
    clock.set(chance.choice(JUMPS))
    with served(house, clock) as server:
        house.undecided += house.verify(server, people=False)
        bystander = Bystander(server, clock, house.ledger, house.third)
        with house.work(server, people=False):
            for offset in chance.sample(JUMPS, len(JUMPS)):
                jump(house, clock, server, offset)
                bystander.look()
            for _ in range(STEPS):
                clock.set(clock.offset + chance.randint(-30, 30))
                time.sleep(0.01)
            jump(house, clock, server, chance.choice(JUMPS))
            bystander.look()
            if server.process.poll() is not None:
                raise Violation(f"martletd ended by itself: {server.process.returncode}\n{server.said()}")
            if house.ledger.counts["gone"] > house.gone:
                raise Violation(f"{house.ledger.counts['gone'] - house.gone} sessions ended\n{server.said()}")
            server.kill()
        house.gone = house.ledger.counts["gone"]
        bystander.close()
    house.directory.check()


def attempts(names, password, connect):
    """The codes of their logins at once, each on a connection of its own."""
    def one(name):
        try:
            with connect() as session:
                return session.attempt("LOGIN", name, f'"{password}"').code
        except (OSError, EOFError):
            return "closed"
    with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
        return list(pool.map(one, names))


def expect(what, found, wanted):
    if found != wanted:
        raise Violation(f"{what}: {found}, not {wanted}")


def limits(house, clock):
    """Who fails too often while the clock is wrong is kept out then, and not for ten years."""
    clock.set(DECADE)
    with served(house, clock) as server:
        def near():
            return IMAP(server.imap, source="127.9.0.7")
        nobody = [f"nobody{number}@example.org" for number in range(GUESSES)]
        expect("guesses", set(attempts(nobody, "wrong", near)), {"AUTHENTICATIONFAILED"})
        for offset in (DECADE, 0):
            clock.set(offset)
            expect(f"the right password after them, {offset:+d} s", attempts([PERSON], PASSWORD, near), ["LIMIT"])
        clock.set(61)
        with near() as session:
            session.login(PERSON, PASSWORD)


def martlet(house, clock, *arguments, check=True):
    """The command line at that time."""
    return command([MARTLET, *arguments], check=check,
                   env={**clock.environment, "MARTLET_DATA": str(house.directory.path)})


def bans(house, clock):
    """Who is banned while the clock is wrong is not banned for ten years, nor limited for longer than a day."""
    clock.set(DECADE)
    with served(house, clock) as server:
        def far():
            connection = IMAP(server.imap, source=PROXY, proxied=proxy_header(STRANGER))
            connection.start_tls(server.certificate)
            return connection
        for turn in range(2 * GUESSES_A_DAY // GUESSES):
            clock.set(DECADE + 61 * turn)
            names = [f"nobody{turn}.{number}@example.org" for number in range(GUESSES)]
            attempts(names, "wrong", far)
            if any("msg=banned" in line for line in server.log):
                break
        wait_for(lambda: STRANGER in martlet(house, clock, "ban", "list").stdout.decode(), what="the ban")
        expect("a banned address", attempts([PERSON], PASSWORD, far), ["closed"])
        server.stop()
    clock.set(0)
    with served(house, clock) as server:
        expect("who was banned", attempts([PERSON], PASSWORD, far), ["LIMIT"])
        expect("bans that hold", STRANGER in martlet(house, clock, "ban", "list").stdout.decode(), False)
        clock.set(DAY + 61)
        with far() as session:
            session.login(PERSON, PASSWORD)


def codes(house, clock):
    """A code is that of the time that the server has, and TOTP that was turned on stays on."""
    user = "dora@example.org"
    house.directory.add_user(user)
    clock.set(DECADE)
    uri = house.directory.json("totp", "enroll", user)["uri"]
    early = martlet(house, clock, "totp", "confirm", user, code(uri), check=False)
    expect("a code of ten years ago", early.returncode, 1)
    martlet(house, clock, "totp", "confirm", user, code(uri, at=clock.now()))
    clock.set(-DAY)
    expect("TOTP", house.directory.json("totp", "status", user)["state"], "on")


def expunged(house):
    """Messages that can be brought back."""
    count = 0
    for number in range(1, len(MAIL) + 1):
        path = house.directory.path / "accounts" / f"{number}.db"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
            count += file.execute("SELECT count(*) FROM tombstone WHERE body_id IS NOT NULL").fetchone()[0]
    return count


def first_round(house, clock):
    """The server is there at the right time for as long as it takes to note it."""
    clock.set(0)
    with served(house, clock) as server:
        server.logged("purged expunged messages")
        server.stop()


def purge(house, clock):
    """The daily purge of a server that is ten years ahead takes nothing."""
    before = expunged(house)
    if not before:
        raise Violation("there is nothing that a purge could take")
    clock.set(DECADE)
    with served(house, clock) as server:
        server.logged("expunged messages are not purged")
        server.stop()
    expect("expunged messages", expunged(house), before)
    return before


def run(options, place, say):
    clock = Clock(place)
    clock.set(DECADE)
    clock.check()
    house = House(place, place / "data", options.seed, lanes=options.lanes)
    house.undecided = house.gone = 0
    house.third = app_password(house.directory, PERSON)[1]
    if not options.quick:
        first_round(house, clock)
    for number in range(options.cycles):
        cycle(house, clock, options)
        if number % 10 == 9:
            say(f"{number + 1} cycles: {house.summary()}")
    limits(house, clock)
    codes(house, clock)
    kept = ""
    if not options.quick:
        bans(house, clock)
        kept = f"{purge(house, clock)} expunged messages kept; "
    clock.set(0)
    with served(house, clock) as server:
        house.undecided += house.verify(server, whole=True, people=False)
        server.stop()
    house.directory.check()
    jumps = options.cycles * (len(JUMPS) + 1)
    return (f"clock: {options.cycles} cycles with {jumps} jumps, {house.summary()}; of those unanswered "
            f"{house.undecided} were done; {kept}no session ended, nothing lost, nothing refused for longer than right")
