"""Every error whyrec raises on purpose.

::

    WhyrecError                     one message a person can act on; exit code 1
    ├── UsageError (ValueError)     an argument that does not fit; exit code 2
    ├── LimitError                  the data broke a limit (--strict, --max-rejects); exit code 3
    ├── WorkspaceError              no workspace, or its configuration cannot be read
    ├── KGError                     the knowledge graph
    │   ├── SchemaError (ValueError)
    │   ├── MappingError (ValueError)
    │   ├── ReadError (ValueError)  a whole file that cannot be read
    │   ├── UnknownEntityError (LookupError)
    │   ├── StoreError
    │   │   ├── StoreUnavailableError
    │   │   ├── StoreAuthenticationError
    │   │   ├── StoreLockedError
    │   │   ├── StoreMemoryError    the engine gets less memory than it needs
    │   │   └── StoreConflictError  another writer was quicker
    │   └── SnapshotError           missing, damaged or stale
    └── ModelError                  embeddings and models
        ├── TrainingError           not finite, nothing to train on
        └── StaleModelError         made from another snapshot

Not wrapped: KeyboardInterrupt (exit code 130), MemoryError, and programming errors, which keep their traceback
under ``--debug`` and are reported as a defect otherwise.
"""


class WhyrecError(Exception):
    """Base of all errors that carry a message for a person: where, what came, what is allowed, what to do."""

    exit_code = 1


class UsageError(WhyrecError, ValueError):
    """An argument that does not fit the command."""

    exit_code = 2


class LimitError(WhyrecError):
    """The data broke a limit that was set: ``--strict``, ``--max-rejects``, or a file without one good row."""

    exit_code = 3


class WorkspaceError(WhyrecError):
    """The folder is no workspace, or its configuration cannot be read."""


class KGError(WhyrecError):
    """Base of the errors of the knowledge graph."""


class SchemaError(KGError, ValueError):
    """A schema file that breaks the rules."""


class MappingError(KGError, ValueError):
    """A mapping file that breaks the rules, or names what the schema or a file does not have."""


class ReadError(KGError, ValueError):
    """A file that cannot be read as a whole: encoding, header, container format."""


class UnknownEntityError(KGError, LookupError):
    """An id that stands for nothing in the graph; the message names the nearest ids."""


class StoreError(KGError):
    """The store refused or failed."""


class StoreUnavailableError(StoreError):
    """No server answers, or the store file cannot be opened."""


class StoreAuthenticationError(StoreError):
    """The server refused user name, password or database."""


class StoreLockedError(StoreError):
    """Another process holds the store."""


class StoreMemoryError(StoreError):
    """The engine gets less memory than it needs."""


class StoreConflictError(StoreError):
    """Another writer has added the same entities meanwhile."""


class SnapshotError(KGError):
    """There is no snapshot, or it is damaged or does not fit the schema."""


class ModelError(WhyrecError):
    """Base of the errors of models and embeddings."""


class TrainingError(ModelError):
    """Training cannot start or stopped: nothing to train on, or a loss that is not finite."""


class StaleModelError(ModelError):
    """A model that was made from another snapshot than the one it meets."""
