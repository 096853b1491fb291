"""The names of the forks this chain can execute, in the order in which they came."""

from enum import IntEnum


class Fork(IntEnum):
    """Comparable: `fork >= Fork.LONDON` reads as "London's rules apply"."""

    FRONTIER = 0
    HOMESTEAD = 1
    TANGERINE_WHISTLE = 2
    SPURIOUS_DRAGON = 3
    BYZANTIUM = 4
    CONSTANTINOPLE = 5
    PETERSBURG = 6
    ISTANBUL = 7
    MUIR_GLACIER = 8
    BERLIN = 9
    LONDON = 10
    ARROW_GLACIER = 11
    GRAY_GLACIER = 12
    PARIS = 13
    SHANGHAI = 14
    CANCUN = 15
    PRAGUE = 16
    OSAKA = 17
    BPO1 = 18
    BPO2 = 19
    BPO3 = 20
    BPO4 = 21
    BPO5 = 22
