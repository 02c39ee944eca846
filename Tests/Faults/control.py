"""The control: without the synchronisation of write-ahead logs, mail that was acknowledged must be lost.

That is what SQLite leaves out of a commit with synchronous=NORMAL, a setting that the server does not have. A rig that
loses nothing then is broken, and says so.
"""

import powercut
import replay
from ledger import Violation


def run(options, place, say):
    """Lines for the report: the replay of crash states, and power cuts where there can be any."""
    lines = []
    recorded = replay.recorded(options, place, say)
    try:
        replay.replayed(recorded, options.cycles * 10, options, say, skips_logs=True)
    except Violation as found:
        lines.append(f"control of the replay: it lost something, as it must: {str(found)[:160]}")
    else:
        raise Violation(f"{options.cycles * 10} crash states without synchronised logs lost nothing: the rig is blind")
    lines.append(powercut.run(options, place, say))
    return "\n".join(lines)
