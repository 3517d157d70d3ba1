"""What a finished batch tells: statistics, summary, report, curation."""
