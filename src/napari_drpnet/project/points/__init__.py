"""The points of one micrograph: candidates and labels together."""
