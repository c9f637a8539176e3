from shared.problems import NotFound

__all__ = ["EvidenceNotFound"]


class EvidenceNotFound(NotFound):
    """Nothing is known of the contract in the caller's scope."""

    slug, title = "evidence-not-found", "No evidence of this contract"
