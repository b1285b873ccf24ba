"""Does a predictor trained on normal clips alone beat detectors that learn nothing?

Given 20 clips of its scene it does. Given the four of a notebook it did no better than copying
the last frame, on the one validation scene tried (docs/benchmarks.md has the figures).

    python -m vadstudies.first_light.toy_scene             five toy scenes, 90 seconds each
    python -m vadstudies.first_light.real_scene FOLDER     a prepared real scene, 20 minutes

Keeps ped2.json, from UCSD Ped2 (`real_scene`).
"""
