"""Many wrong logins at once, as a program of its own: `flood.py PORT CONNECTIONS`. It goes on until its standard input
ends, then prints what was answered.

Each connection comes from another loopback network, so that no limit but the server's own capacity holds it back.
"""

import asyncio
import collections
import os
import sys


async def guess(port, number, over, answers):
    while not over.is_set():
        try:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, local_addr=(f"127.{1 + number // 250}.{1 + number % 250}.9", 0))
        except OSError as error:
            answers[f"not connected: {error.strerror}"] += 1
            await asyncio.sleep(0.1)
            continue
        try:
            await reader.readline()
            for attempt in range(3):
                if over.is_set():
                    break
                name = "alice" if number % 2 else f"nobody{number}"
                writer.write(b'a LOGIN "%s@example.org" "guess number %d"\r\n' % (name.encode(), attempt))
                while not (line := await asyncio.wait_for(reader.readline(), 60)).startswith(b"a "):
                    if not line:
                        raise ConnectionError
                answers[line.split(b"]")[0].decode() + "]"] += 1
        except (OSError, asyncio.TimeoutError):
            answers["ended"] += 1
        finally:
            writer.close()


async def flood(port, connections):
    answers = collections.Counter()
    over = asyncio.Event()
    guesses = asyncio.gather(*(guess(port, number, over, answers) for number in range(connections)))
    await asyncio.to_thread(sys.stdin.read)
    over.set()
    await guesses
    for answer, count in sorted(answers.items()):
        print(count, answer)

# The strangers' computers are not ours: their work must not slow the server down.
os.nice(15)
asyncio.run(flood(int(sys.argv[1]), int(sys.argv[2])))
