"""A predictor knows the scene it was trained on: tested anywhere else, it is far worse.

    python -m vadstudies.transfer.run     7 minutes on one core; stop and go on as you like

Keeps results.json. `report` makes tables and figures.
"""
