"""Public names explain themselves: numpydoc's validation, and types on every public function."""

import importlib
import inspect
import pkgutil

import pytest
from numpydoc.validate import validate

import vadkit

# No extended summaries, cross references or examples are asked for, and a docstring may begin on
# the line of its quotes, and end there.
NOT_ASKED = {"ES01", "SA01", "EX01", "GL01", "GL02", "GL03"}
# Of these packages only what `__init__.py` exports is the interface; the rest is told in a line.
INTERNAL = ("vadkit.toy.", "vadkit.prepare.")
NAMES = [module.name for module in pkgutil.walk_packages(vadkit.__path__, "vadkit.")]
MODULES = [importlib.import_module(name) for name in NAMES]


def public(module):
    """(name, object) of what a module defines without an underscore, methods included."""
    for name, thing in vars(module).items():
        own = getattr(thing, "__module__", None) == module.__name__
        if name.startswith("_") or not own:
            continue
        if inspect.isfunction(thing) or inspect.isclass(thing):
            yield f"{module.__name__}.{name}", thing
        if inspect.isclass(thing):
            for method, function in vars(thing).items():
                if not method.startswith("_") and inspect.isfunction(function):
                    yield f"{module.__name__}.{name}.{method}", function


def is_interface(name):
    """Whether a name, or the class it is a method of, is for users of the package."""
    if not name.startswith(INTERNAL):
        return True
    package, thing = name.split(".")[1], name.split(".")[3]
    return thing in getattr(vadkit, package).__all__


PUBLIC = dict(pair for module in MODULES for pair in public(module))
FUNCTIONS = sorted(name for name, thing in PUBLIC.items() if inspect.isfunction(thing))


@pytest.mark.parametrize("name", sorted(filter(is_interface, PUBLIC)))
def test_the_docstring_of_an_interface_is_complete(name):
    errors = [text for code, text in validate(name)["errors"] if code not in NOT_ASKED]
    assert not errors


@pytest.mark.parametrize("name", sorted(name for name in PUBLIC if not is_interface(name)))
def test_what_is_internal_says_what_it_is(name):
    assert len(inspect.getdoc(PUBLIC[name]) or "") > 15


@pytest.mark.parametrize("name", FUNCTIONS)
def test_parameters_have_types(name):
    parameters = inspect.signature(PUBLIC[name]).parameters.values()
    bare = [p.name for p in parameters if p.annotation is p.empty and p.name != "self"]
    assert not bare
