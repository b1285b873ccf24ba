"""A predictor that makes the whole frame is far worse anywhere but where it was trained.

    python -m vadstudies.transfer.run     7 minutes on one core; stop and go on as you like

Keeps results.json. `report` makes tables and figures.
"""
