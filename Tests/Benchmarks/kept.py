"""Filled data directories that later runs use again, in the directory of --kept: NAME is a server's, NAME.json says
what it was filled with. A run measures a copy of each, so that what it changes is gone with it."""

import concurrent.futures
import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import stat
import time


def fill_all(bench, peers, say):
    """Fills the servers, all of them at once: filling is not measured."""
    def fill(peer):
        began = time.monotonic()
        bench.fill(peer)
        say(f"{peer.name} is filled, after {time.monotonic() - began:.0f} s")
    with concurrent.futures.ThreadPoolExecutor(max(1, len(peers))) as pool:
        for done in [pool.submit(fill, peer) for peer in peers]:
            done.result()


class Kept:
    """The directory, and what a run wants in it."""

    def __init__(self, path, bench, say):
        self.path, self.bench, self.say = pathlib.Path(path).absolute(), bench, say
        self.wanted = {"corpus": pathlib.Path(bench.corpus).name, "mailboxes": bench.sizes.mailboxes,
                       "layout": 1}
        if bench.sizes.distinct:
            self.wanted["messages"] = bench.sizes.mailbox

    @contextlib.contextmanager
    def locked(self, kind):
        with open(self.path / "lock", "w", encoding="ascii") as file:
            fcntl.flock(file, kind)
            yield

    def marker(self, kind):
        return self.path / f"{kind.name}.json"

    def holds(self, kind):
        """What the server's directory was filled with; nothing when it has to be filled."""
        if not self.marker(kind).exists():
            if (self.path / kind.name).exists():
                raise SystemExit(f"Tests/Benchmarks/run: {self.path / kind.name} is there, and no {kind.name}.json "
                                 f"says what it holds; remove it, or name another directory with --kept")
            return None
        found = json.loads(self.marker(kind).read_text())
        if any(found.get(key) != value for key, value in self.wanted.items()):
            raise SystemExit(f"Tests/Benchmarks/run: {self.path / kind.name} was filled for another run: {found}, "
                             f"where this one wants {self.wanted}; --refill {kind.name} fills it anew, or name another "
                             "directory with --kept")
        return found

    def ensure(self, kinds, refill):
        """Fills what is not there yet; gives a line for each server about the mail that it will be measured with."""
        with self.locked(fcntl.LOCK_EX):
            for name in refill:
                self.remove(name)
            missing = [kind for kind in kinds if self.holds(kind) is None]
            self.fill(missing)
            return [f"{kind.title}: {json.loads(self.marker(kind).read_text())['by']}" for kind in kinds]

    def remove(self, name):
        self.path.joinpath(f"{name}.json").unlink(missing_ok=True)
        shutil.rmtree(self.path / name, ignore_errors=True)

    def fill(self, kinds):
        """Each in a directory aside, which is given its name when all is in it and the server has ended."""
        asides = [self.path / f"filling-{kind.name}" for kind in kinds]
        for aside in asides:
            shutil.rmtree(aside, ignore_errors=True)
        peers = []
        try:
            for kind, aside in zip(kinds, asides):
                peers.append(kind(aside))
            fill_all(self.bench, peers, self.say)
        finally:
            for peer in peers:
                peer.stop()
        for kind, aside in zip(kinds, asides):
            aside.rename(self.path / kind.name)
            by = f"{kind.version()}, {time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC"
            self.marker(kind).write_text(json.dumps({**self.wanted, "by": by}) + "\n", encoding="utf-8")

    def copy(self, kind, to):
        """The server's directory once more at `to`. What the server never writes in place is shared with the kept
        one."""
        began = time.monotonic()
        with self.locked(fcntl.LOCK_SH):
            clone(self.path / kind.name, pathlib.Path(to), kind.unchanging)
        self.say(f"{kind.name} is copied, after {time.monotonic() - began:.0f} s")


def clone(source, target, is_unchanging):
    """Copies a tree with owners, modes and times; files that `is_unchanging` names become second links of the same."""
    for folder, _, names in os.walk(source):
        there = target / os.path.relpath(folder, source)
        there.mkdir()
        for name in names:
            old, new = os.path.join(folder, name), there / name
            found = os.lstat(old)
            if stat.S_ISREG(found.st_mode):
                if not (is_unchanging(new) and linked(old, new)):
                    shutil.copy2(old, new)
                    os.chown(new, found.st_uid, found.st_gid)
            elif stat.S_ISLNK(found.st_mode):
                os.symlink(os.readlink(old), new)
    for folder, _, _ in os.walk(source, topdown=False):
        there, found = target / os.path.relpath(folder, source), os.stat(folder)
        os.chown(there, found.st_uid, found.st_gid)
        shutil.copystat(folder, there)


def linked(old, new):
    """Whether the file could be given a second name."""
    with contextlib.suppress(OSError):
        os.link(old, new)
        return True
    return False
