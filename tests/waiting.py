"""How long tests wait for what takes moments; sessions that do only what they are asked for."""

import os

#: Seconds; DRPNET_TEST_PATIENCE multiplies them where the machine is slower still.
LIMIT_S = 100.0 * float(os.environ.get("DRPNET_TEST_PATIENCE", "1"))


def never_pick_unasked(session):
    """Let a session pick only what it is asked for, in every project where nothing was chosen."""

    def switch_off():
        if session.store is not None and session.store.picks_shown is None:
            session.store.picks_shown = False

    session.project_changed.connect(switch_off)


def finish(main_thread, session):
    """Run what a session delivers to its main thread until no job runs and all results are in."""
    for _ in range(2):
        main_thread.run_until(lambda: not session.runner.is_busy, LIMIT_S)
        main_thread.run_pending()
