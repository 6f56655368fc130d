"""`python -m settlesim` is the command line."""

from settlesim.app.cli import main

if __name__ == "__main__":
    main()
