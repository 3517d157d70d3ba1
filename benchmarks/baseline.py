"""Compute hashes of all files that the program writes for a fixed set of small inputs.

Simulates micrographs with `drpnet simulate`, adds three real ones if the data folder `shared` is
beside the checkout or is named by DRPNET_SHARED, and runs `drpnet` and a session of the window on
them. All files and all printed text go into a folder. With the same code, packages and computer
the hashes are the same each time; ``--compare`` prints which files differ from an earlier run.

Before a file is hashed, the parts that differ between runs are replaced: the output folder by
``<out>``, seconds in JSON, tables and lines by ``<seconds>``, the version of napari-drpnet by
``<version>``, and dates in reports and PDF files by ``<date>``. The labels of MRC files, which have
a date too, are left out. Input files get a fixed modification time, so that times in records and
keys of candidates do not differ. Networks run in one thread of the CPU.
"""

import argparse
import hashlib
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import chdir
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # read when torch is loaded

from click.testing import CliRunner

from napari_drpnet.cli import main as drpnet
from napari_drpnet.project.jobs.main_thread import MainThreadQueue
from napari_drpnet.project.session import Session, SessionOptions

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("DRPNET_SHARED", ROOT.parent / "shared")).resolve()
HASHES = "hashes.txt"
MODIFIED = 1_700_000_000
WAIT_SECONDS = 120
MRC_LABELS = slice(224, 1024)

#: Options of the simulated micrographs, with particles of 60 px.
SCENES = {
    "ice": "--height 512 --width 640 --particles 40 --dose 4 --defocus 0.8 --seed 1",
    "stain": "--height 512 --width 512 --particles 30 --negative-stain --defocus 1 --seed 2",
    "dirty": "--height 640 --width 768 --particles 40 --dose 8 --carbon --ice-crystals 6 --junk 4",
    "empty": "--height 512 --width 512 --particles 0 --ice-crystals 4 --junk 3 --seed 4",
}
PIXEL_SIZE, DIAMETER = "--pixel-size 3", "--diameter 180"
#: Real micrographs and their particle diameters in pixels.
REAL = {
    "ribosome": ("ribosome_10028/061_10028", 56.0),
    "apoferritin": ("apoferritin_10146/May08_03.05.02.bin_avg", 85.0),
    "trpv1": ("trpv1_10059/stack_0001_2x_dfpt_10059", 33.5),
}
FORMATS = ("star", "box", "csv", "cbox", "txt")
ALL_FORMATS = f"--format {','.join(FORMATS)}"
EVERYTHING = f"{ALL_FORMATS} --all-candidates --preview --report"
#: Inputs and options of `drpnet pick`, besides diameter and device. ``in`` has a damaged file.
PICKS = {
    "dark": f"in/ice.mrc in/dirty.mrc in/empty.mrc --polarity dark {EVERYTHING} --json",
    "auto": f"in {EVERYTHING}",
    "accept": f"in --accept 0.9 {ALL_FORMATS} --report",
    "fcrn": f"in --weights fcrn --classifier fcrn-classifier {EVERYTHING}",
    "detector": "in --weights fcrn --classifier none --all-candidates --json",
}
#: RELION's list of the micrographs that were picked by ``auto``.
LIST = "micrographs.star"
#: Target formats of `drpnet convert`, with suffixes.
TARGETS = {
    "relion": "star",
    "eman": "box",
    "csv": "csv",
    "cryolo": "cbox",
    "topaz": "txt",
    "cryosparc": "star",
    "cryoppp": "csv --flip-rows 512",
}
HELP = (
    "",
    *("gui", "pick", "report", "curate", "relion", "evaluate", "simulate", "convert", "doctor"),
    *("train", "train detector", "train classifier", "weights"),
)
#: Patterns of parts that differ between runs, and their replacements.
CHANGING = (
    (rb'("seconds": ?)[\d.e-]+', rb"\1<seconds>"),
    (rb",\d+\.\d{3},picked,", rb",<seconds>,picked,"),
    (rb" +\d+\.\d s\b", rb" <seconds>"),
    (rb'("version": ?)"[^"]+"', rb"\1<version>"),
    (rb"(napari-drpnet) \d[\w.]*", rb"\1 <version>"),
    (rb"\d{4}-\d\d-\d\d \d\d:\d\d [\w+-]+", rb"<date>"),
    (rb"(/\w+Date) \(D:[^)]*\)", rb"\1 <date>"),
)


