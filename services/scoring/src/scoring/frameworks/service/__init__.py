"""What is done with frameworks: the registry of what is in force, checks, and the acts on a version."""

from scoring.frameworks.service.acts import (
    FRAMEWORK_CHANGED,
    approve_framework,
    register_framework,
    replace_draft,
    retire_framework,
    return_framework,
    submit_framework,
)
from scoring.frameworks.service.checks import diagnose, document_faults, weigh
from scoring.frameworks.service.standing import registry, registry_if_approved

__all__ = [
    "FRAMEWORK_CHANGED",
    "approve_framework",
    "diagnose",
    "document_faults",
    "register_framework",
    "registry",
    "registry_if_approved",
    "replace_draft",
    "retire_framework",
    "return_framework",
    "submit_framework",
    "weigh",
]
