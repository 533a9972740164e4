"""How replicas share the cameras between them: pure, no Redis and no clock."""

from __future__ import annotations

from typing import Collection, Dict, List, Mapping, Tuple


def next_in_turn(me: str, replicas: Collection[str]) -> str:
    """Return the replica whose turn comes after that of ``me``: in alphabetical order and round; ``me`` when alone."""
    after = sorted(replica for replica in replicas if replica > me)
    return after[0] if after else min([*replicas, me])


def handovers(
    me: str, holders: Mapping[str, str], replicas: Collection[str], busy: Collection[str]
) -> List[Tuple[str, str]]:
    """Return the ``(camera, replica)`` pairs that ``me`` should hand over so that all watch equally many cameras.

    Only the replica with the most cameras gives, so that two never fill the same one at once; a difference of one stays
    as it is. ``holders`` maps each camera to its replica; a ``busy`` camera (something is going on in its picture) is
    never given away.
    """
    if me not in replicas:
        return []
    counts: Dict[str, int] = dict.fromkeys(replicas, 0)
    for holder in holders.values():
        if holder in counts:
            counts[holder] += 1
    if max(counts, key=lambda replica: (counts[replica], replica)) != me:
        return []
    free = sorted(camera for camera, holder in holders.items() if holder == me and camera not in busy)
    given: List[Tuple[str, str]] = []
    while free:
        poorest = min(counts, key=lambda replica: (counts[replica], replica))
        if counts[me] - counts[poorest] < 2:
            break
        given.append((free.pop(), poorest))
        counts[me] -= 1
        counts[poorest] += 1
    return given