def neutral(path: Path, out: Path) -> bytes:
    """Return the content of a file without the parts that differ between runs."""
    content = path.read_bytes()
    if path.suffix == ".mrc":
        return content[: MRC_LABELS.start] + content[MRC_LABELS.stop :]
    content = content.replace(os.fsencode(out), b"<out>")
    for pattern, placeholder in CHANGING:
        content = re.sub(pattern, placeholder, content)
    return content


def hash_files(out: Path) -> dict[str, str]:
    """Return the hashes of all files in a folder by their relative paths."""
    files = (path for path in out.rglob("*") if path.is_file() and path != out / HASHES)
    by_name = {path.relative_to(out).as_posix(): path for path in files}
    return {
        name: hashlib.sha256(neutral(by_name[name], out)).hexdigest() for name in sorted(by_name)
    }


def read_hashes(path: Path) -> dict[str, str]:
    pairs = (line.split("  ", 1) for line in path.read_text(encoding="utf-8").splitlines())
    return {name: digest for digest, name in pairs}


def find_differences(old: dict[str, str], new: dict[str, str]) -> list[str]:
    """Return one line for each file that is added, missing or changed."""
    found = dict.fromkeys(new.keys() - old, "added")
    found |= dict.fromkeys(old.keys() - new, "missing")
    found |= {name: "changed" for name in old.keys() & new if old[name] != new[name]}
    return [f"{found[name]:8} {name}" for name in sorted(found)]


def run(name: str, command: str) -> None:
    """Run the command line, and store its output and exit code."""
    runner = CliRunner(env={"COLUMNS": "100"})
    result = runner.invoke(drpnet, command.split(), prog_name="drpnet")
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    parts = (f"drpnet {command}", f"exit code {result.exit_code}", result.stdout, result.stderr)
    path = Path("printed", f"{name}.txt")
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(parts), encoding="utf-8")


def make_inputs() -> list[str]:
    """Write micrographs and their truth, and return the names of the real ones that exist."""
    Path("in").mkdir()
    for scene, options in SCENES.items():
        run(f"simulate-{scene}", f"simulate --out {scene} {PIXEL_SIZE} {options}")
        for file in Path(scene).iterdir():
            file.rename(Path("in", f"{scene}{file.suffix}"))
        Path(scene).rmdir()
    Path("in/broken.mrc").write_bytes(b"no micrograph")
    Path("real").mkdir()
    existing = [name for name in REAL if _real(name, ".png").is_file()]
    for name in existing:
        for suffix in (".png", ".csv"):
            shutil.copyfile(_real(name, suffix), Path("real", f"{name}{suffix}"))
    for file in (*Path("in").iterdir(), *Path("real").iterdir()):
        os.utime(file, (MODIFIED, MODIFIED))
    return existing


def _real(name: str, suffix: str) -> Path:
    return SHARED / "data/micrographs" / f"{REAL[name][0]}{suffix}"


def pick_commands(real: list[str]) -> Iterator[tuple[str, str]]:
    """Yield names and commands that pick, write reports and lists, and evaluate the picks."""
    for name, options in PICKS.items():
        yield f"pick-{name}", f"pick {options} --out picks/{name} {DIAMETER} --device cpu"
    yield "curate", f"curate picks/auto --out {LIST}"
    listed = f"{LIST} {DIAMETER} --device cpu --format box"
    yield "pick-list", f"pick {listed} --out picks/list"
    yield "pick-list-again", f"pick {listed} --out picks/list --resume"
    yield "relion", f"relion --o External/job001/ --in_mics {LIST} {DIAMETER} --device cpu"
    for name in (*PICKS, "list"):
        yield f"evaluate-{name}", _evaluation(name, f"picks/{name} in {DIAMETER} {PIXEL_SIZE}")
    candidates = f"picks/dark/candidates.csv in {DIAMETER} {PIXEL_SIZE} --threshold 0.5"
    yield "evaluate-candidates", _evaluation("candidates", candidates)
    for name in real:
        diameter = f"--diameter {REAL[name][1]}"
        options = f"real/{name}.png {diameter} --pixel-size 1 --device cpu {EVERYTHING} --json"
        yield f"pick-{name}", f"pick {options} --out picks/{name}"
        yield f"evaluate-{name}", _evaluation(name, f"picks/{name} real/{name}.csv {diameter}")


def _evaluation(name: str, options: str) -> str:
    file = f"evaluations/{name}"
    return f"evaluate {options} --json {file}.json --plot {file}.png"


