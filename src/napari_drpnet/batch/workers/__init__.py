"""Workers that pick: this process, other processes, or the computers of a cluster."""
