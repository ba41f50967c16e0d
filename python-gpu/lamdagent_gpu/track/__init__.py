"""Experiment trackers, told after the fact by `lamdagent track`: nothing of this runs in a training."""
