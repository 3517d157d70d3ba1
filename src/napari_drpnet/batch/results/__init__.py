"""Results of a finished batch: statistics, summary, report, curation."""
