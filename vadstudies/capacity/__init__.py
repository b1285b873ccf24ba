"""Can a predictor be too strong? What its width does to the gap of normal and abnormal frames.

At equal training the gap opens with the width; at equal quality it hardly changes.

    python -m vadstudies.capacity.run         22 minutes on one core; stop and go on as you like
    python -m vadstudies.capacity.run --boar  5 minutes: the boar, predicted at each capacity

Keeps results.json, and boar.safetensors (predictions as uint8). `report` makes tables and figures.
"""
