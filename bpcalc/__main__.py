"""``python -m bpcalc``, and the console script."""


def main() -> None:
    """Run the command line; an interrupt is met even before it is loaded."""
    try:
        from .cli import main as run

        run()
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
