"""How good picks are: pairs of picks and truth, scores, tables and figures."""
