"""From a micrograph to its picks: parameters, detection, classification, advice."""
