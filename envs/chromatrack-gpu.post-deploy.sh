# The package itself, from the folder of the workflow; all that it needs is there.
pip install --no-deps -e .
