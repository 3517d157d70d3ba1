"""Interrupt the program at random moments: nothing may be lost, and it must be able to go on.

Picking, segmentation, a watch, a job of RELION, and a session of the window without a window work
on simulated micrographs. Each runs once undisturbed. Then it starts anew for each random moment, at
which it is killed (SIGKILL to the process alone, as when the memory runs out) or interrupted
(SIGINT to all its processes, as by Ctrl-C in a terminal). The same command then goes on to the end;
`drpnet pick` and `segment` get ``--resume``.

These programs are forked from a process that has loaded the libraries, so that most moments are in
their work. ``workers`` and ``start`` are new interpreters: picking with two worker processes, and
the first seconds of picking.

Prints a table of the defects that were found, and one line for each:

- printed: a traceback, a line too many, or another exit code than that of an interruption
- half: a file that cannot be read, or differs from that of the undisturbed run
- lost: a finished micrograph that was picked again, or a saved correction that is missing
- other: after going on, a file is missing, too many, or differs from that of the undisturbed run
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import chdir
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numba  # noqa: F401 - loaded once for all programs
import torch

import interrupted_session
from baseline import hash_files
from napari_drpnet.__main__ import main as drpnet
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.relion.star_tables import read_tables

MICROGRAPHS = 6
SIMULATE = (
    f"simulate --out . --relion --count {MICROGRAPHS} --height 512 --width 512 --pixel-size 3 "
    "--particles 20 --shape barrel --diameter 180 --dose 30"
)
LIST, DIAMETER = "micrographs_ctf.star", "--diameter 180 --device cpu"
KINDS = ("printed", "half", "lost", "other")
CODES = {signal.SIGKILL: {-signal.SIGKILL}, signal.SIGINT: {130}}
#: Exit code of RELION's aborted jobs.
ABORTED = 2
#: Files about a run: those that change with each micrograph, and those that tell what was resumed.
OF_RUN = ("autopick.star", "summary.csv", "RELION_OUTPUT_NODES.star")
DIFFERENT = ("summary.json", "logfile.pdf")
LIMIT_SECONDS = 600.0
EARLIEST_SECONDS = 0.1
#: Last moments of those that are interrupted while they start.
LAST_SECONDS = {"start": 3.0, "workers": 10.0}


@dataclass(frozen=True)
class Work:
    """A program that is interrupted; OUT in its arguments stands for its folder.

    Parameters
    ----------
    name : str
        Name in the table.
    arguments : str
        Arguments of `drpnet`, or of a session.
    again : str
        Arguments that are added to go on.
    signals : tuple of signal.Signals
        Signals to send.
    is_fresh : bool
        Whether a new interpreter runs it.
    """

    name: str
    arguments: str
    again: str = ""
    signals: tuple[signal.Signals, ...] = (signal.SIGKILL, signal.SIGINT)
    is_fresh: bool = False

    @property
    def is_watch(self) -> bool:
        """Whether it ends when it is told to."""
        return "--stop-file" in self.arguments


_PICK = f"pick {LIST} --out OUT {DIAMETER} --format star,csv --preview"
WORKS = (
    Work("pick", f"{_PICK} --workers 1", "--resume"),
    Work("relion", f"relion --o OUT/ --in_mics {LIST} {DIAMETER} --j 1"),
    Work(
        "watch",
        f"pick {LIST} --out OUT {DIAMETER} --workers 1 "
        "--watch --settle 0 --every 0.1 --stop-file OUT.stop",
    ),
    Work("session", f"OUT {LIST}"),
    Work(
        "segment",
        f"segment {LIST} --out OUT {DIAMETER} --format mrc,png,npz --workers 1",
        "--resume",
    ),
    Work("workers", f"{_PICK} --workers 2", "--resume", is_fresh=True),
    Work("start", f"{_PICK} --workers 1", "--resume", (signal.SIGINT,), is_fresh=True),
)


@dataclass(frozen=True)
class Ended:
    """How a program has ended, and what it has printed."""

    code: int
    printed: str

    @property
    def saved(self) -> int:
        """Number of corrections of a session that it said are saved or there."""
        lines = [line.split() for line in self.printed.splitlines()]
        return max((int(words[1]) for words in lines if words[0] in ("saved", "there")), default=0)


def begin(work: Work, words: list[str], output: int) -> None:
    """Become the program, in a process of its own that was forked."""
    os.setsid()
    for stream in (1, 2):
        os.dup2(output, stream)
    sys.stdout, sys.stderr = (os.fdopen(stream, "w", buffering=1) for stream in (1, 2))
    if work.is_fresh:
        os.execv(sys.executable, [sys.executable, "-m", "napari_drpnet", *words])
    elif work.name == "session":
        interrupted_session.main(*map(Path, words))
    else:
        sys.argv = ["drpnet", *words]
        drpnet()


def run(work: Work, out: Path, again: str = "", stop: tuple[float, int] | None = None) -> Ended:
    """Run a program; send it a signal after some seconds. Wait until all its processes ended."""
    words = f"{work.arguments} {again}".replace("OUT", str(out)).split()
    stop_file = Path(f"{out}.stop")
    stop_file.unlink(missing_ok=True)
    ours, theirs = os.pipe()
    process = get_context("fork").Process(target=begin, args=(work, words, theirs))
    process.start()
    os.close(theirs)
    with open(ours, encoding="utf-8") as pipe, ThreadPoolExecutor(1) as reader:
        printed = reader.submit(pipe.read)  # to its end, when the last process has ended
        end = time.monotonic() + LIMIT_SECONDS
        if stop is not None and wait([printed], stop[0]).not_done and process.is_alive():
            send = os.kill if stop[1] == signal.SIGKILL else os.killpg
            send(process.pid, stop[1])
        while not wait([printed], 0.1).done:
            if work.is_watch and len(finished(out)) == MICROGRAPHS:
                stop_file.touch()
            if time.monotonic() > end:
                os.killpg(process.pid, signal.SIGKILL)
        process.join()
        return Ended(process.exitcode, printed.result())


def finished(out: Path) -> dict[str, int]:
    """Return when the records of finished micrographs were written."""
    records = (out / ".drpnet").rglob("[!.]*.json")
    return {record.name: record.stat().st_mtime_ns for record in records}


def contents(out: Path) -> dict[str, str]:
    """Return the hashes of the results in a folder, and of its temporary files."""
    is_session = (out / "project").exists()
    hashes = hash_files(out / "exported" if is_session else out)
    return {name: each for name, each in hashes.items() if Path(name).name not in DIFFERENT}


def unreadable(out: Path, whole: dict[str, str]) -> Iterator[str]:
    """Yield the files in the folder of an interrupted run that are not complete."""
    for name, digest in contents(out).items():
        path = out / name
        is_mark = path.name == "lock" or path.name.startswith("RELION_JOB")
        if is_mark or ".part" in path.suffixes:
            continue
        if path.name not in OF_RUN and digest != whole.get(name):
            yield name
        elif path.name in OF_RUN and path.suffix == ".star":
            try:
                read_tables(path)
            except InputFileError as error:
                yield str(error)


def interrupt(
    work: Work, out: Path, whole: dict[str, str], moment: float, number: signal.Signals
) -> Iterator[tuple[str, str]]:
    """Interrupt a command once, let it go on, and yield the kinds of defects with details."""
    first = run(work, out, stop=(moment, number))
    was_late = first.code == 0
    said = sum(line.startswith("Interrupted") for line in first.printed.splitlines())
    codes = CODES[number] | ({ABORTED} if work.name == "relion" else set())
    is_told = number == signal.SIGKILL or said == 1
    if not was_late and (first.code not in codes or not is_told or _has_traceback(first)):
        yield "printed", f"exit code {first.code}: {first.printed}"
    yield "late" if was_late else "early", ""
    for name in unreadable(out, whole):
        yield "half", name
    before = finished(out)
    second = run(replace(work, is_fresh=False), out, work.again)
    if second.code or _has_traceback(second):
        yield "printed", f"going on: exit code {second.code}: {second.printed}"
    if not before.items() <= finished(out).items():
        yield "lost", f"of {sorted(before)}"
    there = next((line for line in second.printed.splitlines() if line.startswith("there")), "")
    if there and int(there.split()[1]) < first.saved:
        yield "lost", f"{there} of {first.saved}"
    if (after := contents(out)) != whole:
        names = {name for name, _ in after.items() ^ whole.items()}
        yield "other", ", ".join(sorted(names))


def _has_traceback(ended: Ended) -> bool:
    marks = ("Traceback", "Exception ignored", "warning:", "Error:")
    return any(mark in ended.printed for mark in marks)


def measure(work: Work, count: int, draw: random.Random) -> Iterator[str]:
    """Yield the rows of a command, and the defects."""
    out = Path(work.name).absolute()
    start = time.perf_counter()
    ended = run(work, out)
    seconds = time.perf_counter() - start
    assert ended.code == 0, ended.printed
    whole = contents(out)
    last = LAST_SECONDS.get(work.name, seconds)
    for number in work.signals:
        shutil.rmtree(out)
        found = Counter[str]()
        details = []
        for _ in range(count):
            moment = draw.uniform(EARLIEST_SECONDS, last)
            for kind, detail in interrupt(work, out, whole, moment, number):
                found[kind] += 1
                if detail:
                    details.append(f"{work.name} {number.name} {moment:.3f} s: {kind}: {detail}")
            shutil.rmtree(out, ignore_errors=True)
        numbers = (found[kind] for kind in ("early", *KINDS))
        cells = (work.name, number.name, count, f"{seconds:.1f}", *numbers)
        yield f"| {' | '.join(map(str, cells))} |"
        yield from details
        out.mkdir()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=20, help="for each signal")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=[work.name for work in WORKS])
    arguments = parser.parse_args()
    # Programs that are started by a shell in the background ignore it, and so do their children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    torch.set_num_threads(1)
    print("| work | signal | moments | undisturbed, s | cut short |", " | ".join(KINDS), "|")
    print("|---|---|" + "--:|" * (3 + len(KINDS)))
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        run(Work("simulated", SIMULATE), Path())
        for work in WORKS:
            if arguments.only in (None, work.name):
                for line in measure(work, arguments.moments, random.Random(arguments.seed)):
                    print(line, flush=True)


if __name__ == "__main__":
    main()
