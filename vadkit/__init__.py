"""vadkit: video anomaly detection from next-frame prediction to scene adaptation, in code small enough to read."""

import importlib

try:
    import cv2  # noqa: F401
except ImportError as error:
    raise ImportError(
        f"OpenCV cannot start ({error}). On Debian or Ubuntu: apt-get install libgl1 libglib2.0-0; "
        "elsewhere reinstall opencv-python."
    ) from None

__version__ = "0.1.0"

_HOME = {
    "scenes": "Clip Scene open_scene list_scenes data_folder",
    "toy_scenes": "toy_scene the_boar boar_scene",
    "windows": "make_windows Windows",
    "predictor": "build_predictor count_parameters",
    "training": "fit",
    "scoring": "psnr patch_psnr regularity_score anomaly_score frame_auc evaluate copy_last_frame moving_pixels "
    "predict_clip Evaluation",
    "episodes": "EpisodeSampler Task",
    "maml": "adapt meta_step adaptation_curve InnerRates",
    "meta_training": "meta_train MetaTrained",
    "checkpoints": "load_checkpoint list_checkpoints save_weights load_weights load_or_train save_results load_results",
    "generalization": "",
    "plots": "",
    "widgets": "scrub",
    "doctor": "",
    "exercises": "",
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names.split()}
__all__ = [*_HOME, *_MODULE_OF]


def __getattr__(name):
    """Modules load when first used, so that `import vadkit` stays light."""
    if name in _HOME:
        return importlib.import_module(f".{name}", __name__)
    if name in _MODULE_OF:
        return getattr(importlib.import_module(f".{_MODULE_OF[name]}", __name__), name)
    raise AttributeError(f"module 'vadkit' has no attribute '{name}'")


def __dir__():
    return sorted(__all__)
