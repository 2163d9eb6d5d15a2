"""`python -m mapgap` is `mapgap`."""

from mapgap.cli import main

if __name__ == "__main__":
    main()
