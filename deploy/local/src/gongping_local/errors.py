"""What can go wrong between a bare machine and a running Gongping, said so that the reader knows what to do."""


class LocalError(Exception):
    """The local deployment cannot go on; the message is one clear sentence for the person at the terminal."""


class BinaryMissingError(LocalError):
    """No usable server binary was found."""


class StartFailedError(LocalError):
    """A server or service did not start; the message carries the end of its log."""


class PortOccupiedError(LocalError):
    """A port that is needed is taken by another program."""


class AlreadyRunningError(LocalError):
    """Another supervisor holds the state folder."""
