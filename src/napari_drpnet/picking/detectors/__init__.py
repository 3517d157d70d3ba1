"""From a micrograph to candidates: the distance map and its peaks."""
