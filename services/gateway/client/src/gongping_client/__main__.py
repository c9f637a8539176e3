"""`python -m gongping_client` is the `gongping` command."""

from gongping_client.cli import main

if __name__ == "__main__":
    main()
