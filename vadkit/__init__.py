"""Video anomaly detection, from predicting the next frame to adapting to a new scene."""

import os

import lazy_loader

# Threads that wait shall soon sleep: spinning for as long as is usual, they make a machine that
# others use crawl; without any, who is alone waits half as long again. GNU's OpenMP reads it when
# torch loads; who has chosen keeps the choice. `benchmarks/busy_machine.py` measures all three.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")

try:
    import cv2  # noqa: F401
except ImportError as error:
    raise ImportError(
        f"OpenCV cannot start ({error}). On Debian or Ubuntu: apt-get install libgl1 libglib2.0-0; "
        "elsewhere reinstall opencv-python."
    ) from None

__version__ = "0.1.0"

# Modules load when first used, so that `import vadkit` stays light. `__init__.pyi` lists them.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
