"""Checks that a student runs, `check_NAME(my_function)`: one module for each notebook.

Each compares the answer with a reference on fresh random data, says in words what is wrong, and
returns True or False. `progress()` shows what is solved. They are built on `vadcourse.checking`.
"""

from vadcourse.exercises.anomaly_concept import (
    check_anomaly,
    check_anomaly_score,
    check_auc,
    check_kappa,
    check_moving_pixels,
    with_anomaly,
)
from vadcourse.exercises.frame_prediction import (
    check_fooled,
    check_frame_scores,
    check_psnr,
    check_runner,
    check_threshold,
    published_psnr,
    runner_clips,
)
from vadcourse.exercises.generalization import (
    check_address,
    check_first_step,
    check_gap,
    check_two_numbers,
)
from vadcourse.exercises.home_and_away import check_home_advantage, check_permutation_p
from vadcourse.exercises.maml_pipeline import (
    check_first_order,
    check_inner_step,
    check_meta_gradient,
    check_trap,
)
from vadcourse.exercises.maml_training import check_inner_loop, check_meta_trainer
from vadcourse.exercises.n_way_k_shot import (
    check_episode,
    check_prototypes,
    check_split,
    check_support_frames,
    check_total_loss,
)
from vadcourse.exercises.scene_adaptation import (
    check_alarms,
    check_control,
    check_interval,
    check_real_alarms,
    check_times_faster,
)
from vadcourse.progress import progress

__all__ = [
    "check_address",
    "check_alarms",
    "check_anomaly",
    "check_anomaly_score",
    "check_auc",
    "check_control",
    "check_episode",
    "check_first_order",
    "check_first_step",
    "check_fooled",
    "check_frame_scores",
    "check_gap",
    "check_home_advantage",
    "check_inner_loop",
    "check_inner_step",
    "check_interval",
    "check_kappa",
    "check_meta_gradient",
    "check_meta_trainer",
    "check_moving_pixels",
    "check_permutation_p",
    "check_prototypes",
    "check_psnr",
    "check_real_alarms",
    "check_runner",
    "check_split",
    "check_support_frames",
    "check_threshold",
    "check_times_faster",
    "check_total_loss",
    "check_trap",
    "check_two_numbers",
    "progress",
    "published_psnr",
    "runner_clips",
    "with_anomaly",
]
