"""A predictor can be too strong: the better it predicts all, the less it tells apart.

    python -m vadstudies.capacity.run         22 minutes on one core; stop and go on as you like
    python -m vadstudies.capacity.run --boar  5 minutes: the boar, predicted at each capacity

Keeps results.json, and boar.safetensors (predictions as uint8). `report` makes tables and figures.
"""
