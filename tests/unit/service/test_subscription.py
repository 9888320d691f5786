"""What a reader is told of a growing recording, however slowly he listens."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from eegstore.errors import StoreUnavailableError
from eegstore.service.subscription import News, Subscription

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
LATER = AT + timedelta(seconds=1)


def news_of(one: Subscription) -> News:
    """The news that are there."""

    async def fetch() -> News:
        async with asyncio.timeout(0.01):
            return await one.news()

    return asyncio.run(fetch())


def test_the_first_news_are_what_is_stored_from_a_second_on() -> None:
    for start, told in ((0, [(0, 4), (6, 9)]), (2, [(2, 4), (6, 9)]), (9, []), (None, [])):
        one = Subscription(start)
        one.begin([(0, 4), (6, 9)], AT)
        assert news_of(one) == News(told, 9, AT, False)


def test_of_nothing_the_first_news_come_too() -> None:
    one = Subscription(0)
    one.begin([], AT)
    assert news_of(one) == News([], 0, AT, False)


def test_what_a_slow_reader_has_not_fetched_is_joined() -> None:
    one = Subscription(0)
    one.begin([(0, 2)], AT)
    for second in range(3, 10_000):
        one.tell([(second, second + 1)], AT)
    one.tell([(2, 3)], LATER)
    assert news_of(one) == News([(0, 10_000)], 10_000, LATER, False)
    one.tell([(10_000, 10_001)], LATER)
    assert news_of(one).seconds == [(10_000, 10_001)]


def test_late_seconds_are_told_and_the_end_stays() -> None:
    one = Subscription(20)
    one.begin([(0, 10), (15, 30)], AT)
    assert news_of(one).seconds == [(20, 30)]
    one.tell([(12, 14)], LATER)
    assert news_of(one) == News([(12, 14)], 30, LATER, False)


def test_nothing_new_is_no_news() -> None:
    one = Subscription(0)
    one.begin([], AT)
    news_of(one)
    one.tell([], LATER)
    with pytest.raises(TimeoutError):
        news_of(one)


def test_the_last_news_say_so() -> None:
    one = Subscription(0)
    one.begin([(0, 1)], AT)
    one.tell([(1, 2)], LATER)
    one.close()
    assert news_of(one) == News([(0, 2)], 2, LATER, True)


def test_an_error_is_raised_in_place_of_news() -> None:
    one = Subscription(0)
    one.begin([(0, 1)], AT)
    one.fail(StoreUnavailableError("away"))
    with pytest.raises(StoreUnavailableError, match="away"):
        news_of(one)
