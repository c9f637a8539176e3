"""Why a record of an import is refused."""

__all__ = ["RecordRejected"]


class RecordRejected(Exception):  # noqa: N818 - named by what happens to the record, not a failure of ours
    """One record cannot become ours. `place` leads to the field, for example `releases[17].contracts[0].value`."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason
