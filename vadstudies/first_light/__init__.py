"""A next-frame predictor trained on normal clips alone beats detectors that learn nothing.

    python -m vadstudies.first_light.toy_scene             five toy scenes, 90 seconds each
    python -m vadstudies.first_light.real_scene FOLDER     a prepared real scene, 20 minutes

Keeps ped2.json, from UCSD Ped2 (`real_scene`).
"""
