"""Models, data and jobs that nobody trained or wrote, for measurements: random weights, words that mean nothing."""
