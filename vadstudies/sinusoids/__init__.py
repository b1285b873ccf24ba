"""This implementation of MAML does on sinusoids what its paper reports: a few steps fit a wave.

    python -m vadstudies.sinusoids.run --steps 5000

Prints its table, and keeps nothing. `pool` has the tasks.
"""
