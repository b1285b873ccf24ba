"""MAML."""

from vadkit.maml.adapting import *  # noqa: F403
from vadkit.maml.baselines import *  # noqa: F403
from vadkit.maml.checks import *  # noqa: F403
from vadkit.maml.inner_loop import *  # noqa: F403
from vadkit.maml.meta_step import *  # noqa: F403
from vadkit.maml.rates import *  # noqa: F403
from vadkit.maml.training import *  # noqa: F403
