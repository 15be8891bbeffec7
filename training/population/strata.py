"""What makes a record easy or hard: flags that travel with the truth, so that results can be given by stratum."""

from __future__ import annotations

from enum import IntFlag


class Stratum(IntFlag):
    """Facts about one record and its person. A record may have several, or none."""

    TWIN = 1  # the person is a twin
    NEWBORN = 2  # registered under a placeholder name (王某之子)
    RELATIVE_NUMBER = 4  # carries the identity number of a relative
    NO_NUMBER = 8  # carries no number at all
    TIBETAN = 16
    MINORITY = 32  # any minority, Tibetans included
    FOREIGNER = 64
    HK_MACAO_TAIWAN = 128
    NAMESAKE = 256  # a stranger with the same full name and birth date is in the population
    RELATIVE_PHONE = 512
    WRONG_NUMBER = 1024  # a slip, a stranger's number, or a number that was corrected later
    LEGACY_NUMBER = 2048  # 15 digits
    CHILD = 4096  # under 14 when recorded
    WRONG_NAME = 8192  # the name differs from the person's by an error
    MOVED = 16384  # another present address than at the person's first record
    CHANGED_NAME = 32768  # the person changed names
    PLACEHOLDER_NAME = 65536  # 无名氏
    JUNIOR_SENIOR = 131072  # shares the full name with the father
