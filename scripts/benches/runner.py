"""Systems in processes of their own, which do one operation when told, in turn."""

import inspect
import multiprocessing
import random
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from scripts.benches.figures import Sample

PATIENCE = 600.0  # [s] for one operation
BRIEF = 0.05  # [s], of one that is warmed up more than once
Case = TypeVar("Case", bound=Hashable)


class Limits(Protocol):
    """What a run allows, and what it could not measure, with the reasons."""

    scale: Any  # rounds at most, at_least, budget [s] of a table, what takes long [s]
    missing: dict[str, str]


class Failed(Exception):
    """A system could not do what it was told; says why."""


class Worker:
    """One system in a process of its own.

    Parameters
    ----------
    name : str
        As in the tables.
    factory : callable
        Makes the system, in the other process. Methods of it that are coroutines are awaited in
        the event loop that it has as `loop`, which runs already when the time begins.
    method : str, optional
        What `in_turn` times of it, where that is not what it times of the others.
    """

    def __init__(
        self, name: str, factory: Callable[..., Any], *arguments: Any, method: str | None = None
    ) -> None:
        self.name, self.method = name, method
        self.failed: str | None = None
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(other, factory, arguments), name=name, daemon=True
        )
        self._process.start()
        other.close()
        self._ready = False

    def call(self, method: str, *arguments: Any) -> Any:
        """What `method` of the system returns."""
        return self._ask(method, arguments, False)[1]

    def timed(self, method: str, *arguments: Any) -> float:
        """How long `method` takes [s]; its result stays over there."""
        return float(self._ask(method, arguments, True)[0])

    def close(self) -> None:
        """End the process."""
        if self._process.is_alive():
            try:
                self._pipe.send(None)
                self._process.join(10)
            except OSError:
                pass
            if self._process.is_alive():
                self._process.kill()
        self._process.join()

    def _ask(self, method: str, arguments: tuple[Any, ...], timed: bool) -> tuple[float, Any]:
        if self.failed is None:
            if not self._ready:
                self._hear()
                self._ready = True
            self._pipe.send((method, arguments, timed))
            return self._hear()
        raise Failed(self.failed)

    def _hear(self) -> tuple[float, Any]:
        try:
            if not self._pipe.poll(PATIENCE):
                raise Failed(self._lost(f"did not answer within {PATIENCE:g} s"))
            kind, elapsed, value = self._pipe.recv()
        except (EOFError, OSError):
            self._process.join(5)
            code = self._process.exitcode
            raise Failed(self._lost(f"its process ended with exit code {code}")) from None
        if kind == "failed":
            raise Failed(value if self._ready else self._lost(value))
        return elapsed, value

    def _lost(self, reason: str) -> str:
        """Note that nothing can be asked of it any more, and why."""
        self.failed = reason
        return reason


@contextmanager
def ended(workers: Sequence[Worker]) -> Iterator[None]:
    """Close the workers, whatever happens."""
    try:
        yield
    finally:
        for worker in workers:
            worker.close()


def _serve(pipe: Any, factory: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        system = factory(*arguments)
    except Exception as error:
        pipe.send(("failed", 0.0, _said(error)))
        return
    pipe.send(("done", 0.0, None))
    while (asked := _told(pipe)) is not None:
        name, values, timed = asked
        method = getattr(system, name)
        try:
            if inspect.iscoroutinefunction(method):
                elapsed, result = system.loop.run_until_complete(_awaited(method, values))
            else:
                begun = time.perf_counter()
                result = method(*values)
                elapsed = time.perf_counter() - begun
        except Exception as error:
            pipe.send(("failed", 0.0, _said(error)))
            continue
        pipe.send(("done", elapsed, None if timed else result))


async def _awaited(method: Callable[..., Any], values: tuple[Any, ...]) -> tuple[float, Any]:
    """How long a coroutine takes in a loop that runs [s], and what it returns."""
    begun = time.perf_counter()
    result = await method(*values)
    return time.perf_counter() - begun, result


def _told(pipe: Any) -> Any:
    try:
        return pipe.recv()
    except (EOFError, OSError):
        return None


def _said(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0] if text else ''}".strip(": ")[:200]


def in_turn(
    limits: Limits,
    workers: Sequence[Worker],
    method: str,
    cases: Mapping[Case, Callable[[random.Random], tuple[Any, ...]]],
    share: float = 1.0,
) -> dict[tuple[str, Case], Sample]:
    """Time one method of several systems on several cases, round robin.

    In every round each case draws its arguments once, and every system gets the same ones.
    A system that is slow on a case leaves off when it has used its part of the time.

    Parameters
    ----------
    limits : Limits
        How often and how long; takes the systems that fail, and why.
    cases : mapping
        From a case to what draws the arguments of the method.
    share : float
        Of the time for a table.
    """
    draw = random.Random(0)
    scale, missing = limits.scale, limits.missing
    part = share * scale.budget / max(1, len(workers) * len(cases))
    spent: dict[tuple[str, Case], list[float]] = {}
    for turn in range(scale.rounds):
        idle = True
        for case, arguments in cases.items():
            values = arguments(draw)
            first = turn % max(1, len(workers))
            for worker in [*workers[first:], *workers[:first]]:
                taken = spent.setdefault((worker.name, case), [])
                slow = len(taken) >= scale.at_least and sum(taken) > part
                if slow or worker.name in missing:
                    continue
                try:
                    taken.append(
                        _time(worker, worker.method or method, values, scale.long, not taken)
                    )
                except Failed as failure:
                    missing[worker.name] = str(failure)
                    continue
                idle = False
        if idle:
            break
    return {key: Sample(tuple(taken)) for key, taken in spent.items() if taken}


def _time(worker: Worker, method: str, values: tuple[Any, ...], long: float, first: bool) -> float:
    """One operation [s]; before the first some that do not count, unless they take `long` [s].

    Some, because the third execution of a statement is a prepared one.
    """
    for _ in range(3 * first):
        elapsed = worker.timed(method, *values)
        if elapsed > long:
            return elapsed
        if elapsed > BRIEF:
            break
    return worker.timed(method, *values)
