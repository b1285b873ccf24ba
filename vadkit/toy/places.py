"""What is normal at each kind of place: `crowds` makes normal life and anomalies from this table.

What a place looks like is decided in `worlds` (props, light) and `backdrops` (ground, skyline).
"""

from typing import NamedTuple

from vadkit.checks import checked

HEADLINE = ("runner", "cyclist", "car", "boar")
# Behavioural kinds look or move unlike anything normal.
KINDS = (*HEADLINE, "skateboarder", "dog", "truck", "ball")
# Contextual kinds look normal: where and when makes them abnormal.
CONTEXTUAL = ("against_stream", "loitering", "on_road")


class NormalLife(NamedTuple):
    """What is normal at one kind of place.

    Parameters
    ----------
    walk : {"keep right", "pavements", "path", "anywhere"}
        Where people walk: on their side of the walkway, beside it, all over it, or across it all.
    walking_speed, driving_speed : tuple
        Slowest and fastest, in metres per second; None where nobody drives.
    standing_groups : int
        At most how many groups stand together and talk.
    leashed_dogs : float
        Share of the groups of walkers that bring a dog.
    no_anomaly : tuple
        The kinds that are normal here, or without meaning.
    """

    walk: str
    walking_speed: tuple[float, float] = (0.9, 1.7)
    driving_speed: tuple[float, float] | None = None
    standing_groups: int = 0
    leashed_dogs: float = 0.0
    no_anomaly: tuple[str, ...] = ()


# Append only: the position of a place is part of the seed of its scenes, those behind the shipped
# weights included. A place also needs its `PROPS` in `worlds`.
NORMAL_LIFE = {
    "campus": NormalLife("keep right", no_anomaly=("on_road",)),
    "road": NormalLife(
        "pavements", driving_speed=(3.5, 8.0), no_anomaly=("car", "truck", "against_stream")
    ),
    "park": NormalLife("path", leashed_dogs=0.35, no_anomaly=("dog", "against_stream", "on_road")),
    "square": NormalLife("anywhere", standing_groups=2, no_anomaly=CONTEXTUAL),
}
PLACES = tuple(NORMAL_LIFE)


@checked
def kinds_for(place: str) -> tuple[str, ...]:
    """List the kinds of anomaly that can happen in a place.

    Parameters
    ----------
    place : str
        One of `PLACES`, otherwise a ValueError.

    Returns
    -------
    tuple of str
        Headline kinds first.
    """
    if place not in NORMAL_LIFE:
        raise ValueError(f"Unknown place {place!r}: choose from {', '.join(PLACES)}.")
    normal = NORMAL_LIFE[place].no_anomaly
    return tuple(kind for kind in (*KINDS, *CONTEXTUAL) if kind not in normal)
