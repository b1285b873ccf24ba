"""Who settles in best at a place never seen, from K windows of its normal life?

MAML in three steps is far ahead of three steps of fine-tuning. Against sixty steps of Adam it is a
little ahead in decibels, and level in AUC. Copying the last frame is ahead of all in decibels.

    python -m vadstudies.adaptation.run     about 25 minutes on one core; stop and go on as you like

Keeps choice.json (what fine-tuning chose), results.json (the comparison) and steps.json (PSNR
against the number of steps). `report` makes tables and figures.
"""
