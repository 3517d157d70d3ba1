"""How long tests wait for what takes moments; reached only when something is broken."""

import os

#: Seconds; DRPNET_TEST_PATIENCE multiplies them where the machine is slower still.
LIMIT_S = 100.0 * float(os.environ.get("DRPNET_TEST_PATIENCE", "1"))


def finish(main_thread, session):
    """Run what a session delivers to its main thread until no job runs and all results are in."""
    for _ in range(2):
        main_thread.run_until(lambda: not session.runner.is_busy, LIMIT_S)
        main_thread.run_pending()
