"""Do weights from toy scenes alone adapt to a real camera, from K windows of its normal life?

On UCSD Ped2 they end about level with copying the last frame.

    python -m vadstudies.few_shot.run --target FOLDER --k 0 1 5 10

Keeps ped2.json, from UCSD Ped2, whose frames may not be passed on.
"""
