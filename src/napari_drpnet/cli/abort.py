"""End of a job that RELION aborts: within seconds, whatever the job is doing."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from napari_drpnet.relion import JobFolder

#: Exit code of an aborted job, as in RELION's own programs.
ABORTED = 2
#: Time that the job has to end by itself after RELION asked for it.
GRACE_SECONDS = 1.0
_POLL_SECONDS = 0.1


@contextmanager
def ends_when_aborted(job: JobFolder) -> Iterator[None]:
    """End this process if RELION asks to abort a job and the context does not end soon.

    Picking stops by itself, but only between two tiles of a micrograph. Loading of libraries and
    networks, compilation and the writing of reports do not. Every file is written completely or
    not at all, so the process may end at any moment.

    Parameters
    ----------
    job : JobFolder
        Folder of the job, which is marked as aborted.
    """
    over = Event()
    thread = Thread(target=_watch, args=(job, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _watch(job: JobFolder, over: Event) -> None:
    while not over.wait(_POLL_SECONDS):
        if job.abort_file.exists() and not over.wait(GRACE_SECONDS):
            os.write(2, b"Interrupted: continue the job to pick the rest\n")
            job.end("ABORTED")
            os._exit(ABORTED)
