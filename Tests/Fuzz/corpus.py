"""What is kept of the inputs that were tried: as few and as short as go all the ways that any of them goes."""

import shutil

import engine

MOST_FILES = 80
MOST_BYTES = 16 * 1_024
FINDING = "finding-"  # an input that has found something stays, under a name of its own


def keep(program, target):
    """Chooses anew among what is kept and what was tried."""
    kept = engine.KEPT / target.name
    kept.mkdir(exist_ok=True)
    ways = ways_of(program, target)
    chosen = {path for path in kept.iterdir() if path.name.startswith(FINDING)}
    size = sum(path.stat().st_size for path in chosen)
    left = set().union(*ways.values()) if ways else set()
    for path in chosen:
        left -= ways.get(path, set())
    while left and len(chosen) < MOST_FILES:
        path = max(ways, key=lambda path: (len(ways[path] & left) / (512 + path.stat().st_size), path.name))
        new = ways.pop(path) & left
        if not new:
            break
        if size + path.stat().st_size > MOST_BYTES:
            continue
        left -= new
        size += path.stat().st_size
        chosen.add(path)
    names = {path.name for path in chosen}
    for path in kept.iterdir():
        if path.name not in names:
            path.unlink()
    for path in chosen:
        if path.parent != kept:
            shutil.copyfile(path, kept / path.name)
    return f"{target.name}: keeps {len(chosen)} inputs of {size} bytes, {len(left)} edges beside them"


def ways_of(program, target):
    """{input: the edges that it goes}, as libFuzzer finds when it merges corpora; a feature is an edge and how often."""
    control = engine.WORK / f"{target.name}.merge"
    merged = engine.folder("merged", target)
    control.unlink(missing_ok=True)
    places = [path for path in (engine.KEPT / target.name, engine.folder("corpus", target)) if path.exists()]
    engine.call(program, target, ["-set_cover_merge=1", f"-merge_control_file={control}", merged, *places],
                engine.WORK / f"{target.name}.merge.log")
    shutil.rmtree(merged)
    lines = control.read_text().splitlines()
    count = int(lines[0])
    files = [engine.pathlib.Path(line) for line in lines[2:2 + count]]
    ways = {}
    for line in lines[2 + count:]:
        word, *numbers = line.split()
        if word == "FT":
            ways[files[int(numbers[0])]] = {int(number) // 8 for number in numbers[1:]}
    return ways
