"""MAML on `higher`: Algorithm 1 of Finn et al. 2017, and the code that does each of its lines.

    line                                                      where
    1  initialise theta                                       vadkit.build_predictor(...)
    2  while not done                                         meta_train
    3    sample tasks T_i                                     meta_train: sampler[number]
    4    for all T_i                                          meta_step
    5      gradient of L_i(theta) on the support              meta_step: trajectory.step
    6      theta'_i = theta - alpha * gradient                meta_step: trajectory.step
    7    end for
    8    theta = theta - beta * gradient of the sum of        meta_step: trajectory.backward for
           L_i(theta'_i) on the queries                         each task, then outer_step
    9  end while                                              meta_train

`inner_loop` makes the trajectory, `InnerRates` is alpha, `adapt` does lines 5 and 6 alone.
"""

from vadkit.maml.adapting import adapt, adaptation_curve, inner_steps, query_psnr
from vadkit.maml.baselines import joint_step, reptile_step
from vadkit.maml.history import MetaHistory, Monitor
from vadkit.maml.inner_loop import inner_loop
from vadkit.maml.meta_step import every_step_weights, meta_step, outer_step
from vadkit.maml.rates import InnerRates
from vadkit.maml.training import MetaTrained, meta_train

__all__ = [
    "InnerRates", "MetaHistory", "MetaTrained", "Monitor", "adapt", "adaptation_curve",
    "every_step_weights", "inner_loop", "inner_steps", "joint_step", "meta_step",
    "meta_train", "outer_step", "query_psnr", "reptile_step",
]  # fmt: skip