def convert_commands() -> Iterator[tuple[str, str]]:
    """Yield names and commands that convert picks, truth and an index to all formats."""
    sources = {suffix: f"picks/dark/ice_autopick.{suffix}" for suffix in FORMATS}
    sources |= {"truth": "in/ice.csv", "index": "picks/dark/autopick.star"}
    shared = "--micrograph in/ice.mrc --box-size 90"
    for name, source in sources.items():
        for target, ending in TARGETS.items():
            file = f"converted/{name}/{target}.{ending}"
            yield f"convert-{name}-{target}", f"convert {source} {file} --to {target} {shared}"
    source, preview = sources["csv"], "--preview converted/picks.png"
    yield "convert-flipped", f"convert {source} converted/flipped.star --flip-rows 512"
    yield "convert-preview", f"convert {source} {preview} --micrograph in/ice.mrc"
    mirrored = "converted/truth/cryoppp.csv converted/back.csv"
    yield "convert-back", f"convert {mirrored} --flip-rows 512"


def run_all_commands() -> None:
    """Make the inputs and run the command line on them."""
    real = make_inputs()
    for name, command in (*pick_commands(real), *convert_commands()):
        run(name, command)
    for verb in HELP:
        run(f"help-{verb.replace(' ', '-')}", f"{verb} --help")


def open_session(queue: MainThreadQueue, messages: list[str]) -> tuple[Session, Callable[[], None]]:
    """Return a session that collects its messages, and a function that waits until it is idle."""
    session = Session(queue, SessionOptions(device="cpu", projects_root=Path("projects")))
    session.noticed.connect(lambda notice: messages.append(f"{notice.level}: {notice.text}"))
    session.exporter.finished.connect(
        lambda report: messages.extend(
            [f"{report.micrographs} micrographs, {report.particles} particles", *report.notes]
        )
    )

    def finish() -> None:
        for _ in range(2):
            queue.run_until(lambda: not session.runner.is_busy, WAIT_SECONDS)
            queue.run_pending()

    return session, finish


def correct_picks(session: Session) -> None:
    """Flip two points, add one, and exclude a micrograph, with undo and redo."""
    current = session.current
    assert current.review is not None
    for y, x in current.review.centers_yx[:2].tolist():
        current.click((y, x))
    current.add([[20.5, 33.25]])
    current.set_label([3], accepted=False)
    session.undo()
    session.include(list(session.project.micrographs)[-1:], included=False)
    session.undo()
    session.redo()


def export_all(session: Session, finish: Callable[[], None], folder: str) -> None:
    """Export all formats for each version of RELION."""
    formats = tuple(f".{suffix}" for suffix in FORMATS)
    for version in ("3.1", "4", "5"):
        session.exporter.choose(formats=formats, relion=version, cryosparc=True, selection=True)
        target = Path(folder, version).absolute()
        session.exporter.export(target, session.exporter.choice, only_current=False)
        finish()


def run_session() -> None:
    """Pick, correct, save and export in a project; then open it again and export."""
    queue, messages, project = MainThreadQueue(), list[str](), Path("project").absolute()
    session, finish = open_session(queue, messages)
    session.open_paths([Path(LIST)], folder=project)
    finish()
    session.change("particle", diameter_angstrom=180.0)
    session.picking.pick_all()
    finish()
    correct_picks(session)
    session.sync()
    shutil.copyfile(project / "journal.jsonl", "journal-before-closing.jsonl")
    export_all(session, finish, "exported")
    session.close()
    session, finish = open_session(queue, messages)
    session.open_project(project)
    finish()
    export_all(session, finish, "exported-again")
    session.close()
    Path("printed/session.txt").write_text("\n".join(messages), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="folder to write to, new or empty")
    parser.add_argument("--compare", type=Path, metavar="HASHES", help="hashes of an earlier run")
    arguments = parser.parse_args()
    out = arguments.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()):
        parser.error(f"{out} is not empty")
    old = read_hashes(arguments.compare) if arguments.compare else None
    os.environ["DRPNET_WEIGHTS"] = str(out / "weights")  # without the user's own weights
    with chdir(out):
        run_all_commands()
        run_session()
    new = hash_files(out)
    lines = [f"{digest}  {name}" for name, digest in new.items()]
    (out / HASHES).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    differences = [] if old is None else find_differences(old, new)
    print("\n".join(lines if old is None else differences or ["No file differs."]))
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
