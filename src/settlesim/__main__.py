"""`python -m settlesim` is the command line."""

from settlesim.cli import main

if __name__ == "__main__":
    main()
