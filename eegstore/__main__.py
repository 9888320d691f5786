"""``python -m eegstore`` is ``eegstore``."""

from eegstore.cli import app

if __name__ == "__main__":
    app(prog_name="eegstore")
