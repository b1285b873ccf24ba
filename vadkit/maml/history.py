"""What a meta-training leaves behind besides weights, and what is measured for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from vadkit.checks import checked
from vadkit.episodes import Task


@checked
@dataclass
class MetaHistory:
    """What happened while meta-training.

    Parameters
    ----------
    steps, before, after, rates : list
        At some outer steps: the number of the step, the mean query loss of its episode before and
        after adapting, and `InnerRates.table()`.
    validation_steps, validation_before, validation_after : list
        The same on held-out tasks.
    n_steps, seconds, interrupted : int, float, bool
        Outer steps done in all, how long they took, and whether somebody stopped them.
    """

    steps: list[int] = field(default_factory=list)
    before: list[float] = field(default_factory=list)
    after: list[float] = field(default_factory=list)
    rates: list[list] = field(default_factory=list)
    validation_steps: list[int] = field(default_factory=list)
    validation_before: list[float] = field(default_factory=list)
    validation_after: list[float] = field(default_factory=list)
    n_steps: int = 0
    seconds: float = 0.0
    interrupted: bool = False


@checked
@dataclass(frozen=True)
class Monitor:
    """What is measured and shown while meta-training; none of it changes what is learned.

    Parameters
    ----------
    note_every : int
        How often the history notes the query loss of the episode and the inner rates.
    validation, validate_every : sequence of Task, int
        Held-out tasks, and how often they are measured.
    progress : bool
        Show a bar.
    """

    note_every: int = 20
    validation: Sequence[Task] = ()
    validate_every: int = 100
    progress: bool = True
