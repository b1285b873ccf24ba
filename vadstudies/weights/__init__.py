"""The weights of the package can be made again, each from a seed, on training scenes only.

    python -m vadstudies.weights.run               all of them, 90 minutes on one core
    python -m vadstudies.weights.run maml_0        one of them, 4 minutes or less

Writes vadkit/weights. `cameras` has the weights for real cameras.
"""
