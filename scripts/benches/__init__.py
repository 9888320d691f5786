"""What eegstore does against what it replaces, measured in one run; see ``scripts/bench``."""
