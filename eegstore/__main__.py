"""``python -m eegstore`` is ``eegstore``."""

if __name__ == "__main__":  # not in the API's workers, which import this file and not the rest
    from eegstore.cli import app

    app(prog_name="eegstore")
