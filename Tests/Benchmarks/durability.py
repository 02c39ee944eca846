"""What every run shows before it measures: how many synchronisations to the disk stand behind a change."""

import pathlib
import struct

import witness
from rows import APPENDER, RECEIVERS

APPENDS, STORES, DELIVERIES = 50, 50, 20


def small_corpus(place):
    """A message of a kilobyte, as often as the sample needs one: it leaves next to nothing behind."""
    message = b"From: sender@example.net\r\nSubject: witness\r\n\r\n" + b"line of text, thirty-two bytes.\r\n" * 30
    path, count = pathlib.Path(place) / "witness-corpus", max(APPENDS, DELIVERIES)
    path.write_bytes(message * count)
    pathlib.Path(f"{path}.index").write_bytes(
        struct.pack(f"<{count + 1}Q", *(at * len(message) for at in range(count + 1))))
    return path


def show(bench, peers, place, failures, say):
    """A line for each server. That Martlet acknowledged something before it was on disk fails the run."""
    made = small_corpus(place)
    yield "- synchronisations for each acknowledged change, and changes that were on disk before their OK, of " \
          f"{APPENDS} APPENDs, {STORES} STOREs, {STORES} STOREs with 16 in flight, {DELIVERIES} deliveries, traced:"
    for peer in peers:
        try:
            counts = sample(bench, peer, place, made)
        except (witness.Unobservable, RuntimeError) as problem:
            failures.add(peer, f"durability: {problem}")
            continue
        yield f"  - {peer.title}: " + "; ".join(
            f"{name} {synced / total:.2f} ({total - early} of {total})" for name, total, synced, early in counts)
        if peer.name == "martlet" and any(early for _, _, _, early in counts):
            failures.add(peer, "it acknowledged a change before fdatasync of its write-ahead log had returned")
        say(f"{peer.name} was watched")


def sample(bench, peer, place, made):
    """(kind, changes, synchronisations, changes acknowledged early) for each kind."""
    bench.run("commands", peer, user=APPENDER, pre="CREATE witness", do="NOOP")
    flag = {"user": APPENDER, "pre": "SELECT witness", "count": STORES}
    kinds = [
        ("APPEND", "a", APPENDS, "append", {"user": APPENDER, "corpus": made, "mailbox": "witness", "count": APPENDS}),
        ("STORE", "c", STORES, "commands", {**flag, "do": "UID STORE %n +FLAGS.SILENT (\\Flagged)"}),
        ("pipelined STORE", "c", STORES, "commands",
         {**flag, "do": "UID STORE %n +FLAGS.SILENT (\\Answered)", "window": 16}),
        ("delivery", None, DELIVERIES, "lmtp",
         {"corpus": made, "to": peer.login(RECEIVERS[0]), "count": DELIVERIES, "lanes": 1}),
    ]
    counts = []
    for name, tag, total, verb, options in kinds:
        trace = place / f"trace-{peer.name}"
        with witness.watched(peer.processes, trace):
            bench.run(verb, peer, **options)
        found = witness.calls(trace.read_text(errors="replace").splitlines())
        trace.unlink()
        pairs = witness.commands(found, tag, total) if tag else witness.deliveries(found)
        if len(pairs) != total:
            raise RuntimeError(f"of {total} changes ({name}) the trace shows {len(pairs)}")
        counts.append((name, total, witness.synchronisations(found, pairs),
                       len(witness.early(found, pairs, suffix="-wal" if peer.name == "martlet" else ""))))
    return counts
