"""The command line: ``eegstore COMMAND``. One line on stderr and exit 1 when it fails."""

from eegstore.cli.app import app

__all__ = ["app"]
