"""The first experiment of the MAML paper: after one step on a new wave, MAML is far ahead.

    python -m vadstudies.sinusoids.run --steps 5000

Prints its table, and keeps nothing. `pool` has the tasks.
"""
