"""What may be done the slow way."""

from eegstore.service.allowance import Allowance


def test_it_is_drawn_from_and_fills_up_to_its_limit() -> None:
    now = [100.0]
    allowance = Allowance(8, 4, lambda: now[0])
    assert [allowance.take(1) for _ in range(5)] == [True] * 4 + [False]
    now[0] += 0.0625
    assert not allowance.take(1)
    now[0] += 0.0625
    assert [allowance.take(1) for _ in range(2)] == [True, False]
    now[0] += 1000
    assert not allowance.take(5)
    assert allowance.take(4)
    assert not allowance.take(1)
