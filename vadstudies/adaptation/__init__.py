"""At a place never seen, MAML adapts to K windows in three steps as well as others do in many.

    python -m vadstudies.adaptation.run     about 25 minutes on one core; stop and go on as you like

Keeps choice.json (what fine-tuning chose), results.json (the comparison) and steps.json (PSNR
against the number of steps). `report` makes tables and figures.
"""
