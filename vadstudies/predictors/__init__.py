"""Eight kinds of predictor side by side: on a short training, none is better in everything.

    python -m vadstudies.predictors.run     6 minutes on one core; stop and go on as you like

Keeps results.json, one row for each training. `report` makes the tables.
"""
