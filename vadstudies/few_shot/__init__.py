"""A real camera and K windows of its life: weights from toy scenes alone adapt to it.

    python -m vadstudies.few_shot.run --target FOLDER --k 0 1 5 10

Keeps ped2.json, from UCSD Ped2, whose frames may not be passed on.
"""
