"""How long tests wait for what takes moments; reached only when something is broken."""

import os

#: Seconds; DRPNET_TEST_PATIENCE multiplies them where the machine is slower still.
LIMIT_S = 100.0 * float(os.environ.get("DRPNET_TEST_PATIENCE", "1"))
