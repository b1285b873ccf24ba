"""The claims of the course, one folder each, with the code and the results that stand behind it.

A folder holds what runs the study (`run.py`), its tables and figures (`report.py`) and what it
measured (JSON files). What a folder claims, and how to run it, is in its `__init__.py`.

first_light : one predictor, trained on normal clips of one scene, against learning nothing
capacity : can a predictor be too strong?
predictors : eight kinds of predictor side by side
transfer : trained at one place, tested at all others
sinusoids : few-shot regression, as in the paper that introduced MAML
customs : one-way places, and who settles in from K windows of normal life
benefit : when does meta-learning help?
few_shot : the same for a real camera, with weights from toy scenes alone
weights : how the weights that come with the package were trained

Shared: `jobs` (trainings finished one by one and kept), `results` (JSON and tables), `statistics`.
"""

from vadstudies.results import load_results, rows_of, save_results

__all__ = ["load_results", "rows_of", "save_results"]
