"""What JupyterLab writes of a widget: what shows without a kernel, and not the model behind it."""

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def without_models(model: dict, **_) -> None:
    """Take the live view of the course's widgets out of a notebook that is about to be saved.

    Opened again, it would say "model not found", while the player or the picture that the same
    output carries shows without a kernel. What is on the screen stays alive. Jupyter calls it
    before each save, as `FileContentsManager.pre_save_hook`.

    Parameters
    ----------
    model : dict
        Of Jupyter's contents API; changed in place.
    """
    if model["type"] != "notebook":
        return
    for cell in model["content"]["cells"]:
        for output in cell.get("outputs", []):
            if "vadkit" in output.get("metadata", {}):
                output["data"].pop(WIDGET_VIEW, None)
