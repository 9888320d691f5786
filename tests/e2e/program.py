"""The program in this process: quicker than starting Python for every command."""

from collections.abc import Callable

from typer.testing import CliRunner, Result

from eegstore.cli import app

Run = Callable[..., Result]


def running(environment: dict[str, str]) -> Run:
    """Runs the program in this process and expects its exit code."""

    def run(*arguments: object, code: int = 0) -> Result:
        words = [str(argument) for argument in arguments]
        done = CliRunner().invoke(app, words, env=environment)
        assert done.exit_code == code, (words, done.output, done.exception)
        return done

    return run


def error(done: Result) -> str:
    """The one line on stderr, without its beginning."""
    (line,) = done.stderr.splitlines()
    assert line.startswith("eegstore: ")
    return line.removeprefix("eegstore: ")
