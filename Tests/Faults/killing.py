"""kill -9: martletd under load is killed at random moments, started again on the same directory, and read.

This is case 179 of the catalogue.
"""

import time

from house import House
from ledger import Violation


def cycle(house, number, options):
    """Verifies the cycle before, works, kills. Gives the seconds from the start to being ready."""
    began = time.monotonic()
    server = house.server()
    ready = time.monotonic() - began
    try:
        house.undecided += house.verify(server, whole=number % options.check == 0)
        before = house.acknowledged()
        with house.work(server):
            # Some cycles end at any moment, also before anybody has logged in; most in the midst of the work.
            if house.chance.random() < 0.9:
                wait(lambda: house.acknowledged() > before or server.process.poll() is not None)
            time.sleep(house.chance.random() * options.longest)
            if house.chance.random() < 0.5:
                house.people.kill()
            if server.process.poll() is not None:
                raise Violation(f"martletd ended by itself: {server.process.returncode}\n{server.said()}")
            server.kill()
            house.people.kill()
        house.ledger.hold()
        house.busy += house.acknowledged() > before
    except BaseException:
        print(f"cycle {number}; martletd said:\n{server.said()}")
        server.kill()
        house.people.kill()
        raise
    if number % options.check == options.check - 1:
        house.directory.check()
        house.purge()
    return ready


def wait(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.002)


def run(options, place, say):
    """A line for the report."""
    house = House(place, place / "data", options.seed, lanes=options.lanes)
    house.undecided, house.busy, starts, began = 0, 0, [], time.monotonic()
    for number in range(options.cycles):
        starts.append(cycle(house, number, options))
        if number % 100 == 99:
            say(f"{number + 1} cycles: {house.summary()}")
    server = house.server()
    house.undecided += house.verify(server, whole=True)
    server.stop()
    house.directory.check()
    if options.cycles >= 50 and house.busy < options.cycles * 0.8:
        raise Violation(f"only in {house.busy} of {options.cycles} cycles was there anything that could be lost")
    return (f"kill -9: {options.cycles} cycles in {time.monotonic() - began:.0f} s, {house.summary()}; of those "
            f"unanswered {house.undecided} were done; slowest start {max(starts):.2f} s; nothing lost")
