"""Memory that arrays leave behind, kept for those that come next."""

import numpy as np

_BLOCK = 31 << 20  # [byte]; glibc takes no measure from blocks of more than 32 MB


def keep_freed() -> None:
    """Let the allocator keep what is freed, up to 62 MB, instead of giving it back at once.

    Every page that is given back and asked for again costs a fault: in a process that holds
    one window of 60 s while it reads the next, 1,200 of them, more than half of the time of a
    window whose seconds were kept. glibc measures what to keep, and what to map apart, by the
    largest block that it mapped and that was freed (mallopt(3), M_MMAP_THRESHOLD and
    M_TRIM_THRESHOLD); so one is, which is never touched. With other allocators nothing happens.
    """
    np.empty(_BLOCK, np.uint8)
