"""Builds the program that fuzzes, runs it on a target, and reads what it says."""

import dataclasses
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORK = ROOT / ".build" / "fuzzing"  # what was found and tried, outside of what is kept
KEPT = HERE / "corpus"
MEMORY = 256  # MiB that a target may take
LONGEST = 20  # seconds that one input may take; its growth is the finer measure
MEASURED = 200  # new inputs whose growth is measured after a run

running = set()
lock = threading.Lock()


@dataclasses.dataclass(frozen=True)
class Target:
    name: str
    longest: int
    subject: str


@dataclasses.dataclass
class Finding:
    what: str
    path: pathlib.Path | None
    log: pathlib.Path


@dataclasses.dataclass
class Result:
    name: str
    executions: int = 0
    seconds: float = 0.0
    coverage: int = 0
    added: int = 0
    peak: int = 0
    findings: list = dataclasses.field(default_factory=list)


def library():
    """The archive of libFuzzer without a main function, of the toolchain in use."""
    info = json.loads(subprocess.run(["swiftc", "-print-target-info"], capture_output=True, check=True).stdout)
    place = pathlib.Path(info["paths"]["runtimeResourcePath"])
    name = f"lib/linux/libclang_rt.fuzzer_no_main-{platform.machine()}.a"
    found = sorted([*place.glob(f"clang/{name}"), *place.parent.glob(f"clang/*/{name}")])
    if not found:
        sys.exit(f"Tests/Fuzz/run: the toolchain at {place} has no {name}")
    return found[-1].resolve()


def built(options):
    scratch = ROOT / ".build" / ("fuzz-address" if options.address else "fuzz")
    sanitizer = ["--sanitize", "address"] if options.address else []
    if not options.no_build:
        subprocess.run(
            ["swift", "build", "-c", "release", "--product", "Fuzz", "--scratch-path", scratch, *sanitizer], cwd=ROOT,
            env={**os.environ, "MARTLET_LIBFUZZER": str(library())}, stdout=sys.stderr, check=True)
    return scratch / "release" / "Fuzz"


def targets(program):
    lines = subprocess.run([program], capture_output=True, text=True, check=True, env=environment(None)).stdout
    rows = [line.split("\t") for line in lines.splitlines()]
    return {name: Target(name, int(longest), subject) for name, longest, subject in rows}


def environment(target):
    """The crash reporter of Swift's runtime hangs under libFuzzer; what leaks at a program's end is of no interest."""
    given = {**os.environ, "SWIFT_BACKTRACE": "enable=no", "ASAN_OPTIONS": "detect_leaks=0:quarantine_size_mb=8"}
    return given | {"FUZZ_TARGET": target.name} if target else given


def workshop():
    """A folder for what a target writes, in memory where there is some: what stores messages waits for the disk."""
    memory = "/dev/shm"
    return tempfile.TemporaryDirectory(prefix="martlet-fuzz-", dir=memory if os.access(memory, os.W_OK) else None)


def folder(kind, target):
    place = WORK / kind / target.name
    place.mkdir(parents=True, exist_ok=True)
    return place


def call(program, target, arguments, log):
    """Runs the program with its words in `log`: its status and the seconds of processor time that it took."""
    with open(log, "wb") as out, workshop() as place:
        process = subprocess.Popen([program, *map(str, arguments)], cwd=WORK,
                                   env=environment(target) | {"TMPDIR": place}, stdin=subprocess.DEVNULL, stdout=out,
                                   stderr=subprocess.STDOUT)
        with lock:
            running.add(process)
        try:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            with lock:
                running.discard(process)
    return process.returncode, usage.ru_utime + usage.ru_stime


def end_all():
    with lock:
        for process in running:
            process.kill()


def fuzz(program, target, options):
    """Until the time is over or something is found."""
    result = Result(target.name)
    known = set(folder("corpus", target).iterdir())
    seed = options.seed
    while not result.findings and options.seconds - result.seconds > 0.05 * options.seconds:
        one_run(program, target, options, seed, result)
        seed = seed % (1 << 31) + 1
    if not result.findings:
        new = sorted(set(folder("corpus", target).iterdir()) - known)
        growth(program, target, result, new[:MEASURED // 10 if options.quick else MEASURED])
    return result


def one_run(program, target, options, seed, result):
    (work, findings), log = (folder(kind, target) for kind in ("corpus", "findings")), WORK / f"{target.name}.log"
    before = set(findings.iterdir())
    words = HERE / "dictionaries" / f"{target.name}.txt"
    status, seconds = call(program, target, [
        f"-max_total_time={max(1, round(options.seconds - result.seconds))}", f"-seed={seed}", "-print_final_stats=1",
        f"-rss_limit_mb={2_048 if options.address else MEMORY}", f"-timeout={LONGEST}", f"-max_len={target.longest}",
        f"-artifact_prefix={findings}/", "-reload=0", *([f"-dict={words}"] if words.exists() else []),
        work, *([KEPT / target.name] if (KEPT / target.name).exists() else [])], log)
    text = log.read_text(errors="replace")
    result.seconds += seconds
    result.executions += last(text, r"stat::number_of_executed_units: (\d+)")
    result.added += last(text, r"stat::new_units_added: +(\d+)")
    result.peak = max(result.peak, last(text, r"stat::peak_rss_mb: +(\d+)"))
    result.coverage = max(result.coverage, last(text, r"\bcov: (\d+)"))
    new = sorted(path for path in set(findings.iterdir()) - before if not path.name.startswith("slow-unit"))
    if status != 0 or new:
        kept = log.rename(findings / f"{(new[0].name if new else 'end')}.log")
        result.findings.append(Finding(what(text, status), new[0] if new else None, kept))


def last(text, pattern):
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def what(text, status):
    """The line that says most about the end."""
    for pattern in (r"^FINDING: .*", r"^.*Fatal error.*", r"^.*ERROR: (?:Address|lib).*", r"^SUMMARY: .*"):
        found = re.search(pattern, text, re.MULTILINE)
        if found and "deadly signal" not in found[0]:
            return found[0][:500]
    return f"the program ended with status {status}"


def growth(program, target, result, files):
    """Measures how the time of inputs grows as they are repeated."""
    log = WORK / f"{target.name}.growth.log"
    status, _ = call(program, target, ["growth", *files], log)
    if status != 0:
        text = log.read_text(errors="replace")
        path = re.search(r"^FINDING: .*: (/\S+)$", text, re.MULTILINE)
        result.findings.append(Finding(what(text, status), pathlib.Path(path[1]) if path else None, log))


def again(program, target, path):
    path = str(pathlib.Path(path).resolve())
    with workshop() as place:
        given = environment(target) | {"TMPDIR": place}
        subprocess.run([program, "growth", path], env=given, check=False)
        return subprocess.run([program, f"-rss_limit_mb={MEMORY}", path], env=given, check=False).returncode
