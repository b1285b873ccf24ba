"""`python -m vadkit` opens the course, as the command `vadkit` does."""

import runpy

if __name__ == "__main__":
    runpy.run_module("vadcourse.launch", run_name="__main__")
